"""Copies objects within a store and between stores: small ones in memory, large ones by way of the disk."""

import asyncio
import hashlib
import tempfile
from pathlib import Path

from platbook.storage.backend import Backend
from platbook.storage.objects import Attributes, OpenObject

_IN_MEMORY = 4 * 1024 * 1024
"""Every variant of a picture is smaller."""


async def copy_object(source: OpenObject, target: Backend, key: str, attributes: Attributes) -> bytes:
    """Store what is read of an object under a key; returns the SHA-256 of its bytes."""
    if source.info.size <= _IN_MEMORY:
        content = await source.read()
        await target.put(key, content, attributes)
        return hashlib.sha256(content).digest()
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(prefix="platbook-copy-") as file:
        async for chunk in source.chunks:
            digest.update(chunk)
            await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(file.flush)
        await target.put_file(key, Path(file.name), attributes)
    return digest.digest()


async def digest_object(source: OpenObject) -> bytes:
    """The SHA-256 of an object's bytes."""
    digest = hashlib.sha256()
    async for chunk in source.chunks:
        digest.update(chunk)
    return digest.digest()
