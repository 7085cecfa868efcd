"""A local folder. An object's headers follow from its name; those that do not are stored in a JSON file beside it.

The library's local store keeps no headers (arrow-rs-object-store issue 331), and the route that serves the folder
needs none but these.
"""

import asyncio
import contextlib
import os
import re
import tempfile
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

import obstore
import orjson
from obstore.store import LocalStore

from platbook.base.errors import StorageRefused
from platbook.storage.backend import PARALLEL_PARTS, PART, list_keys, read_object
from platbook.storage.failures import translate_errors
from platbook.storage.objects import Attributes, ObjectInfo, OpenObject, parse_key, to_attributes

_ATTRIBUTES_FOLDER = "notes"
_PIECE = 1024 * 1024
_UNFINISHED = re.compile(r".+#\d+")
"""How the library names a file while it is being written; no key has such a name, and no listing shows it."""


class Folder:
    """A `Backend` over a folder, which is created on first use, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _store(self) -> LocalStore:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalStore(self._path)

    async def put(self, key: str, content: bytes, attributes: Attributes) -> None:
        """Write to a temporary file, rename it, and fsync."""
        await self._put(key, content, attributes)

    async def put_file(self, key: str, path: Path, attributes: Attributes) -> None:
        """Likewise, piece by piece."""
        await self._put(key, path, attributes)

    async def open(self, key: str, part: tuple[int, int] | None = None) -> OpenObject:
        """Read an object, or a part of it."""
        size, stored_at, _, chunks = await read_object(self._store, key, part, _PIECE)
        with translate_errors(f"get {key}"):
            return OpenObject(await self._to_info(key, size, stored_at), chunks)

    async def head(self, key: str) -> ObjectInfo:
        """Stat an object without reading it."""
        with translate_errors(f"head {key}"):
            meta = await obstore.head_async(self._store, key)
            return await self._to_info(key, meta["size"], meta["last_modified"])

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete objects and their attributes' files."""
        for key in keys:
            with translate_errors(f"delete {key}"):
                await self._remove(key)
                await self._remove(_attributes_key(key))

    async def check(self) -> None:
        """Raise StorageRefused, with the reason, where the folder cannot be made or written."""
        try:
            await asyncio.to_thread(_write_and_delete, self._path)
        except OSError as error:
            reason = (error.strerror or "the disk failed").lower()
            raise StorageRefused(f"photos cannot be stored in {self._path}: {reason}") from None

    async def clear_unfinished(self, before: datetime) -> int:
        """Delete the library's temporary files that are older than `before`."""
        with translate_errors("delete partially written files"):
            return await asyncio.to_thread(_clear_unfinished, self._path, before.timestamp())

    async def list(self, folder: str) -> AsyncGenerator[tuple[str, int, datetime]]:
        """List a folder."""
        with translate_errors(f"list {folder}"):
            async for listed in list_keys(self._store, folder):
                yield listed

    async def _put(self, key: str, content: bytes | Path, attributes: Attributes) -> None:
        with translate_errors(f"put {key}"):
            if attributes == to_attributes(*parse_key(key)):
                await self._remove(_attributes_key(key))
            else:
                await self._write(_attributes_key(key), _to_attributes_file(attributes))
            await self._write(key, content)

    async def _write(self, key: str, content: bytes | Path) -> None:
        await obstore.put_async(self._store, key, content, chunk_size=PART, max_concurrency=PARALLEL_PARTS)
        await asyncio.to_thread(_sync_to_disk, self._path / key)

    async def _remove(self, key: str) -> None:
        await asyncio.to_thread((self._path / key).unlink, missing_ok=True)

    async def _to_info(self, key: str, size: int, stored_at: datetime) -> ObjectInfo:
        try:
            text = await asyncio.to_thread((self._path / _attributes_key(key)).read_bytes)
        except FileNotFoundError:
            attributes = to_attributes(*parse_key(key))
        else:
            attributes = Attributes(**orjson.loads(text))
        return ObjectInfo(size, stored_at, attributes)


def _write_and_delete(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path) as file:
        file.write(b"x")


def _clear_unfinished(path: Path, before: float) -> int:
    cleared = 0
    for folder, _, names in os.walk(path):
        for name in filter(_UNFINISHED.fullmatch, names):
            file = Path(folder, name)
            with contextlib.suppress(FileNotFoundError):  # renamed meanwhile
                if file.stat().st_mtime < before:
                    file.unlink()
                    cleared += 1
    return cleared


def _sync_to_disk(path: Path) -> None:
    """Flush a file and its folder to the disk (fsync)."""
    for entry in (path, path.parent):
        descriptor = os.open(entry, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _attributes_key(key: str) -> str:
    return f"{_ATTRIBUTES_FOLDER}/{key}.json"


def _to_attributes_file(attributes: Attributes) -> bytes:
    return orjson.dumps(
        {
            "content_type": attributes.content_type,
            "cache_control": attributes.cache_control,
            "metadata": dict(attributes.metadata),
            "content_disposition": attributes.content_disposition,
        }
    )
