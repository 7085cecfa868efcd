"""Stores one page of records: the one place where a source's records become rows.

Everything a page causes is in the caller's one transaction: rows, timeline, rejections, photos' work. Hash first: an
unchanged record is neither normalised nor written.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from platbook.base.errors import RecordRejected
from platbook.connectors.contract import MediaRef, RawRecord, Scope
from platbook.db import WriteConnection
from platbook.listings import store
from platbook.listings.listing import NormalListing, Origin
from platbook.listings.photos import limit_photos
from platbook.listings.store import ExistingRow, Incoming
from platbook.listings.terms import KnownTerms, Term, add_terms
from platbook.mapping.mapping import FieldMapping
from platbook.providers.display import DisplaySettings
from platbook.reso.fields import SLOT
from platbook.sync.content_hash import content_hash
from platbook.sync.rejections import (
    LONGEST_KEY,
    Rejection,
    add_rejections,
    find_key_fault,
    resolve_rejections,
    to_rejection,
)
from platbook.sync.removal import remove_listings
from platbook.sync.runs.lifecycle import RunCounts, RunLease

_TYPE = SLOT["PropertyType"]
_CLOSED = SLOT["CloseDate"]
_WRONG_CLOCK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PageRules:
    """How a provider's records become listings."""

    mapping: FieldMapping
    scope: Scope
    display: DisplaySettings
    volatile: frozenset[str]
    retention: str
    terms: KnownTerms
    photos_per_status: Mapping[str, int] = field(default_factory=dict[str, int])
    photos_elsewhere: bool = False
    """Records do not list their photos: they are asked for when they are fetched."""
    reads_anew: bool = False
    """Everything is read again under other rules than the rows were made by: their times are no measure."""

    @property
    def version(self) -> str:
        """What a content hash stands for beside the content: other rules make other listings of it."""
        photos = ",".join(f"{status}={most}" for status, most in sorted(self.photos_per_status.items()))
        return f"{self.mapping.version};{photos}"

    def wanted_photos(self, media: Sequence[MediaRef] | None, status: str | None) -> Sequence[MediaRef] | None:
        """The photos the scope asks for, first ones first."""
        return None if media is None else limit_photos(media, self.photos_per_status.get(status or ""))


@dataclass(slots=True)
class ClassifiedPage:
    """A page's records, by what is to be done with them."""

    new: list[Incoming] = field(default_factory=list[Incoming])
    changed: dict[UUID, Incoming] = field(default_factory=dict[UUID, Incoming])
    returned: list[UUID] = field(default_factory=list[UUID])
    left_scope: list[str] = field(default_factory=list[str])
    gone: list[str] = field(default_factory=list[str])
    rejected: list[Rejection] = field(default_factory=list[Rejection])


@dataclass(frozen=True, slots=True)
class _Place:
    """Where and when records are stored: under which rules, in which run."""

    rules: PageRules
    sync_id: UUID
    now: datetime


@dataclass(frozen=True, slots=True)
class PageResult:
    """What storing a page did; `terms` are to be remembered once the transaction is committed."""

    counts: RunCounts
    terms: set[Term]


async def store_page(
    connection: WriteConnection,
    rules: PageRules,
    lease: RunLease,
    records: Sequence[RawRecord],
    rejected: Sequence[Rejection],
    now: datetime,
) -> PageResult:
    """Store a page in the transaction of `connection`. `rejected` are records the connector could not read."""
    origin = Origin(lease.run.provider_id, "sync", now, lease.run.sync_id)
    by_key, unkeyed = _by_key(records, rules)
    hashes, sorted_ = await asyncio.to_thread(_hash, list(by_key.values()), rules)
    sorted_.rejected += [_without_raw(one) if rules.retention == "erase" else one for one in (*rejected, *unkeyed)]
    known = await store.find_differing(connection, origin.provider_id, hashes)
    await asyncio.to_thread(_sort, by_key, hashes, known, _Place(rules, lease.run.sync_id, now), sorted_)
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
    counts = RunCounts(
        fetched=len(records) + len(rejected),
        added=len(sorted_.new),
        updated=updated,
        unchanged=len(by_key) - len(sorted_.new) - updated - removed - len(refused.intersection(by_key)),
        deleted=removed,
        errored=len(sorted_.rejected),
    )
    return PageResult(counts, terms)


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


def _by_key(records: Sequence[RawRecord], rules: PageRules) -> tuple[dict[str, RawRecord], list[Rejection]]:
    """The last version of each record on the page, and those whose keys cannot be kept."""
    by_key: dict[str, RawRecord] = {}
    unkeyed: list[Rejection] = []
    for record in records:
        fault = find_key_fault(record.key)
        if fault is None:
            by_key[record.key] = record
        else:
            unkeyed.append(to_rejection(record, rules.mapping.key_field or "ListingKey", fault))
    return by_key, unkeyed


def _hash(records: Sequence[RawRecord], rules: PageRules) -> tuple[dict[str, bytes], ClassifiedPage]:
    hashes: dict[str, bytes] = {}
    sorted_ = ClassifiedPage()
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
    known: Mapping[str, ExistingRow],
    place: _Place,
    sorted_: ClassifiedPage,
) -> None:
    rules = place.rules
    for key, stored in known.items():
        record = by_key[key]
        try:
            listing = rules.mapping.normalise(record)
            _check_photos(record.media)
        except RecordRejected as error:
            sorted_.rejected.append(to_rejection(record, error.field, error.reason))
            continue
        if _is_older(listing, stored, place):
            continue
        photos = rules.wanted_photos(record.media, listing.standard_status)
        raw = store.to_raw_json(record.fields)
        incoming = Incoming(listing, raw, hashes[key], photos, photos_elsewhere=rules.photos_elsewhere)
        _sort_one(incoming, stored, rules.scope, sorted_)


def _check_photos(media: Sequence[MediaRef] | None) -> None:
    for ref in media or ():
        if len(ref.media_key) > LONGEST_KEY:
            raise RecordRejected(f"a photo's key is longer than {LONGEST_KEY} characters", field="Media")
        texts = (ref.media_key, ref.category, ref.caption, ref.modified, ref.content, *(ref.permission or ()))
        if any(isinstance(text, str) and "\0" in text for text in texts):
            raise RecordRejected("what is said of a photo holds a NUL character", field="Media")


def _sort_one(incoming: Incoming, stored: ExistingRow, scope: Scope, sorted_: ClassifiedPage) -> None:
    listing = incoming.listing
    if not is_in_scope(listing, scope):
        if stored.id is not None and not stored.erased:
            sorted_.left_scope.append(listing.listing_key)
    elif stored.id is None:
        sorted_.new.append(incoming)
    elif stored.same_content:
        sorted_.returned.append(stored.id)
    else:
        sorted_.changed[stored.id] = incoming


def _without_raw(rejection: Rejection) -> Rejection:
    # Nothing could find what a record without a key said when its listing is erased.
    return rejection if rejection.listing_key else replace(rejection, raw=None)


def _is_older(listing: NormalListing, stored: ExistingRow, place: _Place) -> bool:
    """Whether a record is an older version than the row, which must then stay as it is.

    Times are compared only where both were read by the same rules: not with a row that other rules made. A row that is
    hidden now gives way to whatever the source says of it, and so does one that claims to come from the future.
    """
    moment, known = listing.modification_timestamp, stored.modified
    if moment is None or known is None or stored.removed or stored.out_of_scope:
        return False
    if known > place.now + _WRONG_CLOCK:
        return False
    made_by_these_rules = not place.rules.reads_anew or stored.sync_id == place.sync_id
    return made_by_these_rules and moment < known
