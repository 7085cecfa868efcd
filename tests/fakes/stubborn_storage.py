"""An in-memory store that refuses to delete some objects, as one under a legal hold or an object lock does."""

from collections.abc import Sequence

from obstore.store import MemoryStore

from platbook.base.clock import Clock
from platbook.base.errors import StorageRefused, StorageUnavailable
from platbook.storage import Access, Storage
from platbook.storage.bucket import Bucket
from platbook.storage.urls import OwnRouteUrls


class StubbornStorage(Storage):
    """`locked` are the pictures that it does not delete; `is_down`: it does not respond to any deletion."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(Bucket(MemoryStore()), OwnRouteUrls(b"k" * 32, clock))
        self.locked: set[str] = set()
        self.is_down = False
        self.deletions = 0

    async def delete(self, names: Sequence[str], access: Access) -> None:
        """Delete what is not locked."""
        self.deletions += 1
        if self.is_down:
            raise StorageUnavailable("the store does not respond")
        if any(blob_id in name for name in names for blob_id in self.locked):
            raise StorageRefused("cannot delete: a lock on the object")
        await super().delete(names, access)
