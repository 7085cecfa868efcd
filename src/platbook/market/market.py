"""The market itself: which listings exist at a moment, and how each of them stands."""

from array import array
from collections.abc import Iterator, Sequence
from datetime import datetime

from platbook.market.album import plan_album
from platbook.market.dice import to_hash
from platbook.market.life import Life, get_modified, plan_life, to_state
from platbook.market.listing import MarketListing, to_moment
from platbook.market.people import Directory
from platbook.market.record import Source, get_dice, plan_property, to_record

_FIRST_KEY = 1_000_000_000
_INDEX_BITS = 40
_INDEX_MASK = (1 << _INDEX_BITS) - 1
_SLOT = 4
_DAY = 86_400
_SHORTEST, _LONGEST = 75 * _DAY, 225 * _DAY
"""How long a listing stays in the feed, at the least and at the most."""


class Market:
    """A pure function of (seed, size, moment); nothing in it changes by being asked.

    The market has `size` places. In each, one listing follows another without a gap: the moment one leaves the feed
    the next is entered, so the population is always exactly `size`. A listing's index is its generation times `size`
    plus its place, and everything about it follows from (seed, index); its cost does not depend on the size.
    Moments are cut to whole seconds. Asking for a moment before `started` is a ValueError.
    """

    def __init__(self, seed: int, size: int, started: datetime) -> None:
        if size < 1:
            raise ValueError("a market needs at least one listing")
        self._seed = seed
        self._size = size
        self._started = int(started.timestamp())
        self._people = Directory(seed, size)

    def keys(self, at: datetime) -> list[str]:
        """List the keys of all listings in the feed, in order of key. Cheap: no listing is made."""
        return [_to_key(index) for index in self._indexes(self._second(at))]

    def listings(
        self, at: datetime, *, since: datetime | None = None, after: str | None = None
    ) -> Iterator[MarketListing]:
        """Make every listing in the feed, in order of key, one at a time.

        `since` leaves out what did not change after that moment, `after` goes on behind that key.
        """
        second = self._second(at)
        last = -1 if after is None else _to_index(after)
        floor = -1 if since is None else int(since.timestamp())
        for index in self._indexes(second):
            if index > last and (since is None or get_modified(self._life(index), second) > floor):
                yield self._make(index, second)

    def listing(self, key: str, at: datetime) -> MarketListing | None:
        """Make one listing; None where the feed does not hold it at that moment."""
        second, index = self._second(at), _to_index(key)
        if index < 0 or index != self._index_at(index % self._size, second):
            return None
        return self._make(index, second)

    def changed(
        self, since: datetime | None, at: datetime, *, after: tuple[datetime, str] | None = None
    ) -> Iterator[MarketListing]:
        """Make the listings in the feed that changed after `since` (None: all), in order of (modified, key).

        `after` goes on behind that (modified, key). The order costs one look at every life first, then listings come
        one at a time; memory is one small number for each.
        """
        second = self._second(at)
        floor = -1 if since is None else int(since.timestamp())
        past = (-1, -1) if after is None else (int(after[0].timestamp()), _to_index(after[1]))
        for modified, index in self._by_time(second, floor):
            if (modified, index) > past:
                yield self._make(index, second)

    def count_changed(self, since: datetime | None, at: datetime) -> int:
        """Count what `changed` would give."""
        if since is None:
            return self._size
        second, floor = self._second(at), int(since.timestamp())
        return sum(get_modified(self._life(index), second) > floor for index in self._indexes(second))

    def removed(self, since: datetime, at: datetime) -> list[str]:
        """List the keys that were in the feed at some moment from `since` on and no longer are, in order of key."""
        first, last = self._second(since), self._second(at)
        gone: list[int] = []
        for slot in range(self._size):
            gone += range(self._index_at(slot, first), self._index_at(slot, last), self._size)
        return [_to_key(index) for index in sorted(gone)]

    def _second(self, at: datetime) -> int:
        second = int(at.timestamp())
        if second < self._started:
            raise ValueError(f"the market starts at {to_moment(self._started).isoformat()}, not before")
        return second

    def _pace(self, slot: int) -> tuple[int, int]:
        """Tell when a place's first listing was entered, and how long each of its listings stays."""
        chance = to_hash(self._seed, slot, _SLOT)
        span = _SHORTEST + (chance & 0xFFFFFFFF) % (_LONGEST - _SHORTEST)
        return self._started - (chance >> 32) % span, span

    def _index_at(self, slot: int, second: int) -> int:
        entered, span = self._pace(slot)
        return (second - entered) // span * self._size + slot

    def _indexes(self, second: int) -> Sequence[int]:
        return array("q", sorted(self._index_at(slot, second) for slot in range(self._size)))

    def _by_time(self, second: int, floor: int) -> Iterator[tuple[int, int]]:
        packed: list[int] = []
        for index in self._indexes(second):
            modified = get_modified(self._life(index), second)
            if modified > floor:
                packed.append(modified << _INDEX_BITS | index)
        packed.sort()
        for both in packed:
            yield both >> _INDEX_BITS, both & _INDEX_MASK

    def _life(self, index: int) -> Life:
        generation, slot = divmod(index, self._size)
        entered, span = self._pace(slot)
        born = entered + generation * span
        return plan_life(self._seed, index, born, born + span)

    def _make(self, index: int, second: int) -> MarketListing:
        life = self._life(index)
        state = to_state(life, second)
        source = Source(_to_key(index), self._seed, index, life)
        dice = get_dice(source)
        place = plan_property(source, dice)
        record = to_record(source, dice, state, place, self._people)
        album = plan_album(source.key, life, state, place)
        record["PhotosCount"] = len(album)
        return MarketListing(source.key, self._seed, index, to_moment(state.modified), record, album)


def _to_key(index: int) -> str:
    return str(_FIRST_KEY + index)


def _to_index(key: str) -> int:
    return int(key) - _FIRST_KEY if key.isascii() and key.isdigit() and len(key) == len(str(_FIRST_KEY)) else -1
