"""Stores one page of records: the one place where a source's records become rows.

Everything a page causes is in the caller's one transaction: rows, rejections, and whatever else the resource's store
writes beside them. Hash-based change detection: an unchanged record is neither normalised nor written.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Generic
from uuid import UUID

from platbook.base.errors import RecordRejected
from platbook.connectors.contract import RawRecord
from platbook.db import WriteConnection
from platbook.listings.listing import Origin
from platbook.sync.clock_ahead import is_ahead
from platbook.sync.content_hash import content_hash
from platbook.sync.excluded import update_excluded_keys
from platbook.sync.keys import find_key_fault
from platbook.sync.received import add_received_deletions, find_received_deletions, find_received_keys
from platbook.sync.rejections import Rejection, add_rejections, resolve_rejections, to_rejection
from platbook.sync.removal import remove_records
from platbook.sync.resources.store import R, ResourceStore, StoredState
from platbook.sync.runs.run import RunCounts, RunLease
from platbook.sync.versions import OlderVersions, Version, is_older, read_version, select_newest
from platbook.sync.volatile import VolatileFields


@dataclass(frozen=True, slots=True)
class PageRules:
    """A provider's rules for records of any resource."""

    volatile: VolatileFields = field(default_factory=VolatileFields)
    """Source fields that the content hash leaves out."""
    retention: str = "keep"
    """`keep` hides removed records, `erase` erases them."""
    full_reload: bool = False
    """Every record is read again under other rules than the stored rows."""
    scope: str = ""
    """The fingerprint of the scope."""
    zone: tzinfo = UTC
    """The time zone of times without an offset."""
    older: OlderVersions = OlderVersions.TAKEN
    """What becomes of versions older than the stored ones."""


@dataclass(slots=True)
class ClassifiedPage(Generic[R]):
    """A page's records, by what is to be done with them."""

    new: list[R] = field(default_factory=list[R])
    changed: dict[UUID, R] = field(default_factory=dict[UUID, R])
    returned: list[UUID] = field(default_factory=list[UUID])
    left_scope: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])
    excluded: list[str] = field(default_factory=list[str])
    """Out of scope, and without a row that says so."""
    stored: list[str] = field(default_factory=list[str])
    """New, changed or returned."""
    rejected: list[Rejection] = field(default_factory=list[Rejection])
    older: dict[str, R | None] = field(default_factory=dict[str, R | None])
    """Versions older than the stored ones, or than a deletion that the walk received, by key; None: a deletion."""
    deleted_at: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """When the source says that records were deleted, by key."""
    deleted_before: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """The times of deletions on earlier pages of the walk, of records that are not there now."""


@dataclass(frozen=True, slots=True)
class StoredPage:
    """What was done to a page's records."""

    counts: RunCounts
    ahead: Mapping[str, datetime]
    """The times of those stored with one ahead of the clock, by key."""
    stale: Sequence[str]
    """The keys of versions that were refused as older than the stored ones, but not of deletions."""


async def store_page(
    connection: WriteConnection,
    store: ResourceStore[R],
    rules: PageRules,
    lease: RunLease,
    records: Sequence[RawRecord],
    rejected: Sequence[Rejection],
    now: datetime,
) -> StoredPage:
    """Store a page in the transaction of `connection`; what was done to its records.

    `rejected` are records the connector could not read. The caller settles the store when the transaction has ended.
    """
    origin = Origin(lease.run.provider_id, "sync", now, lease.run.sync_id)
    keyed, unkeyed = _check_keys(records, store.key_field)

    def read(record: RawRecord) -> Version:
        return read_version(record, lambda one: store.normalise(one, b"").modified, rules.zone)

    by_key, repeated = select_newest(keyed, read, now)
    hashes, page = await asyncio.to_thread(_hash, list(by_key.values()), store, rules)
    page.rejected += [_without_raw(one) if rules.retention == "erase" else one for one in (*rejected, *unkeyed)]
    stale = await _classify(connection, store, rules, lease, by_key, hashes, page)
    await _add_deletions(connection, rules, lease, page, now)
    # Removal first: what an erasure deletes beside the records, such as search terms, is stored again by `write`.
    removed = 0
    if page.removed:
        removed = await remove_records(connection, store, lease.resource, page.removed, rules.retention, origin)
    await store.write(connection, page.new, page.changed, origin)
    returned = await store.mark_returned(connection, page.returned, origin) if page.returned else 0
    if page.left_scope:
        await store.mark_out_of_scope(connection, page.left_scope, origin)
    excluded = page.excluded + page.removed
    await update_excluded_keys(connection, lease, rules.scope, excluded=excluded, stored=page.stored)
    await add_rejections(connection, lease, page.rejected, now)
    refused = {one.listing_key for one in page.rejected}
    await resolve_rejections(connection, lease, [key for key in by_key if key not in refused], now)
    updated = len(page.changed) + returned
    counts = RunCounts(
        fetched=len(records) + len(rejected),
        added=len(page.new),
        updated=updated,
        unchanged=len(by_key) - len(page.new) - updated - removed - len(refused.intersection(by_key)) - len(stale),
        deleted=removed,
        errored=len(page.rejected),
        stale=len(stale) + repeated,
    )
    written = (*page.new, *page.changed.values())
    ahead = {one.key: one.modified for one in written if one.modified and is_ahead(one.modified, now)}
    return StoredPage(counts, ahead, [key for key in stale if page.older[key] is not None])


def _check_keys(records: Sequence[RawRecord], key_field: str) -> tuple[list[RawRecord], list[Rejection]]:
    """The records of a page whose keys can be stored, and the others."""
    keyed: list[RawRecord] = []
    unkeyed: list[Rejection] = []
    for record in records:
        fault = find_key_fault(record.key)
        if fault is None:
            keyed.append(record)
        else:
            unkeyed.append(to_rejection(record, key_field, fault))
    return keyed, unkeyed


def _hash(
    records: Sequence[RawRecord], store: ResourceStore[R], rules: PageRules
) -> tuple[dict[str, bytes], ClassifiedPage[R]]:
    """The content hashes; that of a record marked as deleted is one that no row has."""
    hashes: dict[str, bytes] = {}
    page = ClassifiedPage[R]()
    versions = {name: store.hash_version(name) for name in {record.source_class for record in records}}
    for record in records:
        try:
            volatile = rules.volatile.of(record.fields.keys())
            version = versions[record.source_class]
            hashes[record.key] = content_hash(record, version, volatile) if record.visible else b""
        except RecordRejected as error:
            page.rejected.append(to_rejection(record, error.field, error.reason))
    return hashes, page


async def _classify(
    connection: WriteConnection,
    store: ResourceStore[R],
    rules: PageRules,
    lease: RunLease,
    by_key: Mapping[str, RawRecord],
    hashes: Mapping[str, bytes],
    page: ClassifiedPage[R],
) -> Sequence[str]:
    """Compare a page's records with the stored rows; the keys of those that are stale."""
    existing = await store.find_differing(connection, lease.run.provider_id, hashes)
    if rules.older is not OlderVersions.TAKEN:
        absent = [key for key, stored in existing.items() if stored.id is None or stored.removed]
        page.deleted_before = await find_received_deletions(connection, lease.child_id, absent)
    await asyncio.to_thread(_compare, store, rules, by_key, hashes, existing, page)
    return await _settle_older(connection, store, lease, page, existing, rules.older)


def _compare(
    store: ResourceStore[R],
    rules: PageRules,
    by_key: Mapping[str, RawRecord],
    hashes: Mapping[str, bytes],
    existing: Mapping[str, StoredState],
    page: ClassifiedPage[R],
) -> None:
    for key, stored in existing.items():
        raw = by_key[key]
        try:
            record = store.normalise(raw, hashes[key]) if raw.visible else None
        except RecordRejected as error:
            page.rejected.append(to_rejection(raw, error.field, error.reason))
            continue
        if record is None:
            version = read_version(raw, lambda one: store.normalise(one, b"").modified, rules.zone)
        else:
            version = Version(record.modified, raw.modified, rules.zone)
        if version.modified is not None and (record is None or record.deleted):
            page.deleted_at[key] = version.modified
        if is_older(version, stored) or version.is_older_than(page.deleted_before.get(key)):
            page.older[key] = record
        else:
            _place(store, key, record, stored, page)


def _place(store: ResourceStore[R], key: str, record: R | None, stored: StoredState, page: ClassifiedPage[R]) -> None:
    """Put a record where it belongs; None, or a status that says so: the source marks it as deleted."""
    if record is None or record.deleted:
        page.removed.append(key)
    elif not store.is_in_scope(record):
        has_content = stored.id is not None and not stored.erased
        (page.left_scope if has_content else page.excluded).append(key)
    else:
        page.stored.append(key)
        if stored.id is None:
            page.new.append(record)
        elif stored.same_content:
            page.returned.append(stored.id)
        else:
            page.changed[stored.id] = record


async def _settle_older(
    connection: WriteConnection,
    store: ResourceStore[R],
    lease: RunLease,
    page: ClassifiedPage[R],
    existing: Mapping[str, StoredState],
    older: OlderVersions,
) -> Sequence[str]:
    """Take or refuse the versions that are older than the stored ones; the keys of those refused as stale."""
    stale = frozenset(page.older if older is OlderVersions.STALE else ())
    if page.older and older is OlderVersions.STALE_IF_RECEIVED:
        received = await find_received_keys(connection, lease.child_id, list(page.older))
        stale = frozenset(received).union(page.deleted_before.keys() & page.older.keys())
    for key, record in page.older.items():
        if key not in stale:
            _place(store, key, record, existing[key], page)
    return sorted(stale)


async def _add_deletions(
    connection: WriteConnection, rules: PageRules, lease: RunLease, page: ClassifiedPage[R], now: datetime
) -> None:
    """Note the deletions of a walk's page, so that no older version on a later page brings its record back.

    One that is ahead of the clock proves no version older.
    """
    if rules.older is not OlderVersions.TAKEN:
        deleted = {key: page.deleted_at[key] for key in page.removed if key in page.deleted_at}
        past = {key: at for key, at in deleted.items() if at <= now}
        await add_received_deletions(connection, lease.child_id, past)


def _without_raw(rejection: Rejection) -> Rejection:
    # Nothing could find the content of a record without a key when its listing is erased.
    return rejection if rejection.listing_key else replace(rejection, raw=None)
