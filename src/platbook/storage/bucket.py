"""A bucket: any store that keeps an object's headers and metadata with it, which is S3 and the memory of a test."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime

import obstore
from obstore.store import MemoryStore, S3Store

from platbook.storage.backend import list_keys
from platbook.storage.failures import explained
from platbook.storage.objects import Attributes, ObjectInfo, StoredObject, parse_key, to_attributes

_TYPE, _CACHE = "Content-Type", "Cache-Control"
_HEADERS = frozenset({_TYPE, _CACHE, "Content-Disposition", "Content-Encoding", "Content-Language", "Storage-Class"})


class Bucket:
    """A `Backend` over S3 or memory."""

    def __init__(self, store: S3Store | MemoryStore) -> None:
        self._store = store

    async def put(self, key: str, content: bytes, attributes: Attributes) -> None:
        """Store bytes; S3 answers when they are safe."""
        told = {_TYPE: attributes.content_type, _CACHE: attributes.cache_control, **attributes.metadata}
        with explained(f"put {key}"):
            # In parts, what a dead writer left would be paid for and never be seen.
            await obstore.put_async(self._store, key, content, attributes=told, use_multipart=False)

    async def get(self, key: str) -> StoredObject:
        """Read an object whole."""
        with explained(f"get {key}"):
            found = await obstore.get_async(self._store, key)
            content = await found.bytes_async()
        return StoredObject(
            _to_facts(key, found.meta["size"], found.meta["last_modified"], found.attributes), content.to_bytes()
        )

    async def head(self, key: str) -> ObjectInfo:
        """Ask for an object's headers alone."""
        with explained(f"look at {key}"):
            found = await obstore.get_async(self._store, key, options={"head": True})
        return _to_facts(key, found.meta["size"], found.meta["last_modified"], found.attributes)

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects, many in one request."""
        if keys:
            with explained(f"delete {keys[0]}" if len(keys) == 1 else f"delete {len(keys)} objects"):
                await obstore.delete_async(self._store, list(keys))

    async def clear_unfinished(self, before: datetime) -> int:
        """Nothing: every object comes in one request, which the store takes whole or not at all."""
        del before
        return 0

    async def list(self, folder: str) -> AsyncGenerator[tuple[str, int, datetime]]:
        """Walk a folder, page by page."""
        with explained(f"list {folder}"):
            async for found in list_keys(self._store, folder):
                yield found


def _to_facts(key: str, size: int, stored_at: datetime, told: Mapping[str, str]) -> ObjectInfo:
    access, name = parse_key(key)
    metadata = {word: value for word, value in told.items() if word not in _HEADERS}
    attributes = to_attributes(
        access, name, content_type=told.get(_TYPE), cache_control=told.get(_CACHE), metadata=metadata
    )
    return ObjectInfo(size, stored_at, attributes)
