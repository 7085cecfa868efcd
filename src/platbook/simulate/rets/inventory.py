"""What the server has on its shelves at a moment: rows of every class, and the photos of listings.

A row's values are in the order of its class's fields: text, numbers, booleans, None, and a tuple of words where there
are several; dates and timestamps in the market's text. Going forward in time, only what changed is made anew.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import cast

from platbook.market import Market, MarketListing, MarketPhoto, draw_photo
from platbook.market.people import AGENTS_PER_OFFICE, Agent, Directory, Office
from platbook.simulate.rets.fields import AGENT, MEDIA, OFFICE, Class, DataType, find_property_class

Value = str | int | float | bool | tuple[str, ...] | None
Values = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a class. `photos` are a listing's."""

    key: str
    of_class: str
    values: Values
    photos: tuple[MarketPhoto, ...] = ()


@dataclass(frozen=True)
class Stand:
    """How everything stands at one moment; listings in order of key."""

    moment: datetime
    listings: Mapping[str, Row]
    by_class: Mapping[str, Sequence[Row]]

    def rows(self, of_class: Class) -> Iterable[Row]:
        """All rows of a class, in order of key."""
        if of_class is MEDIA:
            return _media_rows(self.listings.values())
        return self.by_class.get(of_class.name, ())


class Stock:
    """The shelves of one market."""

    def __init__(self, seed: int, size: int, started: datetime) -> None:
        self.market = Market(seed, size, started)
        self._people = _list_people(Directory(seed, size), started)
        self._stand: Stand | None = None
        self._lock = threading.Lock()

    def at(self, moment: datetime) -> Stand:
        """How everything stands at a moment. Costly for a moment not asked before: run it in a thread."""
        with self._lock:
            if self._stand is None or self._stand.moment != moment:
                self._stand = self._move(self._stand, moment)
            return self._stand

    def draw(self, key: str, order: int, moment: datetime) -> bytes | None:
        """A listing's photo as JPEG; None where there is none."""
        listing = self.market.listing(key, moment)
        if listing is None or not 1 <= order <= len(listing.photos):
            return None
        return draw_photo(listing, order)

    def _move(self, before: Stand | None, moment: datetime) -> Stand:
        if before is None or before.moment > moment:
            listings = {listing.key: _to_row(listing) for listing in self.market.listings(moment)}
        else:
            # Everything that was entered or changed since is made; the rest is as it was.
            fresh = {one.key: _to_row(one) for one in self.market.listings(moment, since=before.moment)}
            listings = {key: fresh.get(key) or before.listings[key] for key in self.market.keys(moment)}
        by_class: dict[str, Sequence[Row]] = dict(self._people)
        for row in listings.values():
            shelf = by_class.setdefault(row.of_class, [])
            if isinstance(shelf, list):
                shelf.append(row)
        return Stand(moment, listings, by_class)


def _to_row(listing: MarketListing) -> Row:
    of_class = find_property_class(listing.record["PropertyType"])
    values = tuple(_to_value(listing.record.get(field.name), field.type) for field in of_class.fields)
    return Row(listing.key, of_class.name, values, listing.photos)


def _to_value(value: object, kind: DataType) -> Value:
    if isinstance(value, list):
        return tuple(str(word) for word in cast("list[object]", value))
    if kind is DataType.LONG:
        return int(str(value))
    return value if isinstance(value, str | int | float) else None


def _list_people(people: Directory, started: datetime) -> dict[str, Sequence[Row]]:
    since = f"{started:%Y-%m-%dT%H:%M:%SZ}"
    agents = (people.agent(number) for number in range(people.offices * AGENTS_PER_OFFICE))
    offices = (people.office(number) for number in range(people.offices))
    return {
        AGENT.name: tuple(sorted((_agent_row(agent, since) for agent in agents), key=attrgetter("key"))),
        OFFICE.name: tuple(sorted((_office_row(office, since) for office in offices), key=attrgetter("key"))),
    }


def _agent_row(agent: Agent, since: str) -> Row:
    office = agent.office
    person = (agent.key, agent.mls_id, agent.first_name, agent.last_name, agent.full_name, agent.email, agent.phone)
    return Row(agent.key, AGENT.name, (*person, agent.license, office.key, office.mls_id, office.name, since))


def _office_row(office: Office, since: str) -> Row:
    place = (office.town.name, office.town.county.state)
    return Row(office.key, OFFICE.name, (office.key, office.mls_id, office.name, office.phone, *place, since))


def _media_rows(listings: Iterable[Row]) -> Iterator[Row]:
    for listing in listings:
        for photo in listing.photos:
            taken = f"{photo.modified:%Y-%m-%dT%H:%M:%SZ}"
            facts = (photo.key, int(listing.key), "Property", "Photo", photo.order, photo.caption, "image/jpeg")
            yield Row(photo.key, MEDIA.name, (*facts, to_photo_path(listing.key, photo), taken, taken))


def to_photo_path(key: str, photo: MarketPhoto) -> str:
    """The address of a photo below the server's; the take is part of it, so that what is cached stays true."""
    return f"/rets/photos/{key}/{photo.order}.jpg?take={photo.version}&size=full"
