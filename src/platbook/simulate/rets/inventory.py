"""The server's inventory at a given time: rows of every class, and the photos of listings.

A row's values are in the order of its class's fields: text, numbers, booleans, None, and tuples of texts for
multi-valued fields; dates and timestamps in the market's text. Advancing in time rebuilds only changed rows.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import cast

from platbook.market import Market, MarketListing, MarketPhoto, draw_photo
from platbook.market.people import AGENTS_PER_OFFICE, Agent, Directory, Office
from platbook.simulate.rets.fields import AGENT, MEDIA, OFFICE, DataType, RetsClass, find_property_class

Value = str | int | float | bool | tuple[str, ...] | None
Values = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """One record of a class. `photos` and `record_modified` (when anything but these changed) only for a listing."""

    key: str
    class_name: str
    values: Values
    photos: tuple[MarketPhoto, ...] = ()
    record_modified: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """All rows at one time; listings ordered by key."""

    time: datetime
    listings: Mapping[str, InventoryRow]
    by_class: Mapping[str, Sequence[InventoryRow]]

    def rows(self, rets_class: RetsClass) -> Iterable[InventoryRow]:
        """All rows of a class, ordered by key."""
        if rets_class is MEDIA:
            return _media_rows(self.listings.values())
        return self.by_class.get(rets_class.name, ())


class Inventory:
    """The inventory of one market."""

    def __init__(self, seed: int, size: int, started: datetime) -> None:
        self.market = Market(seed, size, started)
        self._people = _list_people(Directory(seed, size), started)
        self._snapshot: Snapshot | None = None
        self._lock = threading.Lock()

    def snapshot_at(self, time: datetime) -> Snapshot:
        """The snapshot at a time. Expensive for a time other than the last: run it in a thread."""
        with self._lock:
            if self._snapshot is None or self._snapshot.time != time:
                self._snapshot = self._advance(self._snapshot, time)
            return self._snapshot

    def draw(self, key: str, order: int, time: datetime) -> bytes | None:
        """A listing's photo as JPEG; None: there is none."""
        listing = self.market.listing(key, time)
        if listing is None or not 1 <= order <= len(listing.photos):
            return None
        return draw_photo(listing, order)

    def _advance(self, previous: Snapshot | None, time: datetime) -> Snapshot:
        if previous is None or previous.time > time:
            listings = {listing.key: _to_row(listing) for listing in self.market.listings(time)}
        else:
            # Rebuild what was added or changed since; reuse the rest.
            changed = {listing.key: _to_row(listing) for listing in self.market.listings(time, since=previous.time)}
            listings = {key: changed.get(key) or previous.listings[key] for key in self.market.keys(time)}
        by_class: dict[str, Sequence[InventoryRow]] = dict(self._people)
        for row in listings.values():
            rows = by_class.setdefault(row.class_name, [])
            if isinstance(rows, list):
                rows.append(row)
        return Snapshot(time, listings, by_class)


def _to_row(listing: MarketListing) -> InventoryRow:
    rets_class = find_property_class(listing.record["PropertyType"])
    values = tuple(_to_value(listing.record.get(field.name), field.type) for field in rets_class.fields)
    record_modified = f"{listing.record_modified:%Y-%m-%dT%H:%M:%SZ}"
    return InventoryRow(listing.key, rets_class.name, values, listing.photos, record_modified)


def _to_value(value: object, kind: DataType) -> Value:
    if isinstance(value, list):
        return tuple(str(item) for item in cast("list[object]", value))
    if kind is DataType.LONG:
        return int(str(value))
    return value if isinstance(value, str | int | float) else None


def _list_people(people: Directory, started: datetime) -> dict[str, Sequence[InventoryRow]]:
    since = f"{started:%Y-%m-%dT%H:%M:%SZ}"
    agents = (people.agent(number) for number in range(people.offices * AGENTS_PER_OFFICE))
    offices = (people.office(number) for number in range(people.offices))
    return {
        AGENT.name: tuple(sorted((_agent_row(agent, since) for agent in agents), key=attrgetter("key"))),
        OFFICE.name: tuple(sorted((_office_row(office, since) for office in offices), key=attrgetter("key"))),
    }


def _agent_row(agent: Agent, since: str) -> InventoryRow:
    office = agent.office
    person = (agent.key, agent.mls_id, agent.first_name, agent.last_name, agent.full_name, agent.email, agent.phone)
    return InventoryRow(agent.key, AGENT.name, (*person, agent.license, office.key, office.mls_id, office.name, since))


def _office_row(office: Office, since: str) -> InventoryRow:
    location = (office.town.name, office.town.county.state)
    return InventoryRow(
        office.key, OFFICE.name, (office.key, office.mls_id, office.name, office.phone, *location, since)
    )


def _media_rows(listings: Iterable[InventoryRow]) -> Iterator[InventoryRow]:
    for listing in listings:
        for photo in listing.photos:
            modified = f"{photo.modified:%Y-%m-%dT%H:%M:%SZ}"
            fields = (photo.key, int(listing.key), "Property", "Photo", photo.order, photo.caption, "image/jpeg")
            yield InventoryRow(photo.key, MEDIA.name, (*fields, to_photo_path(listing.key, photo), modified, modified))


def to_photo_path(key: str, photo: MarketPhoto) -> str:
    """The path of a photo's URL; it includes the version, so that it can be cached."""
    return f"/rets/photos/{key}/{photo.order}.jpg?take={photo.version}&size=full"
