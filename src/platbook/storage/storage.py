"""The interface to stored bytes, the same over every back end."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime, timedelta

from platbook.base.errors import NotFound
from platbook.storage.backend import Backend
from platbook.storage.objects import Access, ListedObject, ObjectInfo, StoredObject, to_attributes, to_key
from platbook.storage.urls import ObjectUrls


class Storage:
    """Puts, gets and addresses objects.

    What reaches the store raises StorageUnavailable when it does not answer, StorageRefused when it does not accept
    the login or the request, and NotFound where there is no such object. A name that is none is a ValueError.
    """

    def __init__(self, backend: Backend, addresses: ObjectUrls) -> None:
        self._backend = backend
        self._addresses = addresses

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
        """Store bytes whole or not at all, over what may be there. What is not given, the name tells.

        Metadata becomes headers on S3: names of lower-case letters, digits and '-', values of ASCII.
        """
        attributes = to_attributes(
            access, name, content_type=content_type, cache_control=cache_control, metadata=metadata
        )
        await self._backend.put(to_key(access, name), content, attributes)

    async def get(self, name: str, access: Access) -> StoredObject:
        """An object with its bytes."""
        return await self._backend.get(to_key(access, name))

    async def head(self, name: str, access: Access) -> ObjectInfo:
        """What is known of an object."""
        return await self._backend.head(to_key(access, name))

    async def delete(self, names: Sequence[str], access: Access) -> None:
        """Remove objects; those that are not there are no error."""
        await self._backend.delete([to_key(access, name) for name in names])

    async def move(self, name: str, *, to: Access) -> None:
        """Make an object public or private, cached as that demands; nothing happens where it already is."""
        source = Access.PRIVATE if to is Access.PUBLIC else Access.PUBLIC
        try:
            stored = await self.get(name, source)
        except NotFound:
            await self.head(name, to)
            return
        told = stored.facts.attributes
        await self.put(name, stored.content, to, content_type=told.content_type, metadata=told.metadata)
        await self.delete([name], source)

    async def clear_unfinished(self, before: datetime) -> int:
        """Remove what writers that died before a moment left half written; how many files."""
        return await self._backend.clear_unfinished(before)

    async def list(self, access: Access, *, folder: str = "") -> AsyncGenerator[ListedObject]:
        """Every object (of a folder: `ab`), in no promised order, with its size and age."""
        below = to_key(access, folder) if folder else str(access)
        async for key, size, stored_at in self._backend.list(below):
            yield ListedObject(key[len(access) + 1 :], size, stored_at)

    def address(self, name: str) -> str:
        """Where anybody finds a public object: at the CDN, where there is one."""
        return self._addresses.public(to_key(Access.PUBLIC, name))

    async def sign(self, names: Sequence[str], expires_in: timedelta) -> Sequence[str]:
        """Addresses of private objects in the order of their names, each good for so long for whoever holds it."""
        return await self._addresses.sign([to_key(Access.PRIVATE, name) for name in names], expires_in)

    def is_signed(self, name: str, expires: int, signature: str) -> bool:
        """Whether `sign` made this address of our own route for a private object, and it is still good."""
        return self._addresses.is_signed(to_key(Access.PRIVATE, name), expires, signature)
