"""The protocol between the engine's loop and the tables of one resource.

The loop (page, walk, sweep, rejections, removal, erasure) knows records by their keys, hashes and times; a store knows
how a record of its resource is read and which tables hold it. Every method that writes does so in the caller's
transaction, and a page applied twice must change nothing (at least once, idempotent).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from platbook.connectors.contract import RawRecord
from platbook.db import ReadConnection, WriteConnection
from platbook.listings.listing import Origin


class StoredState(Protocol):
    """What is stored under a key whose row is missing (`id` None), differs by its hash, or is hidden."""

    @property
    def id(self) -> UUID | None:
        """The row's id; None: there is no row."""
        ...

    @property
    def same_content(self) -> bool:
        """Whether the content hash is the same."""
        ...

    @property
    def modified(self) -> datetime | None:
        """The source's time of the last change."""
        ...

    @property
    def stored_at(self) -> datetime | None:
        """When the row was last written, by our clock."""
        ...

    @property
    def removed(self) -> bool:
        """Whether it is hidden as removed."""
        ...

    @property
    def out_of_scope(self) -> bool:
        """Whether it is hidden as out of scope."""
        ...

    @property
    def erased(self) -> bool:
        """Whether only a tombstone is left."""
        ...


class NormalRecord(Protocol):
    """A record in our terms, ready to be stored: its key, and when it last changed at the source."""

    @property
    def key(self) -> str:
        """The key, as the source sends it."""
        ...

    @property
    def modified(self) -> datetime | None:
        """The source's time of the last change."""
        ...

    @property
    def deleted(self) -> bool:
        """Whether the record itself says that it is deleted."""
        ...


R = TypeVar("R", bound=NormalRecord)


@dataclass(frozen=True, slots=True)
class SweepKeys:
    """Where the keys of a sweep are: read by the sweep under `sync_id`, received by the walk under `received_by`."""

    provider_id: str
    sync_id: UUID
    received_by: UUID
    began_at: datetime
    scope: str
    """The fingerprint of the scope, for keys of records that are known to be left out."""


@dataclass(frozen=True, slots=True)
class MissingKey:
    """A key that a sweep read and the replica has nothing of, and how many there are in all."""

    listing_key: str
    total: int


@dataclass(frozen=True, slots=True)
class MissingKeys:
    """Some keys that a sweep read and the replica has nothing of, in random order, and how many there are in all."""

    keys: Sequence[str]
    total: int


class ResourceErasure(Protocol):
    """Erasing removed records of any provider; needs no rules of the provider."""

    async def find_providers_to_erase(self, connection: ReadConnection) -> Sequence[str]:
        """Providers under retention `erase` that still hold content of removed records."""
        ...

    async def find_removed(
        self, connection: WriteConnection, provider_id: str, *, after: str, limit: int
    ) -> Sequence[tuple[UUID, str]]:
        """Ids and keys of removed records that are not erased, in the order of their keys, locked."""
        ...

    async def erase(self, connection: WriteConnection, ids: Sequence[UUID], origin: Origin) -> None:
        """Leave tombstones: keys and dates, nothing of the content."""
        ...


class ResourceStore(ResourceErasure, Protocol[R]):
    """The tables of one resource under the rules of one provider, for one run."""

    @property
    def mapping_version(self) -> str:
        """The version of the mapping; with another one a watermark is void and everything is read again."""
        ...

    def hash_version(self, source_class: str | None) -> str:
        """What the content hash of a record of a class covers beside its content: the rules of what is stored of it."""
        ...

    @property
    def targets(self) -> Mapping[str, Sequence[str]]:
        """The fields of the standard that each source field is assigned to, of those that the mapping names."""
        ...

    @property
    def key_field(self) -> str:
        """The source's field that holds the key, for rejections."""
        ...

    def normalise(self, record: RawRecord, content_hash: bytes) -> R:
        """Put a record into our terms; pure. RecordRejected names the source's field at fault."""
        ...

    def is_in_scope(self, record: R) -> bool:
        """Whether the provider's scope includes a record; pure."""
        ...

    async def find_differing(
        self, connection: ReadConnection, provider_id: str, hashes: Mapping[str, bytes]
    ) -> Mapping[str, StoredState]:
        """Of keys and their content hashes, those that are new, changed or hidden, by key."""
        ...

    async def write(
        self, connection: WriteConnection, new: Sequence[R], changed: Mapping[UUID, R], origin: Origin
    ) -> None:
        """Insert the new records of a page and update the changed ones."""
        ...

    async def mark_returned(self, connection: WriteConnection, ids: Sequence[UUID], origin: Origin) -> int:
        """Show unchanged records that the source has again, or that are in scope again; how many were hidden."""
        ...

    async def mark_out_of_scope(self, connection: WriteConnection, keys: Sequence[str], origin: Origin) -> None:
        """Hide records that are not in the provider's scope any more."""
        ...

    async def mark_scope_narrowed(self, connection: WriteConnection, origin: Origin) -> None:
        """Hide every stored record outside the provider's scope."""
        ...

    async def mark_removed(self, connection: WriteConnection, keys: Sequence[str], origin: Origin) -> Sequence[UUID]:
        """Hide records that the source no longer has (soft delete); the ids of those that were there."""
        ...

    async def find_unseen(self, connection: ReadConnection, sweep: SweepKeys) -> Sequence[str]:
        """Keys of active records stored before a sweep began that it did not read."""
        ...

    async def find_missing(self, connection: ReadConnection, sweep: SweepKeys, limit: int) -> MissingKeys:
        """Keys that a sweep read of records that are neither stored, rejected nor known to be left out."""
        ...

    async def count_active(self, connection: ReadConnection, provider_id: str) -> int:
        """How many records a sweep could remove."""
        ...

    async def erase_unseen_rejections(self, connection: WriteConnection, sweep: SweepKeys) -> None:
        """Erase what rejected records held that a complete sweep did not read and that no stored record holds."""
        ...

    def settle(self, *, committed: bool) -> None:
        """Update caches after the transaction of the writes since the last call has ended."""
        ...
