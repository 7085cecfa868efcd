"""A bucket: a store that keeps headers and metadata with each object, which is S3 and the in-memory store of tests."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import obstore
from obstore.store import MemoryStore, S3Store

from platbook.storage.backend import PARALLEL_PARTS, PART, list_keys, read_object
from platbook.storage.failures import translate_errors
from platbook.storage.objects import Attributes, ObjectInfo, OpenObject, parse_key, to_attributes

_TYPE, _CACHE, _DISPOSITION = "Content-Type", "Cache-Control", "Content-Disposition"
_HEADERS = frozenset({_TYPE, _CACHE, _DISPOSITION, "Content-Encoding", "Content-Language", "Storage-Class"})


class Bucket:
    """A `Backend` over S3 or memory."""

    def __init__(self, store: S3Store | MemoryStore) -> None:
        self._store = store

    async def put(self, key: str, content: bytes, attributes: Attributes) -> None:
        """Store bytes; S3 replies once they are durable."""
        with translate_errors(f"put {key}"):
            # A multipart upload that its writer does not finish would be billed and never be listed.
            await obstore.put_async(self._store, key, content, attributes=_to_headers(attributes), use_multipart=False)

    async def put_file(self, key: str, path: Path, attributes: Attributes) -> None:
        """Store a file: in parts where it is larger than one, so that no more than two are in memory."""
        size = (await asyncio.to_thread(path.stat)).st_size
        with translate_errors(f"put {key}"):
            await obstore.put_async(
                self._store,
                key,
                path,
                attributes=_to_headers(attributes),
                use_multipart=size > PART,
                chunk_size=PART,
                max_concurrency=PARALLEL_PARTS,
            )

    async def open(self, key: str, part: tuple[int, int] | None = None) -> OpenObject:
        """Read an object, or a part of it."""
        size, stored_at, headers, chunks = await read_object(self._store, key, part, PART)
        return OpenObject(_to_info(key, size, stored_at, headers), chunks)

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


def _to_headers(attributes: Attributes) -> dict[str, str]:
    headers = {_TYPE: attributes.content_type, _CACHE: attributes.cache_control, **attributes.metadata}
    if attributes.content_disposition is not None:
        headers[_DISPOSITION] = attributes.content_disposition
    return headers


def _to_info(key: str, size: int, stored_at: datetime, headers: Mapping[str, str]) -> ObjectInfo:
    access, name = parse_key(key)
    metadata = {header: value for header, value in headers.items() if header not in _HEADERS}
    attributes = to_attributes(
        access, name, content_type=headers.get(_TYPE), cache_control=headers.get(_CACHE), metadata=metadata
    )
    return ObjectInfo(size, stored_at, attributes)
