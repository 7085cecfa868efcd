"""Walking a store's keys."""

from collections.abc import AsyncGenerator
from datetime import datetime

import obstore
from obstore.store import LocalStore, MemoryStore, S3Store

_PAGE = 1000


async def walk(store: LocalStore | MemoryStore | S3Store, folder: str) -> AsyncGenerator[tuple[str, int, datetime]]:
    """Key, size in bytes and time of storing of every object below a folder, asked for page by page."""
    pages = obstore.list(store, prefix=folder, chunk_size=_PAGE)  # pyright: ignore[reportUnknownMemberType] - its other overloads speak of a library not installed
    async for page in pages:
        for meta in page:
            yield meta["path"], meta["size"], meta["last_modified"]
