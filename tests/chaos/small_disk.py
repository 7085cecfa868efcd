"""A small disk of its own, which a test can fill."""

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_PIECE = bytes(64 * 1024)


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A mounted file system; what fills it is one file."""

    folder: Path

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def fill(self, *, leave: int = 0) -> None:
        """Fill it, but for so many bytes."""
        with self._filler.open("ab", buffering=0) as file:
            try:
                while self.free() - leave >= len(_PIECE):
                    file.write(_PIECE)
                while not leave:
                    file.write(_PIECE[:512])
            except OSError:  # full
                pass

    def free(self) -> int:
        """Free bytes."""
        stat = os.statvfs(self.folder)
        return stat.f_bavail * stat.f_frsize

    def empty(self) -> None:
        """Delete what fills it."""
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Generator[SmallDisk]:
    """Mount a file system of that size in a new folder; the test is skipped where mounting is not allowed."""
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    mount = [_find("mount"), "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "platbook-test", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a file system is not allowed here")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run([_find("umount"), "--lazy", str(folder)], check=True, capture_output=True)


def _find(program: str) -> str:
    return shutil.which(program) or program
