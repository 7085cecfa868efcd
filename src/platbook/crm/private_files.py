"""Files with people's data: readable by the account that writes them, and by no other."""

import os
from io import BufferedWriter
from pathlib import Path


def private_opener(path: str, flags: int) -> int:
    """The `opener` of such a file (mode 0600)."""
    return os.open(path, flags, 0o600)


def open_private(path: Path) -> BufferedWriter:
    """Open such a file for writing."""
    return open(path, "wb", opener=private_opener)
