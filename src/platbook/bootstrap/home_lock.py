"""One `platbook up` or `platbook demo` for each home: two with different settings would undo each other's work."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from platbook.base.errors import NeedsOperator

_FILE = "server.lock"
_MAX_PID_BYTES = 20


@contextmanager
def sole_server(home: Path) -> Generator[None]:
    """Hold the home for the block; NeedsOperator names the process that holds it already.

    The kernel releases the lock with the process, however it ends, so no stale lock remains.
    """
    file = os.open(home / _FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(file, _MAX_PID_BYTES, 0).decode(errors="replace").strip() or "another"
            raise NeedsOperator(
                f"process {pid} runs platbook up or demo in {home} already; stop it, or name another PLATBOOK_HOME"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(file)
