"""The change log: the differences between two versions of a listing, as events of its timeline."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson

from platbook.base.ids import new_id
from platbook.db import WriteConnection, prejson
from platbook.listings.documents import to_json_number
from platbook.listings.listing import NormalListing, Origin, Photo
from platbook.listings.photos import MediaPlan
from platbook.reso.fields import COLUMNS, SLOT
from platbook.reso.volatile import VOLATILE_FIELDS, strip_signatures

_IGNORED = frozenset({SLOT["ModificationTimestamp"]})  # it changes with every version and is the event's own time
_KINDS = {
    SLOT[name]: kind
    for kind, names in {
        "status_changed": ("StandardStatus", "MlsStatus"),
        "price_changed": ("ListPrice",),
    }.items()
    for name in names
}
_COMPANIONS = {
    SLOT[name]: kind
    for kind, names in {
        "status_changed": ("StatusChangeTimestamp",),
        "price_changed": ("PriceChangeTimestamp", "PreviousListPrice"),
        "media_changed": ("PhotosChangeTimestamp", "PhotosCount"),
    }.items()
    for name in names
}
"""Fields that change along with others belong to the entry of those, and make none of their own beside it."""

_TIMES_OF_CHANGE = frozenset(
    SLOT[name] for name in ("StatusChangeTimestamp", "PriceChangeTimestamp", "PhotosChangeTimestamp")
)
"""On their own they are no change."""

_ORDER = ("status_changed", "price_changed", "changed", "media_changed")
_FIELD_NAMES = tuple(field.api or field.name for field in COLUMNS)
_FIRST_TOLD = [(_FIELD_NAMES[SLOT[name]], SLOT[name]) for name in ("StandardStatus", "ListPrice")]

EVENT_COLUMNS = ("id", "provider_id", "property_id", "at", "kind", "changes", "source", "sync_id", "recorded_at")
EVENT_TYPES = ("uuid", "text", "uuid", "timestamptz", "text", "jsonb", "text", "uuid", "timestamptz")


class Difference(NamedTuple):
    """One field's old and new value, under its name in the API."""

    field: str
    was: object
    now: object


class ListingEvent(NamedTuple):
    """One entry of a listing's timeline. `at`: see `happened_at`; when it was recorded is kept beside it.

    What only we know of (removed, returned, out of scope, erased) happened when we learned it.
    """

    property_id: UUID
    kind: str
    at: datetime
    differences: Sequence[Difference] = ()


def happened_at(after: NormalListing, stored_at: datetime, before: NormalListing | None = None) -> datetime:
    """When a version came to be: by the source where it says so, else when it was stored.

    A source's time counts unless it is in the future, or not later than that of the version before: then something else
    has changed than what the source keeps the time of.
    """
    modified = after.modification_timestamp
    if modified is None or modified > stored_at:
        return stored_at
    earlier = before.modification_timestamp if before else None
    return stored_at if earlier is not None and modified <= earlier else modified


def plan_events(
    property_id: UUID,
    before: NormalListing,
    after: NormalListing,
    *,
    at: datetime,
    photos: Sequence[Difference] = (),
    volatile: AbstractSet[str] = VOLATILE_FIELDS,
) -> list[ListingEvent]:
    """The events of a change: status, price, other fields, photos; one each, without `volatile` RESO fields.

    A withheld value is no change.
    """
    kinds: dict[str, list[Difference]] = {kind: [] for kind in _ORDER}
    kinds["media_changed"] += photos
    companions: list[tuple[int, Difference]] = []
    if before.values != after.values:
        for slot, (was, now) in enumerate(zip(before.values, after.values, strict=True)):
            name = COLUMNS[slot].name
            if slot not in _IGNORED and name not in after.withheld and _is_change(name, was, now, volatile):
                difference = Difference(_FIELD_NAMES[slot], was, now)
                if slot in _COMPANIONS:
                    companions.append((slot, difference))
                else:
                    kinds[_KINDS.get(slot, "changed")].append(difference)
    kinds["changed"] += _extra_field_differences(before.more, after.more, volatile)
    for slot, difference in companions:
        if kinds[_COMPANIONS[slot]]:
            kinds[_COMPANIONS[slot]].append(difference)
        elif slot not in _TIMES_OF_CHANGE:
            kinds["changed"].append(difference)
    return [ListingEvent(property_id, kind, at, differences) for kind, differences in kinds.items() if differences]


def photo_differences(before: Sequence[Photo], plan: MediaPlan) -> list[Difference]:
    """How many photos a plan adds, replaces by another version, rearranges (order, caption, permission) and removes."""
    stored = {photo.media_key for photo in before}
    counts = {
        "media.added": sum(key not in stored for key in plan.fetch),
        "media.replaced": sum(key in stored for key in plan.fetch),
        "media.rearranged": len(plan.reorder),
    }
    differences = [Difference(field, None, count) for field, count in counts.items() if count]
    return [*differences, *([Difference("media.removed", len(plan.remove), None)] if plan.remove else [])]


def listed_event(property_id: UUID, listing: NormalListing, at: datetime) -> ListingEvent:
    """The first entry of every timeline."""
    values = listing.values
    differences = [Difference(name, None, values[slot]) for name, slot in _FIRST_TOLD if values[slot] is not None]
    return ListingEvent(property_id, "listed", at, differences)


async def add_events(connection: WriteConnection, events: Sequence[ListingEvent], origin: Origin) -> None:
    """Append events to the change log."""
    if events:
        rows = (_row(event, origin) for event in events)
        await connection.copy_in("listing_changes", EVENT_COLUMNS, EVENT_TYPES, rows)


def _extra_field_differences(
    before: Mapping[str, object], after: Mapping[str, object], volatile: AbstractSet[str]
) -> list[Difference]:
    if before == after:
        return []
    return [
        Difference(name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if _is_change(name, before.get(name), after.get(name), volatile)
    ]


def _is_change(name: str, was: object, now: object, volatile: AbstractSet[str]) -> bool:
    """Whether two values of a RESO field differ, by more than a new signature of an address."""
    if was == now or name in volatile:
        return False
    if not (isinstance(was, str) and isinstance(now, str)):
        return True
    return strip_signatures(was.encode(errors="replace")) != strip_signatures(now.encode(errors="replace"))


def _row(event: ListingEvent, origin: Origin) -> tuple[object, ...]:
    changes = [{"field": one.field, "from": one.was, "to": one.now} for one in event.differences]
    text = orjson.dumps(changes, default=to_json_number, option=orjson.OPT_UTC_Z)
    return (
        new_id(),
        origin.provider_id,
        event.property_id,
        event.at,
        event.kind,
        prejson(text),
        origin.source,
        origin.sync_id,
        origin.stored_at,
    )
