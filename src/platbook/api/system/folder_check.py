"""Whether this process can write to a folder, and whether its disk has room."""

import os
import shutil
import tempfile
from pathlib import Path


def find_folder_problem(folder: Path, *, min_free_bytes: int) -> str | None:
    """What keeps a folder from being written to; None: nothing. One that is made on first use need not exist yet."""
    try:
        if folder.is_dir():
            with tempfile.TemporaryFile(prefix=".ready-", dir=folder) as probe:
                probe.write(b"\0")
        elif not os.access(_nearest(folder), os.W_OK | os.X_OK):
            return "cannot be written to (Permission denied)"
        free = shutil.disk_usage(_nearest(folder)).free
    except OSError as error:
        return f"cannot be written to ({error.strerror})"
    if free < min_free_bytes:
        return f"is on a disk with {free // 1024**2} MiB free, of {min_free_bytes // 1024**2} MiB that are required"
    return None


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(one for one in (folder, *folder.absolute().parents) if one.exists())
