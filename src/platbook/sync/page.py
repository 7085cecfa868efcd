"""Stores one page of records: the one place where a source's records become rows.

Everything a page causes is in the caller's one transaction: rows, timeline, rejections, photos' work. Hash first: an
unchanged record is neither normalised nor written.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from platbook.base.errors import RecordRejected
from platbook.connectors.contract import MediaRef, RawRecord, Scope
from platbook.db import WriteConnection
from platbook.listings import store
from platbook.listings.listing import NormalListing, Origin
from platbook.listings.photos import limit_photos
from platbook.listings.store import Incoming, Known
from platbook.listings.terms import KnownTerms, Term, add_terms
from platbook.providers.display import Display
from platbook.reso.fields import SLOT
from platbook.sync.fingerprint import content_hash
from platbook.sync.mapping import FieldMapping
from platbook.sync.rejections import Rejection, add_rejections, resolve_rejections, to_rejection
from platbook.sync.removal import remove_listings
from platbook.sync.runs import Counts, Lease

_TYPE = SLOT["PropertyType"]
_CLOSED = SLOT["CloseDate"]


@dataclass(frozen=True, slots=True)
class Rules:
    """How a provider's records become listings."""

    mapping: FieldMapping
    scope: Scope
    display: Display
    volatile: frozenset[str]
    retention: str
    terms: KnownTerms
    photos_per_status: Mapping[str, int] = field(default_factory=dict[str, int])
    photos_elsewhere: bool = False
    """Records do not list their photos: they are asked for when they are fetched."""

    @property
    def version(self) -> str:
        """What a content hash stands for beside the content: other rules make other listings of it."""
        photos = ",".join(f"{status}={most}" for status, most in sorted(self.photos_per_status.items()))
        return f"{self.mapping.version};{photos}"

    def wanted_photos(self, media: Sequence[MediaRef] | None, status: str | None) -> Sequence[MediaRef] | None:
        """The photos the scope asks for, first ones first."""
        return None if media is None else limit_photos(media, self.photos_per_status.get(status or ""))


@dataclass(slots=True)
class Sorted:
    """A page's records, by what is to be done with them."""

    new: list[Incoming] = field(default_factory=list[Incoming])
    changed: dict[UUID, Incoming] = field(default_factory=dict[UUID, Incoming])
    returned: list[UUID] = field(default_factory=list[UUID])
    left_scope: list[str] = field(default_factory=list[str])
    gone: list[str] = field(default_factory=list[str])
    rejected: list[Rejection] = field(default_factory=list[Rejection])


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing a page did; `terms` are to be remembered once the transaction is committed."""

    counts: Counts
    terms: set[Term]


async def store_page(
    connection: WriteConnection,
    rules: Rules,
    lease: Lease,
    records: Sequence[RawRecord],
    rejected: Sequence[Rejection],
    now: datetime,
) -> Stored:
    """Store a page in the transaction of `connection`. `rejected` are records the connector could not read."""
    origin = Origin(lease.run.provider_id, "sync", now, lease.run.sync_id)
    by_key = {record.key: record for record in records}
    hashes, sorted_ = await asyncio.to_thread(_hash, list(by_key.values()), rules)
    sorted_.rejected += [_without_raw(one) if rules.retention == "erase" else one for one in rejected]
    known = await store.find_differing(connection, origin.provider_id, hashes)
    await asyncio.to_thread(_sort, by_key, hashes, known, rules, sorted_)
    await store.insert_listings(connection, sorted_.new, origin, rules.display)
    await store.update_listings(connection, sorted_.changed, origin, rules.display)
    returned = await store.mark_returned(connection, sorted_.returned, origin) if sorted_.returned else []
    if sorted_.left_scope:
        await store.mark_out_of_scope(connection, sorted_.left_scope, origin)
    removed = await remove_listings(connection, sorted_.gone, rules.retention, origin) if sorted_.gone else 0
    if removed and rules.retention == "erase":
        rules.terms.forget()
    await add_rejections(connection, lease, sorted_.rejected, now)
    refused = {one.listing_key for one in sorted_.rejected}
    await resolve_rejections(connection, lease, [key for key in by_key if key not in refused], now)
    touched = [*sorted_.new, *sorted_.changed.values()]
    terms = rules.terms.fresh(one.listing for one in touched)
    await add_terms(connection, terms)
    updated = len(sorted_.changed) + len(returned)
    counts = Counts(
        fetched=len(records) + len(rejected),
        added=len(sorted_.new),
        updated=updated,
        unchanged=len(by_key) - len(sorted_.new) - updated - removed - len(refused.intersection(by_key)),
        deleted=removed,
        errored=len(sorted_.rejected),
    )
    return Stored(counts, terms)


def is_in_scope(listing: NormalListing, scope: Scope) -> bool:
    """Whether a provider's scope asks for a listing."""
    if scope.statuses and listing.standard_status not in scope.statuses:
        return False
    if scope.property_types and listing.values[_TYPE] not in scope.property_types:
        return False
    closed = listing.values[_CLOSED]
    if scope.closed_since and listing.standard_status == "Closed":
        return closed is not None and str(closed) >= scope.closed_since
    return True


def _hash(records: Sequence[RawRecord], rules: Rules) -> tuple[dict[str, bytes], Sorted]:
    hashes: dict[str, bytes] = {}
    sorted_ = Sorted()
    version = rules.version
    for record in records:
        if not record.visible:
            sorted_.gone.append(record.key)
            continue
        try:
            hashes[record.key] = content_hash(record, version, rules.volatile)
        except RecordRejected as error:
            sorted_.rejected.append(to_rejection(record, error.field, error.reason))
    return hashes, sorted_


def _sort(
    by_key: Mapping[str, RawRecord],
    hashes: Mapping[str, bytes],
    known: Mapping[str, Known],
    rules: Rules,
    sorted_: Sorted,
) -> None:
    for key, stored in known.items():
        record = by_key[key]
        try:
            listing = rules.mapping.normalise(record)
        except RecordRejected as error:
            sorted_.rejected.append(to_rejection(record, error.field, error.reason))
            continue
        photos = rules.wanted_photos(record.media, listing.standard_status)
        raw = store.to_raw_json(record.fields)
        incoming = Incoming(listing, raw, hashes[key], photos, photos_elsewhere=rules.photos_elsewhere)
        _place(incoming, stored, rules.scope, sorted_)


def _place(incoming: Incoming, stored: Known, scope: Scope, sorted_: Sorted) -> None:
    listing = incoming.listing
    if not is_in_scope(listing, scope):
        if stored.id is not None and not stored.erased:
            sorted_.left_scope.append(listing.listing_key)
    elif stored.id is None:
        sorted_.new.append(incoming)
    elif _is_older(listing, stored):
        return
    elif stored.same_content:
        sorted_.returned.append(stored.id)
    else:
        sorted_.changed[stored.id] = incoming


def _without_raw(rejection: Rejection) -> Rejection:
    # Nothing could find what a record without a key said when its listing is erased.
    return rejection if rejection.listing_key else replace(rejection, raw=None)


def _is_older(listing: NormalListing, stored: Known) -> bool:
    moment = listing.modification_timestamp
    return moment is not None and stored.modified is not None and moment < stored.modified
