"""Stores one page of records: the one place where a source's records become rows.

Everything a page causes is in the caller's one transaction: rows, rejections, and whatever else the resource's store
writes beside them. Hash-based change detection: an unchanged record is neither normalised nor written.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic
from uuid import UUID

from platbook.base.errors import RecordRejected
from platbook.connectors.contract import RawRecord
from platbook.db import WriteConnection
from platbook.listings.listing import Origin
from platbook.sync.content_hash import content_hash
from platbook.sync.keys import find_key_fault
from platbook.sync.rejections import Rejection, add_rejections, resolve_rejections, to_rejection
from platbook.sync.removal import remove_records
from platbook.sync.resources.store import R, ResourceStore, StoredState
from platbook.sync.runs.run import RunCounts, RunLease

_CLOCK_SKEW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PageRules:
    """A provider's rules for records of any resource."""

    volatile: frozenset[str] = frozenset()
    """Source fields that the content hash leaves out."""
    retention: str = "keep"
    """`keep` hides removed records, `erase` erases them."""
    full_reload: bool = False
    """Every record is read again under other rules than the stored rows, so stored times are not comparable."""


@dataclass(slots=True)
class ClassifiedPage(Generic[R]):
    """A page's records, by what is to be done with them."""

    new: list[R] = field(default_factory=list[R])
    changed: dict[UUID, R] = field(default_factory=dict[UUID, R])
    returned: list[UUID] = field(default_factory=list[UUID])
    left_scope: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])
    rejected: list[Rejection] = field(default_factory=list[Rejection])


@dataclass(frozen=True, slots=True)
class _WriteContext:
    """Under which rules, in which run and when records are stored."""

    rules: PageRules
    sync_id: UUID
    now: datetime


async def store_page(
    connection: WriteConnection,
    store: ResourceStore[R],
    rules: PageRules,
    lease: RunLease,
    records: Sequence[RawRecord],
    rejected: Sequence[Rejection],
    now: datetime,
) -> RunCounts:
    """Store a page in the transaction of `connection`; what was done to its records.

    `rejected` are records the connector could not read. The caller settles the store when the transaction has ended.
    """
    origin = Origin(lease.run.provider_id, "sync", now, lease.run.sync_id)
    by_key, unkeyed = _deduplicate(records, store.key_field)
    hashes, page = await asyncio.to_thread(_hash, list(by_key.values()), store, rules)
    page.rejected += [_without_raw(one) if rules.retention == "erase" else one for one in (*rejected, *unkeyed)]
    existing = await store.find_differing(connection, origin.provider_id, hashes)
    context = _WriteContext(rules, lease.run.sync_id, now)
    await asyncio.to_thread(_classify, store, by_key, hashes, existing, context, page)
    # Removal first: what an erasure deletes beside the records, such as search terms, is stored again by `write`.
    removed = 0
    if page.removed:
        removed = await remove_records(connection, store, lease.resource, page.removed, rules.retention, origin)
    await store.write(connection, page.new, page.changed, origin)
    returned = await store.mark_returned(connection, page.returned, origin) if page.returned else 0
    if page.left_scope:
        await store.mark_out_of_scope(connection, page.left_scope, origin)
    await add_rejections(connection, lease, page.rejected, now)
    refused = {one.listing_key for one in page.rejected}
    await resolve_rejections(connection, lease, [key for key in by_key if key not in refused], now)
    updated = len(page.changed) + returned
    return RunCounts(
        fetched=len(records) + len(rejected),
        added=len(page.new),
        updated=updated,
        unchanged=len(by_key) - len(page.new) - updated - removed - len(refused.intersection(by_key)),
        deleted=removed,
        errored=len(page.rejected),
    )


def _deduplicate(records: Sequence[RawRecord], key_field: str) -> tuple[dict[str, RawRecord], list[Rejection]]:
    """The last version of each record on the page, and those whose keys cannot be stored."""
    by_key: dict[str, RawRecord] = {}
    unkeyed: list[Rejection] = []
    for record in records:
        fault = find_key_fault(record.key)
        if fault is None:
            by_key[record.key] = record
        else:
            unkeyed.append(to_rejection(record, key_field, fault))
    return by_key, unkeyed


def _hash(
    records: Sequence[RawRecord], store: ResourceStore[R], rules: PageRules
) -> tuple[dict[str, bytes], ClassifiedPage[R]]:
    hashes: dict[str, bytes] = {}
    page = ClassifiedPage[R]()
    version = store.hash_version
    for record in records:
        if not record.visible:
            page.removed.append(record.key)
            continue
        try:
            hashes[record.key] = content_hash(record, version, rules.volatile)
        except RecordRejected as error:
            page.rejected.append(to_rejection(record, error.field, error.reason))
    return hashes, page


def _classify(
    store: ResourceStore[R],
    by_key: Mapping[str, RawRecord],
    hashes: Mapping[str, bytes],
    existing: Mapping[str, StoredState],
    context: _WriteContext,
    page: ClassifiedPage[R],
) -> None:
    for key, stored in existing.items():
        raw = by_key[key]
        try:
            record = store.normalise(raw, hashes[key])
        except RecordRejected as error:
            page.rejected.append(to_rejection(raw, error.field, error.reason))
            continue
        if _is_older(record.modified, stored, context):
            continue
        if record.deleted:
            if stored.id is not None:
                page.removed.append(key)
        elif not store.is_in_scope(record):
            if stored.id is not None and not stored.erased:
                page.left_scope.append(key)
        elif stored.id is None:
            page.new.append(record)
        elif stored.same_content:
            page.returned.append(stored.id)
        else:
            page.changed[stored.id] = record


def _without_raw(rejection: Rejection) -> Rejection:
    # Nothing could find the content of a record without a key when its listing is erased.
    return rejection if rejection.listing_key else replace(rejection, raw=None)


def _is_older(modified: datetime | None, stored: StoredState, context: _WriteContext) -> bool:
    """Whether a record is an older version than the row, which must then stay as it is.

    Times are compared only where both were read by the same rules: not with a row that other rules made. A row that is
    hidden now is replaced by whatever the source sends, and so is one dated more than a day ahead of our clock.
    """
    if modified is None or stored.modified is None or stored.removed or stored.out_of_scope:
        return False
    if stored.modified > context.now + _CLOCK_SKEW:
        return False
    is_comparable = not context.rules.full_reload or stored.sync_id == context.sync_id
    return is_comparable and modified < stored.modified
