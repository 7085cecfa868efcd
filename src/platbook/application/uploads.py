"""Uploads of large bodies: streamed to disk, within a budget of bytes that all uploads of a process share.

A body is in memory only while it is worked on, and of all of them only as many at a time as a second budget holds.
"""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import IO

from platbook.base.errors import PayloadTooLarge, TryLater

_MEBIBYTE = 1024 * 1024
_MEMORY = 80 * _MEBIBYTE
_PIECE = _MEBIBYTE


class UploadBudget:
    """The bytes that uploads may take on disk, and those of them that may be in memory at the same time."""

    def __init__(self, max_bytes: int = 256 * _MEBIBYTE, max_memory: int = _MEMORY) -> None:
        self._free = max_bytes
        self._memory = self._free_memory = max_memory
        self._returned = asyncio.Condition()

    @contextmanager
    def reserve(self, size: int) -> Generator[None]:
        """Hold `size` bytes of the budget for the block. TryLater where other uploads have them."""
        if size > self._free:
            raise TryLater("too many uploads at once; try again shortly")
        self._free -= size
        try:
            yield
        finally:
            self._free += size

    @asynccontextmanager
    async def load(self, file: IO[bytes], size: int) -> AsyncGenerator[bytes]:
        """The bytes of a received body, once there is room for them in memory."""
        share = min(size, self._memory)
        async with self._returned:
            await self._returned.wait_for(lambda: share <= self._free_memory)
            self._free_memory -= share
        try:
            yield await asyncio.to_thread(_read, file)
        finally:
            async with self._returned:
                self._free_memory += share
                self._returned.notify_all()


async def receive(stream: AsyncIterable[bytes], file: IO[bytes], limit: int) -> int:
    """Write a body to a file as it comes; its size. PayloadTooLarge beyond `limit`, as soon as that is known."""
    size, piece = 0, bytearray()
    async for chunk in stream:
        size += len(chunk)
        if size > limit:
            raise PayloadTooLarge(f"the body is too large: at most {limit} bytes are accepted")
        piece += chunk
        if len(piece) >= _PIECE:
            await asyncio.to_thread(file.write, bytes(piece))
            piece.clear()
    await asyncio.to_thread(file.write, bytes(piece))
    return size


def open_upload() -> IO[bytes]:
    """A nameless file for one body, which is gone when it is closed."""
    return tempfile.TemporaryFile(prefix="platbook-upload-")


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
