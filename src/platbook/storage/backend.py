"""What a back end must be able to do to stand behind `Storage`, and how those over obstore list their keys."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

import obstore
from obstore.store import LocalStore, MemoryStore, S3Store

from platbook.storage.objects import Attributes, ObjectInfo, StoredObject

_PAGE = 1000


class Backend(Protocol):
    """Objects by key. Raises StorageUnavailable, StorageRefused and NotFound, as the interface promises."""

    async def put(self, key: str, content: bytes, attributes: Attributes) -> None:
        """Store bytes whole or not at all; when this returns, they survive a crash."""
        ...

    async def get(self, key: str) -> StoredObject:
        """An object with its bytes."""
        ...

    async def head(self, key: str) -> ObjectInfo:
        """What is known of an object."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects, be they there or not."""
        ...

    async def clear_unfinished(self, before: datetime) -> int:
        """Remove what writers that died before a moment left half written, which no listing shows; how many files."""
        ...

    def list(self, folder: str) -> AsyncIterator[tuple[str, int, datetime]]:
        """Key, size in bytes and time of storing of every object below a folder."""
        ...


async def list_keys(
    store: LocalStore | MemoryStore | S3Store, folder: str
) -> AsyncGenerator[tuple[str, int, datetime]]:
    """Key, size in bytes and time of storing of every object below a folder, requested page by page."""
    pages = obstore.list(store, prefix=folder, chunk_size=_PAGE)  # pyright: ignore[reportUnknownMemberType] - its other overloads speak of a library not installed
    async for page in pages:
        for meta in page:
            yield meta["path"], meta["size"], meta["last_modified"]
