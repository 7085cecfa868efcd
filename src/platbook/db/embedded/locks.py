"""Two file locks in the home: an exclusive one to start or stop the server, a shared one held by each of its users.

Both are `flock` locks: the kernel releases them with the process, however it ends, so no stale lock remains.
"""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from platbook.db.embedded.account import Account


class UsersLock:
    """Held shared by everyone who uses the server. Take, test and release it under `exclusive_lock` only."""

    def __init__(self, path: Path, account: Account) -> None:
        self._file = _open(path, account)
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """Whether no other user is left."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """No longer a user."""
        os.close(self._file)


@contextmanager
def exclusive_lock(path: Path, account: Account) -> Generator[None]:
    """Hold the exclusive lock under which the server is started or stopped; waits for other holders."""
    file = _open(path, account)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _open(path: Path, account: Account) -> int:
    # Not inherited by child processes (Python's default), or the server itself would hold the locks.
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if account.dropped:
        os.fchown(file, account.uid, account.gid)
    return file
