"""A folder of this machine. Most objects are told by their name alone; what a name cannot tell stands in a note.

The library's local store keeps no headers (arrow-rs-object-store issue 331), and the route that serves the folder
needs none but these.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

import obstore
import orjson
from obstore.store import LocalStore

from platbook.storage.backend import list_keys
from platbook.storage.failures import explained
from platbook.storage.objects import Attributes, ObjectInfo, StoredObject, parse_key, to_attributes

_NOTES = "notes"
_UNFINISHED = re.compile(r".+#\d+")
"""How the library names a file while it is written; no key has such a name, and no listing shows it."""


class Folder:
    """A `Backend` over a folder; it is made on first use, for its owner alone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _store(self) -> LocalStore:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalStore(self._path)

    async def put(self, key: str, content: bytes, attributes: Attributes) -> None:
        """Write beside, rename, and wait for the disk."""
        with explained(f"put {key}"):
            if attributes == to_attributes(*parse_key(key)):
                await self._remove(_note_of(key))
            else:
                await self._write(_note_of(key), _to_note(attributes))
            await self._write(key, content)

    async def get(self, key: str) -> StoredObject:
        """Read an object whole."""
        with explained(f"get {key}"):
            found = await obstore.get_async(self._store, key)
            content = await found.bytes_async()
            facts = await self._to_facts(key, found.meta["size"], found.meta["last_modified"])
        return StoredObject(facts, content.to_bytes())

    async def head(self, key: str) -> ObjectInfo:
        """Look at an object without reading it."""
        with explained(f"look at {key}"):
            meta = await obstore.head_async(self._store, key)
            return await self._to_facts(key, meta["size"], meta["last_modified"])

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects, and what was noted on them."""
        for key in keys:
            with explained(f"delete {key}"):
                await self._remove(key)
                await self._remove(_note_of(key))

    async def clear_unfinished(self, before: datetime) -> int:
        """Remove the files that the library writes to before it gives them their names, where nobody will any more."""
        with explained("clear what was left half written"):
            return await asyncio.to_thread(_clear_unfinished, self._path, before.timestamp())

    async def list(self, folder: str) -> AsyncGenerator[tuple[str, int, datetime]]:
        """Walk a folder."""
        with explained(f"list {folder}"):
            async for found in list_keys(self._store, folder):
                yield found

    async def _write(self, key: str, content: bytes) -> None:
        await obstore.put_async(self._store, key, content)
        await asyncio.to_thread(_settle, self._path / key)

    async def _remove(self, key: str) -> None:
        await asyncio.to_thread((self._path / key).unlink, missing_ok=True)

    async def _to_facts(self, key: str, size: int, stored_at: datetime) -> ObjectInfo:
        try:
            note = await asyncio.to_thread((self._path / _note_of(key)).read_bytes)
        except FileNotFoundError:
            attributes = to_attributes(*parse_key(key))
        else:
            attributes = Attributes(**orjson.loads(note))
        return ObjectInfo(size, stored_at, attributes)


def _clear_unfinished(path: Path, before: float) -> int:
    cleared = 0
    for folder, _, names in os.walk(path):
        for name in filter(_UNFINISHED.fullmatch, names):
            file = Path(folder, name)
            with contextlib.suppress(FileNotFoundError):  # given its name meanwhile
                if file.stat().st_mtime < before:
                    file.unlink()
                    cleared += 1
    return cleared


def _settle(path: Path) -> None:
    """Wait until the disk has a file and its name."""
    for place in (path, path.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _note_of(key: str) -> str:
    return f"{_NOTES}/{key}.json"


def _to_note(attributes: Attributes) -> bytes:
    return orjson.dumps(
        {
            "content_type": attributes.content_type,
            "cache_control": attributes.cache_control,
            "metadata": dict(attributes.metadata),
        }
    )
