"""Writes listings: one page at a time, in the caller's transaction.

The strategy (measured against ten others) is hash-based change detection: query first which keys are new or differ by
hash, stream new rows straight into the table by binary COPY, and stage only changed ones in a temporary table for one
UPDATE. An unchanged row is neither sent nor locked nor written.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

import orjson

from platbook.base.ids import new_id
from platbook.connectors.contract import MediaRef, Resource
from platbook.db import Query, ReadConnection, WriteConnection, load_queries, prejson
from platbook.db.compose import SQL, Composed, Identifier, to_statement
from platbook.listings.display import Decision, decide
from platbook.listings.documents import (
    DOCUMENT_VERSION,
    to_documents,
    to_extra_fields,
    to_json_number,
    to_row_fields,
)
from platbook.listings.history import (
    ListingEvent,
    add_events,
    happened_at,
    listed_event,
    photo_differences,
    plan_events,
)
from platbook.listings.listing import NormalListing, Origin, Photo, listed_at, off_market_at
from platbook.listings.photos import (
    FETCHED_BY_DEFAULT,
    MediaPlan,
    PhotoWork,
    add_work,
    compare_photo_findings,
    open_photos,
    plan_media,
    to_photo_work,
    to_photos,
    to_photos_version,
    to_priority_time,
    upsert_media,
)
from platbook.listings.search_columns import SearchColumns, to_open_words, to_search_columns
from platbook.listings.terms import delete_unused_terms, to_terms
from platbook.providers.display_rules import ProviderRules
from platbook.providers.finding import Finding, FindingChange, compare_findings
from platbook.providers.findings import record_findings
from platbook.providers.local import LOCAL, LOCAL_RULES
from platbook.providers.media import MediaSettings
from platbook.providers.rule_versions import to_rules
from platbook.reso.fields import COLUMN_NAMES, COLUMNS
from platbook.reso.lookups import StandardStatus
from platbook.reso.volatile import VOLATILE_FIELDS

Q = load_queries(__package__ or "platbook.listings")

_ROW_METADATA: Mapping[str, str] = {
    "more": "jsonb",
    "raw": "jsonb",
    "content_hash": "bytea",
    "listed_at": "timestamptz",
    "off_market_at": "timestamptz",
    "modified_at": "timestamptz",
    "stored_at": "timestamptz",
    "sync_id": "uuid",
    "is_local": "boolean",
    "is_featured": "boolean",
    "author_id": "uuid",
    "shows_address": "boolean",
    "document_version": "text",
    "internal_document": "text",
    "public_document": "text",
    "words": "tsvector",
    "open_words": "tsvector",
    "address_key": "text",
    "street_key": "text",
    "finding_keys": "text[]",
    "withheld_fields": "text[]",
    "licences": "text[]",
    "rule_id": "uuid",
    "public_until": "timestamptz",
    "hidden_fields": "text[]",
}
ROW_COLUMNS = ("id", "provider_id", "listing_key", *COLUMN_NAMES, *_ROW_METADATA)
ROW_TYPES = ("uuid", "text", "text", *(field.sql_type for field in COLUMNS), *_ROW_METADATA.values())

_STAGE = "changed_listings"
_CREATE_STAGE = SQL(
    "CREATE TEMP TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT {} FROM properties WITH NO DATA"
).format(Identifier(_STAGE), SQL(", ").join(map(Identifier, ROW_COLUMNS)))
_UPDATED = [name for name in ROW_COLUMNS if name not in {"id", "provider_id", "listing_key", "is_local", "is_featured"}]
_APPLY_STAGE = SQL(
    "UPDATE properties AS p SET {}, removed_at = NULL, out_of_scope_at = NULL, erased_at = NULL "
    "FROM {} AS s WHERE p.id = s.id"
).format(
    SQL(", ").join(SQL("{0} = s.{0}").format(Identifier(name)) for name in _UPDATED),
    Identifier(_STAGE),
)
_STORED_COLUMNS = SQL(
    "id, listing_key, is_local, is_featured, author_id, removed_at IS NOT NULL, out_of_scope_at IS NOT NULL, "
    "more, finding_keys, withheld_fields, licences, {}"
).format(SQL(", ").join(map(Identifier, COLUMN_NAMES)))
_GET_STORED = SQL("SELECT {} FROM properties WHERE id = ANY(%(ids)s) FOR UPDATE").format(_STORED_COLUMNS)
_FIND_STORED = SQL("SELECT {} FROM properties WHERE id = ANY(%(ids)s)").format(_STORED_COLUMNS)
_STORED_HEAD = 11
_READ_STORED = (
    "SELECT provider_id, display_rules_at(provider_id, NULL), hidden, erased_at IS NOT NULL, "
    "listing_is_public(visible, public_document, public_until, %(now)s), "
    "document_version <> %(version)s AND NOT listing_is_public(true, public_document), "
    "provider_id IN (SELECT stale_providers(%(now)s)), {} FROM properties WHERE "
)
_READ_BY_ID = to_statement("read_stored_by_id", SQL(_READ_STORED + "id = %(id)s").format(_STORED_COLUMNS))
_READ_BY_KEY = to_statement(
    "read_stored_by_key",
    SQL(_READ_STORED + "provider_id = %(provider_id)s AND listing_key = %(listing_key)s").format(_STORED_COLUMNS),
)
_STANDING_COLUMNS = 7
_PHOTO_FIELDS = ("PhotosCount", "PhotosChangeTimestamp")
_EMPTY_VALUES = SQL("UPDATE properties SET {} WHERE id = ANY(%(ids)s)").format(
    SQL(", ").join(SQL("{} = NULL").format(Identifier(name)) for name in COLUMN_NAMES)
)


@dataclass(frozen=True, slots=True)
class IncomingListing:
    """A version of a listing to be stored.

    `media` None: the source did not send them, and the stored ones stay; with `photos_elsewhere` they are requested
    from the source when they are fetched, if `media_rules` say so. `search` is made of the listing alone.
    """

    listing: NormalListing
    raw: bytes | None
    content_hash: bytes
    media: Sequence[MediaRef] | None = None
    is_featured: bool | None = None
    photos_elsewhere: bool = False
    media_rules: MediaSettings = FETCHED_BY_DEFAULT
    search: SearchColumns = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "search", to_search_columns(self.listing))

    @property
    def key(self) -> str:
        """The listing's key."""
        return self.listing.listing_key

    @property
    def modified(self) -> datetime | None:
        """When the source last changed the listing, by its own account."""
        return self.listing.modification_timestamp

    @property
    def deleted(self) -> bool:
        """Whether its standard status says that the source deleted it."""
        return self.listing.standard_status == StandardStatus.DELETE


@dataclass(frozen=True, slots=True)
class ExistingRow:
    """What is stored under a key whose row is missing (`id` None), differs, or is not visible."""

    listing_key: str
    id: UUID | None
    same_content: bool
    modified: datetime | None
    stored_at: datetime | None
    removed: bool
    out_of_scope: bool
    erased: bool


@dataclass(frozen=True, slots=True)
class StoredListing:
    """A listing's row as an update needs it."""

    id: UUID
    listing: NormalListing
    is_local: bool
    is_featured: bool
    author_id: UUID | None
    removed: bool
    out_of_scope: bool
    findings: Sequence[Finding] = ()

    @property
    def is_counted(self) -> bool:
        """Whether its findings and its photos' count: those of a listing that is neither removed nor out of scope."""
        return not (self.removed or self.out_of_scope)


class ListingStanding(NamedTuple):
    """A listing's row with what decides now whether it is shown.

    `archived`: its provider is. `is_public`: everybody is shown its public document. `is_withdrawn`: it has none until
    it is rebuilt. `is_stale`: a rule hides everything of its provider, whose copy is too old.
    """

    provider_id: str
    rules: ProviderRules
    archived: bool
    erased: bool
    is_public: bool
    is_withdrawn: bool
    is_stale: bool
    stored: StoredListing


class ShownColumns(NamedTuple):
    """What a row stores of the decision for statements of SQL.

    `rule_id`: the rule that made the public document. `public_until`: from then on it may not be shown.
    `hidden_fields`: RESO names of what was taken out of it by rules; None: nothing.
    """

    shows_address: bool
    rule_id: UUID | None
    public_until: datetime | None
    hidden_fields: list[str] | None


def to_shown_columns(decision: Decision) -> ShownColumns:
    """The columns of one decision."""
    if not decision.listing.shown or decision.rules is None:
        return ShownColumns(decision.address.shown, None, None, None)
    primary = decision.rules.primary
    rule_id = None if primary is None else primary.id
    return ShownColumns(decision.address.shown, rule_id, decision.until, sorted(decision.taken_away) or None)


async def find_differing(
    connection: ReadConnection, provider_id: str, hashes: Mapping[str, bytes]
) -> dict[str, ExistingRow]:
    """Of keys and their content hashes, those that are new, changed or hidden; the others are stored unchanged."""
    params = {"provider_id": provider_id, "keys": list(hashes), "hashes": list(hashes.values())}
    return {row.listing_key: row for row in await connection.all(ExistingRow, Q.find_differing, params)}


async def insert_listings(
    connection: WriteConnection, incoming: Sequence[IncomingListing], origin: Origin, rules: ProviderRules
) -> list[UUID]:
    """Insert new listings, with their first timeline entry and their photos' rows."""
    events: list[ListingEvent] = []
    plans: list[MediaPlan] = []
    work: list[PhotoWork] = []

    def rows() -> Iterator[tuple[object, ...]]:
        # Built while they are sent: the server stores one row while the documents of the next are built.
        for one in incoming:
            property_id = new_id()
            changed_at = to_photos_version(one.listing)
            decision = decide(one.listing, rules, origin.stored_at)
            plan = plan_media(property_id, [], one.media, changed_at, one.media_rules)
            plan = open_photos(plan, decision.shows_media)
            plans.append(plan)
            if (photo_work := _to_work(plan, one, None, origin)) is not None:
                work.append(photo_work)
            events.append(listed_event(property_id, one.listing, happened_at(one.listing, origin.stored_at)))
            yield _row(property_id, one, plan.photos, origin, decision, is_featured=bool(one.is_featured))

    if incoming:
        await connection.copy_in("properties", ROW_COLUMNS, ROW_TYPES, rows())
        _record_findings(connection, [change for one in incoming for change in _new_findings(one)], origin)
        await add_events(connection, events, origin)
        await upsert_media(connection, plans, origin, fresh=True)
        await add_work(connection, work, origin, fresh=True)
    return [event.property_id for event in events]


async def update_listings(
    connection: WriteConnection,
    incoming: Mapping[UUID, IncomingListing],
    origin: Origin,
    rules: ProviderRules,
    volatile: AbstractSet[str] = VOLATILE_FIELDS,
) -> list[ListingEvent]:
    """Replace stored listings by newer versions; the timeline entries this made (returned, changed, photos).

    `volatile` are RESO fields that move by themselves, which the timeline leaves out.
    """
    if not incoming:
        return []
    stored = await get_stored(connection, incoming)
    photos = await find_photos(connection, incoming)
    rows: list[tuple[object, ...]] = []
    events: list[ListingEvent] = []
    plans: list[MediaPlan] = []
    work: list[PhotoWork] = []
    found: list[FindingChange] = []
    for property_id, one in incoming.items():
        before = stored[property_id]
        if before.findings or one.listing.findings:
            found += compare_findings(before.findings if before.is_counted else (), one.listing.findings)
        shown = photos.get(property_id, [])
        changed_at = to_photos_version(one.listing)
        decision = decide(one.listing, rules, origin.stored_at)
        plan = plan_media(property_id, shown, one.media, changed_at, one.media_rules)
        plan = open_photos(plan, decision.shows_media)
        plans.append(plan)
        found += compare_photo_findings(shown, plan, was_counted=before.is_counted)
        if (photo_work := _to_work(plan, one, before, origin)) is not None:
            work.append(photo_work)
        featured = before.is_featured if one.is_featured is None else one.is_featured
        rows.append(_row(property_id, one, plan.photos, origin, decision, is_featured=featured))
        if before.removed or before.out_of_scope:
            events.append(ListingEvent(property_id, "returned", origin.stored_at))
        if before.listing.standard_status is None:  # a tombstone: there is nothing to compare with
            continue
        after = replace(one.listing, more=orjson.loads(to_extra_fields(one.listing)))
        at = happened_at(after, origin.stored_at, before.listing)
        changes = photo_differences(shown, plan)
        events += plan_events(property_id, before.listing, after, at=at, photos=changes, volatile=volatile)
    await connection.run(_CREATE_STAGE)
    await connection.copy_in(_STAGE, ROW_COLUMNS, ROW_TYPES, rows)
    await connection.run(_APPLY_STAGE)
    _record_findings(connection, found, origin)
    await add_events(connection, events, origin)
    await upsert_media(connection, plans, origin)
    await add_work(connection, work, origin)
    return events


async def get_stored(connection: WriteConnection, ids: Iterable[UUID]) -> dict[UUID, StoredListing]:
    """Rows by id, locked until the transaction ends."""
    rows = await connection.tuples(_GET_STORED, {"ids": list(ids)})
    return {stored.id: stored for stored in map(_to_stored, rows)}


async def read_standing(connection: ReadConnection, property_id: UUID, now: datetime) -> ListingStanding | None:
    """A row by id with its state at a moment, not locked."""
    return await _read_standing(connection, _READ_BY_ID, {"id": property_id, "now": now})


async def read_standing_by_key(
    connection: ReadConnection, provider_id: str, listing_key: str, now: datetime
) -> ListingStanding | None:
    """A row by its provider and the source's key, as `read_standing`."""
    params = {"provider_id": provider_id, "listing_key": listing_key, "now": now}
    return await _read_standing(connection, _READ_BY_KEY, params)


async def read_stored(connection: ReadConnection, ids: Iterable[UUID]) -> list[StoredListing]:
    """Rows by id as they are now, in no order and not locked; erased ones too."""
    return [_to_stored(row) for row in await connection.tuples(_FIND_STORED, {"ids": list(ids)})]


async def find_photos(connection: ReadConnection, ids: Iterable[UUID]) -> dict[UUID, list[Photo]]:
    """The photos' rows of some listings, in display order."""
    return to_photos(await connection.dicts(Q.get_media_of, {"ids": list(ids)}))


async def mark_removed(connection: WriteConnection, keys: Sequence[str], origin: Origin) -> list[UUID]:
    """Hide listings that the source no longer has (soft delete); the ids of those that were shown."""
    return await _mark(connection, Q.mark_removed, "removed", {"keys": list(keys)}, origin, -1)


async def mark_returned(connection: WriteConnection, ids: Sequence[UUID], origin: Origin) -> list[UUID]:
    """Show unchanged listings that the source has again, or that are in scope again."""
    return await _mark(connection, Q.mark_returned, "returned", {"ids": list(ids)}, origin, 1)


async def mark_out_of_scope(connection: WriteConnection, keys: Sequence[str], origin: Origin) -> list[UUID]:
    """Hide listings that left the provider's scope."""
    return await _mark(connection, Q.mark_out_of_scope, "out_of_scope", {"keys": list(keys)}, origin, -1)


async def mark_scope_narrowed(connection: WriteConnection, scope: Mapping[str, object], origin: Origin) -> list[UUID]:
    """Hide every stored listing outside a scope: `statuses`, `property_types`, `closed_since`."""
    return await _mark(connection, Q.mark_scope_narrowed, "out_of_scope", scope, origin, -1)


async def count_active(connection: ReadConnection, provider_id: str) -> int:
    """How many listings of a provider are neither removed, erased nor out of scope."""
    return await connection.value(int, Q.count_active, {"provider_id": provider_id}) or 0


async def find_providers_to_erase(connection: ReadConnection) -> Sequence[str]:
    """Providers under retention `erase` that still have removed listings with their content."""
    return await connection.column(str, Q.find_providers_to_erase)


async def find_removed(
    connection: WriteConnection, provider_id: str, *, after: str, limit: int
) -> list[tuple[UUID, str]]:
    """Ids and keys of removed listings that are not erased, in the order of their keys, locked."""
    params = {"provider_id": provider_id, "after": after, "limit": limit}
    return cast("list[tuple[UUID, str]]", await connection.tuples(Q.find_removed, params))


async def erase_listings(connection: WriteConnection, ids: Sequence[UUID], origin: Origin) -> list[UUID]:
    """Leave only tombstones: the source's content is deleted from rows, change log, photos and search terms."""
    params = {"ids": list(ids), "at": origin.stored_at, "sync_id": origin.sync_id}
    texts = cast("list[tuple[str, str]]", await connection.tuples(Q.find_texts_of, params))
    await _count_findings(connection, await connection.tuples(Q.lock_counted_findings, params), -1, origin)
    erased = await connection.column(UUID, Q.erase_listings, params)
    if erased:
        await connection.run(_EMPTY_VALUES, {"ids": erased})
        await connection.run(Q.erase_changes, {"ids": erased})
        await connection.run(Q.erase_media, {"ids": erased})
        await connection.run(Q.delete_photo_work, {"ids": erased})
        await add_events(connection, [ListingEvent(one, "erased", origin.stored_at) for one in erased], origin)
        await delete_unused_terms(connection, to_terms(texts))
    return erased


async def set_hidden(connection: WriteConnection, provider_id: str, *, hidden: bool) -> int:
    """Hide or show a whole provider."""
    return await connection.run(Q.set_hidden, {"provider_id": provider_id, "hidden": hidden})


def to_raw_json(fields: Mapping[str, object]) -> bytes:
    """A source's record as the JSON text that is stored."""
    return orjson.dumps(fields, default=to_json_number, option=orjson.OPT_NON_STR_KEYS)


async def _mark(
    connection: WriteConnection,
    statement: object,
    kind: str,
    params: Mapping[str, object],
    origin: Origin,
    counted: int,
) -> list[UUID]:
    """Mark rows. `counted`: 1 where their findings count from now on, -1 where they no longer do."""
    common = {"provider_id": origin.provider_id, "at": origin.stored_at, "sync_id": origin.sync_id}
    rows = await connection.tuples(cast("Composed", statement), {**common, **params})
    ids = [cast("UUID", row[0]) for row in rows]
    await _count_findings(connection, rows, counted, origin)
    await add_events(connection, [ListingEvent(one, kind, origin.stored_at) for one in ids], origin)
    return ids


def _new_findings(one: IncomingListing) -> Iterator[FindingChange]:
    return (FindingChange(found.finding, 1, found.sample) for found in one.listing.findings)


async def _count_findings(
    connection: WriteConnection, rows: Iterable[tuple[object, ...]], change: int, origin: Origin
) -> None:
    """Count the findings of locked listings and their photos: rows of an id, findings, and whether these count."""
    counting = [cast("tuple[UUID, list[str] | None]", row[:2]) for row in rows if row[2]]
    if not counting:
        return
    found = [key for _, keys in counting for key in keys or ()]
    found += await connection.column(str, Q.find_photo_findings, {"ids": [one for one, _ in counting]})
    _record_findings(connection, [FindingChange(Finding.parse(key), change) for key in found], origin)


def _record_findings(connection: WriteConnection, changes: Sequence[FindingChange], origin: Origin) -> None:
    if changes:
        record_findings(connection, origin.provider_id, Resource.PROPERTY, changes, origin.stored_at)


def _to_work(plan: MediaPlan, one: IncomingListing, before: StoredListing | None, origin: Origin) -> PhotoWork | None:
    if not one.media_rules.fetch:
        return None
    if one.media is not None or not one.photos_elsewhere:
        return to_photo_work(plan, one.listing, origin)
    current = [one.listing.value(name) for name in _PHOTO_FIELDS]
    stored = None if before is None else [before.listing.value(name) for name in _PHOTO_FIELDS]
    if current == stored or (stored is None and current[0] == 0):
        return None
    return PhotoWork(plan.property_id, plan.rank, to_priority_time(one.listing, origin))


def _row(
    property_id: UUID,
    one: IncomingListing,
    photos: Sequence[Photo],
    origin: Origin,
    decision: Decision,
    *,
    is_featured: bool,
) -> tuple[object, ...]:
    listing = one.listing
    row_fields = to_row_fields(property_id, origin.provider_id, is_local=origin.is_local, is_featured=is_featured)
    documents = to_documents(listing, photos, decision, row=row_fields)
    shown = to_shown_columns(decision)
    return (
        property_id,
        origin.provider_id,
        listing.listing_key,
        *listing.values,
        prejson(documents.extra_fields),
        None if one.raw is None else prejson(one.raw),
        one.content_hash,
        listed_at(listing),
        off_market_at(listing),
        listing.modification_timestamp or origin.stored_at,
        origin.stored_at,
        origin.sync_id,
        origin.is_local,
        is_featured,
        origin.author_id,
        shown.shows_address,
        DOCUMENT_VERSION,
        documents.internal,
        documents.public,
        one.search.words,
        to_open_words(listing, one.search, decision.hidden_fields),
        one.search.address_key,
        one.search.street_key,
        [one.finding.key for one in listing.findings] or None,
        sorted(listing.withheld) or None,
        sorted(listing.licences) or None,
        shown.rule_id,
        shown.public_until,
        shown.hidden_fields,
    )


async def _read_standing(
    connection: ReadConnection, statement: Query, params: Mapping[str, object]
) -> ListingStanding | None:
    rows = await connection.tuples(statement, {**params, "version": DOCUMENT_VERSION})
    if not rows:
        return None
    provider_id, rules, archived, erased, is_public, is_withdrawn, is_stale = rows[0][:_STANDING_COLUMNS]
    provider = cast("str", provider_id)
    return ListingStanding(
        provider,
        LOCAL_RULES if provider == LOCAL else to_rules(cast("Mapping[str, object]", rules)),
        bool(archived),
        bool(erased),
        bool(is_public),
        bool(is_withdrawn),
        bool(is_stale),
        _to_stored(rows[0][_STANDING_COLUMNS:]),
    )


def _to_stored(row: tuple[object, ...]) -> StoredListing:
    property_id, key, is_local, is_featured, author_id, removed, out_of_scope, more, *texts = row[:_STORED_HEAD]
    keys, withheld, licences = (cast("list[str] | None", one) or () for one in texts)
    return StoredListing(
        id=cast("UUID", property_id),
        listing=NormalListing(
            cast("str", key),
            row[_STORED_HEAD:],
            cast("dict[str, object]", more),
            withheld=frozenset(withheld),
            licences=frozenset(licences),
        ),
        is_local=bool(is_local),
        is_featured=bool(is_featured),
        author_id=cast("UUID | None", author_id),
        removed=bool(removed),
        out_of_scope=bool(out_of_scope),
        findings=[Finding.parse(one) for one in keys],
    )
