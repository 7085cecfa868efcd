"""Where tests put data that is worth nothing afterwards."""

import shutil
import tempfile
from pathlib import Path

_ROOM = 8 * 1024**3  # the largest test's database, several times


def find_scratch_place() -> Path:
    """A folder in memory where that is plenty, so that nothing waits for a disk; else the temp folder."""
    in_memory = Path("/dev/shm")  # noqa: S108 - what lies in it has a folder of its own that only its user may enter
    if in_memory.is_dir() and shutil.disk_usage(in_memory).free >= _ROOM:
        return in_memory
    return Path(tempfile.gettempdir())
