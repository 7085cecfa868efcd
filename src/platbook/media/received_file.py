"""A video or document while it is received: written to the disk as it comes, never in memory as a whole."""

import asyncio
import hashlib
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from platbook.media.file_kinds import START_BYTES, find_file_kind


class ReceivedFile:
    """A file in the system's folder for temporary files. `size` is in bytes, `kind` the suffix that says what it is."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self.size = 0
        self.kind = "bin"
        self._file = file
        self._start = b""
        self._digest = hashlib.sha256()

    @classmethod
    @contextmanager
    def open(cls) -> Generator["ReceivedFile"]:
        """An empty file, which is gone at the end of the block."""
        with tempfile.NamedTemporaryFile(prefix="platbook-file-") as file:
            yield cls(Path(file.name), file)

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the bytes so far."""
        return self._digest.digest()

    async def write(self, chunk: bytes) -> None:
        """Append bytes. NotAFile where the first ones are those of a web page."""
        self.size += len(chunk)
        self._digest.update(chunk)
        if chunk and len(self._start) < START_BYTES:
            self._start = (self._start + chunk)[:START_BYTES]
            self.kind = find_file_kind(self._start)
        await asyncio.to_thread(self._file.write, chunk)

    async def finish(self) -> None:
        """Let others read the bytes by the path. MediaRejected where there are none."""
        self.kind = find_file_kind(self._start)
        await asyncio.to_thread(self._file.flush)
