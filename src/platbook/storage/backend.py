"""The interface that a storage back end implements for `Storage`, and how obstore's back ends list their keys."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import obstore
from obstore.store import LocalStore, MemoryStore, S3Store

from platbook.storage.failures import translate_errors
from platbook.storage.objects import Attributes, ObjectInfo, OpenObject

_PAGE = 1000
PART = 8 * 1024 * 1024
"""A file is put in parts of so many bytes, of which PARALLEL_PARTS are in memory at a time."""
PARALLEL_PARTS = 2


class Backend(Protocol):
    """Objects by key. Raises StorageUnavailable, StorageRefused and NotFound, as `Storage` documents."""

    async def put(self, key: str, content: bytes, attributes: Attributes) -> None:
        """Store bytes atomically; once this returns, they survive a crash."""
        ...

    async def put_file(self, key: str, path: Path, attributes: Attributes) -> None:
        """As `put`, with the bytes of a file, which are never in memory as a whole."""
        ...

    async def open(self, key: str, part: tuple[int, int] | None = None) -> OpenObject:
        """An object whose bytes are read as they are needed; `part`: from one position to before another."""
        ...

    async def head(self, key: str) -> ObjectInfo:
        """An object's size, time and attributes."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that do not exist are no error."""
        ...

    async def check(self) -> None:
        """Raise StorageRefused where objects could not be stored, as far as that is known without a request."""
        ...

    async def clear_unfinished(self, before: datetime) -> int:
        """Delete partially written files older than `before`, which no listing shows; returns how many."""
        ...

    def list(self, folder: str) -> AsyncIterator[tuple[str, int, datetime]]:
        """Key, size in bytes and time of every object below a folder."""
        ...


async def list_keys(
    store: LocalStore | MemoryStore | S3Store, folder: str
) -> AsyncGenerator[tuple[str, int, datetime]]:
    """Key, size in bytes and time of every object below a folder, listed page by page."""
    pages = obstore.list(store, prefix=folder, chunk_size=_PAGE)  # pyright: ignore[reportUnknownMemberType] - its other overloads speak of a library not installed
    async for page in pages:
        for meta in page:
            yield meta["path"], meta["size"], meta["last_modified"]


async def read_object(
    store: LocalStore | MemoryStore | S3Store, key: str, part: tuple[int, int] | None, piece: int
) -> tuple[int, datetime, Mapping[str, str], AsyncGenerator[bytes]]:
    """Size in bytes, time, headers and the bytes of an object, or of a part of it; the size is always the whole's.

    What is larger than a `piece` is read by one request for each, as the library limits the time of a request.
    """
    with translate_errors(f"get {key}"):
        result = await obstore.get_async(store, key, options={} if part is None else {"range": part})
        size = result.meta["size"]
        start, end = part or (0, size)
        first = bytes(await result.bytes_async()) if end - start <= piece else None
    chunks = _read_pieces(store, key, range(start, end, piece)) if first is None else _to_chunk(first)
    return size, result.meta["last_modified"], result.attributes, chunks


async def _to_chunk(content: bytes) -> AsyncGenerator[bytes]:
    yield content


async def _read_pieces(store: LocalStore | MemoryStore | S3Store, key: str, positions: range) -> AsyncGenerator[bytes]:
    for start in positions:
        with translate_errors(f"get {key}"):
            content = await obstore.get_range_async(
                store, key, start=start, end=min(start + positions.step, positions.stop)
            )
        yield bytes(content)
