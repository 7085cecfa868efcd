"""The interface that a storage back end implements for `Storage`, and how obstore's back ends list their keys."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

import obstore
from obstore.store import LocalStore, MemoryStore, S3Store

from platbook.storage.objects import Attributes, ObjectInfo, StoredObject

_PAGE = 1000


class Backend(Protocol):
    """Objects by key. Raises StorageUnavailable, StorageRefused and NotFound, as `Storage` documents."""

    async def put(self, key: str, content: bytes, attributes: Attributes) -> None:
        """Store bytes atomically; once this returns, they survive a crash."""
        ...

    async def get(self, key: str) -> StoredObject:
        """An object with its bytes."""
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
