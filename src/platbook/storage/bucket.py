"""A bucket: a store that keeps headers and metadata with each object, which is S3 and the in-memory store of tests."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime

import obstore
from obstore.store import MemoryStore, S3Store

from platbook.storage.backend import list_keys
from platbook.storage.failures import translate_errors
from platbook.storage.objects import Attributes, ObjectInfo, StoredObject, parse_key, to_attributes

_TYPE, _CACHE = "Content-Type", "Cache-Control"
_HEADERS = frozenset({_TYPE, _CACHE, "Content-Disposition", "Content-Encoding", "Content-Language", "Storage-Class"})


class Bucket:
    """A `Backend` over S3 or memory."""

    def __init__(self, store: S3Store | MemoryStore) -> None:
        self._store = store

    async def put(self, key: str, content: bytes, attributes: Attributes) -> None:
        """Store bytes; S3 replies once they are durable."""
        headers = {_TYPE: attributes.content_type, _CACHE: attributes.cache_control, **attributes.metadata}
        with translate_errors(f"put {key}"):
            # A multipart upload that its writer does not finish would be billed and never be listed.
            await obstore.put_async(self._store, key, content, attributes=headers, use_multipart=False)

    async def get(self, key: str) -> StoredObject:
        """Read an object."""
        with translate_errors(f"get {key}"):
            result = await obstore.get_async(self._store, key)
            content = await result.bytes_async()
        return StoredObject(
            _to_info(key, result.meta["size"], result.meta["last_modified"], result.attributes), content.to_bytes()
        )

    async def head(self, key: str) -> ObjectInfo:
        """Read an object's headers alone."""
        with translate_errors(f"head {key}"):
            result = await obstore.get_async(self._store, key, options={"head": True})
        return _to_info(key, result.meta["size"], result.meta["last_modified"], result.attributes)

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete objects, many in one request."""
        if keys:
            with translate_errors(f"delete {keys[0]}" if len(keys) == 1 else f"delete {len(keys)} objects"):
                await obstore.delete_async(self._store, list(keys))

    async def check(self) -> None:
        """Nothing is known without a request."""

    async def clear_unfinished(self, before: datetime) -> int:
        """Nothing to do: every object is put in one request, which is atomic."""
        del before
        return 0

    async def list(self, folder: str) -> AsyncGenerator[tuple[str, int, datetime]]:
        """List a folder, page by page."""
        with translate_errors(f"list {folder}"):
            async for listed in list_keys(self._store, folder):
                yield listed


def _to_info(key: str, size: int, stored_at: datetime, headers: Mapping[str, str]) -> ObjectInfo:
    access, name = parse_key(key)
    metadata = {header: value for header, value in headers.items() if header not in _HEADERS}
    attributes = to_attributes(
        access, name, content_type=headers.get(_TYPE), cache_control=headers.get(_CACHE), metadata=metadata
    )
    return ObjectInfo(size, stored_at, attributes)
