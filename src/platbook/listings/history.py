"""The change log: the differences between two versions of a listing, as events of its timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from platbook.base.ids import new_id
from platbook.db import WriteConnection, prejson
from platbook.listings.documents import to_json_number
from platbook.listings.listing import NormalListing, Origin
from platbook.reso.fields import COLUMNS, SLOT

_STATUS = frozenset({SLOT["StandardStatus"], SLOT["MlsStatus"]})
_PRICE = frozenset({SLOT["ListPrice"]})
_IGNORED = frozenset({SLOT["ModificationTimestamp"]})  # it changes with every version and is the event's own time
_FIELD_NAMES = tuple(field.api or field.name for field in COLUMNS)

EVENT_COLUMNS = ("id", "provider_id", "property_id", "at", "kind", "changes", "source", "sync_id", "recorded_at")
EVENT_TYPES = ("uuid", "text", "uuid", "timestamptz", "text", "jsonb", "text", "uuid", "timestamptz")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field's old and new value, under its name in the API."""

    field: str
    was: object
    now: object


@dataclass(frozen=True, slots=True)
class ListingEvent:
    """One entry of a listing's timeline. `at` is the source's time of the change where it has one."""

    property_id: UUID
    kind: str
    at: datetime
    differences: Sequence[Difference] = ()


def plan_events(
    property_id: UUID, before: NormalListing, after: NormalListing, *, at: datetime, photos_changed: bool
) -> list[ListingEvent]:
    """The events of a change: status, price, other fields, photos; one each. A withheld value is no change."""
    status: list[Difference] = []
    price: list[Difference] = []
    rest: list[Difference] = []
    if before.values != after.values:
        for slot, (was, now) in enumerate(zip(before.values, after.values, strict=True)):
            if was != now and slot not in _IGNORED and COLUMNS[slot].name not in after.withheld:
                kind = status if slot in _STATUS else price if slot in _PRICE else rest
                kind.append(Difference(_FIELD_NAMES[slot], was, now))
    rest += _extra_field_differences(before.more, after.more)
    events = [
        ListingEvent(property_id, kind, at, differences)
        for kind, differences in (("status_changed", status), ("price_changed", price), ("changed", rest))
        if differences
    ]
    if photos_changed:
        events.append(ListingEvent(property_id, "media_changed", at))
    return events


def listed_event(property_id: UUID, listing: NormalListing, at: datetime) -> ListingEvent:
    """The first entry of every timeline."""
    differences = [
        Difference(_FIELD_NAMES[SLOT[name]], None, listing.value(name))
        for name in ("StandardStatus", "ListPrice")
        if listing.value(name) is not None
    ]
    return ListingEvent(property_id, "listed", at, differences)


async def add_events(connection: WriteConnection, events: Sequence[ListingEvent], origin: Origin) -> None:
    """Append events to the change log."""
    if events:
        rows = (_row(event, origin) for event in events)
        await connection.copy_in("listing_changes", EVENT_COLUMNS, EVENT_TYPES, rows)


def _extra_field_differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[Difference]:
    if before == after:
        return []
    names = sorted({*before, *after})
    return [
        Difference(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    ]


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
