"""The interface to object storage, the same over every back end."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from platbook.base.errors import NotFound, StorageUnavailable
from platbook.storage.backend import Backend
from platbook.storage.copying import copy_object, digest_object
from platbook.storage.objects import (
    Access,
    ListedObject,
    ObjectInfo,
    OpenObject,
    StoredObject,
    to_attributes,
    to_key,
)
from platbook.storage.urls import ObjectUrls, OwnRouteUrls


class OtherStores(Protocol):
    """Finds the stores that hold pictures beside this one."""

    async def open(self, store_id: int) -> "Storage":
        """A store by its number. StorageRefused for one that is not known."""
        ...


class Storage:
    """Puts, gets, moves and deletes objects, and makes their URLs.

    What reaches the store raises StorageUnavailable when it does not respond, StorageRefused when it does not accept
    the credentials or the request, and NotFound where there is no such object. A malformed name is a ValueError.
    `store_id` is the number by which pictures remember the store that holds them.
    """

    def __init__(
        self, backend: Backend, urls: ObjectUrls, *, store_id: int = 1, others: OtherStores | None = None
    ) -> None:
        self.store_id = store_id
        self._backend = backend
        self._urls = urls
        self._others = others

    @property
    def is_served_here(self) -> bool:
        """Whether our own route serves the objects."""
        return isinstance(self._urls, OwnRouteUrls)

    async def at(self, store_id: int) -> "Storage":
        """The store of a number: this one, or another that holds pictures. StorageRefused for one that is not known."""
        if store_id == self.store_id or self._others is None:
            return self
        return await self._others.open(store_id)

    async def put(
        self,
        name: str,
        content: bytes,
        access: Access,
        *,
        content_type: str | None = None,
        cache_control: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Store bytes atomically, replacing an object of that name. Attributes default to those the name implies.

        Metadata becomes headers on S3: names of lower-case letters, digits and '-', values of ASCII.
        """
        attributes = to_attributes(
            access, name, content_type=content_type, cache_control=cache_control, metadata=metadata
        )
        await self._backend.put(to_key(access, name), content, attributes)

    async def put_file(self, name: str, path: Path, access: Access) -> None:
        """As `put`, with the bytes of a file, which are never in memory as a whole."""
        await self._backend.put_file(to_key(access, name), path, to_attributes(access, name))

    async def get(self, name: str, access: Access) -> StoredObject:
        """An object with its bytes."""
        opened = await self.open(name, access)
        return StoredObject(opened.info, await opened.read())

    async def open(self, name: str, access: Access, part: tuple[int, int] | None = None) -> OpenObject:
        """An object whose bytes are read as they are needed; `part`: from one position to before another."""
        return await self._backend.open(to_key(access, name), part)

    async def head(self, name: str, access: Access) -> ObjectInfo:
        """An object's size, time and attributes."""
        return await self._backend.head(to_key(access, name))

    async def delete(self, names: Sequence[str], access: Access) -> None:
        """Delete objects; those that do not exist are no error."""
        await self._backend.delete([to_key(access, name) for name in names])

    async def copy(self, name: str, *, to: Access) -> None:
        """Copy an object to where it is public or private, with the cache headers of that; NotFound if it is nowhere.

        The other copy stays until it is deleted.
        """
        source = Access.PRIVATE if to is Access.PUBLIC else Access.PUBLIC
        try:
            opened = await self.open(name, source)
        except NotFound:
            await self.head(name, to)
            return
        await self._copy_object(opened, name, to)

    async def copy_from(self, other: "Storage", name: str, access: Access) -> None:
        """Copy an object of another store and read the copy back. StorageUnavailable where it differs."""
        digest = await self._copy_object(await other.open(name, access), name, access)
        if await digest_object(await self.open(name, access)) != digest:
            raise StorageUnavailable(f"cannot copy {name}: what was read back differs")

    async def _copy_object(self, opened: OpenObject, name: str, to: Access) -> bytes:
        kept = opened.info.attributes
        attributes = to_attributes(to, name, content_type=kept.content_type, metadata=kept.metadata)
        return await copy_object(opened, self._backend, to_key(to, name), attributes)

    async def check(self) -> None:
        """Raise StorageRefused where objects could not be stored, as far as that is known without a request."""
        await self._backend.check()

    async def clear_unfinished(self, before: datetime) -> int:
        """Delete partially written files older than `before`; returns how many."""
        return await self._backend.clear_unfinished(before)

    async def list(self, access: Access, *, folder: str = "") -> AsyncGenerator[ListedObject]:
        """Every object, or those of a folder (`ab`), in no particular order."""
        prefix = to_key(access, folder) if folder else str(access)
        async for key, size, stored_at in self._backend.list(prefix):
            yield ListedObject(key[len(access) + 1 :], size, stored_at)

    def public_url(self, name: str) -> str:
        """The URL of a public object: at the CDN, where there is one."""
        return self._urls.public(to_key(Access.PUBLIC, name))

    async def sign_urls(self, names: Sequence[str], expires_in: timedelta) -> Sequence[str]:
        """Signed URLs of private objects, in the order of their names, valid until they expire for whoever has them."""
        return await self._urls.sign([to_key(Access.PRIVATE, name) for name in names], expires_in)

    def is_signed(self, name: str, expires: int, signature: str) -> bool:
        """Whether `sign_urls` made this signature for a private object of our own route, and it has not expired."""
        return self._urls.is_signed(to_key(Access.PRIVATE, name), expires, signature)
