"""The market: which listings exist at a given time, and the state of each."""

from array import array
from collections.abc import Iterator, Sequence
from datetime import datetime

from platbook.market.lifecycle import Lifecycle, get_modified, plan_lifecycle, to_state
from platbook.market.listing import MarketListing, to_datetime
from platbook.market.people import Directory
from platbook.market.photo_plan import plan_photos
from platbook.market.record import ListingIdentity, get_rng, plan_property, to_record
from platbook.market.seeded_random import to_hash

_FIRST_KEY = 1_000_000_000
_INDEX_BITS = 40
_INDEX_MASK = (1 << _INDEX_BITS) - 1
_SLOT = 4
_DAY = 86_400
_SHORTEST, _LONGEST = 75 * _DAY, 225 * _DAY
"""How long a listing stays in the feed, at the least and at the most."""


class Market:
    """A pure function of (seed, size, time); queries never change its state.

    The market has `size` slots. In each slot one listing follows another without a gap: the second one leaves the feed
    the next enters it, so the population is always exactly `size`. A listing's index is its generation times `size`
    plus its slot, and everything about it is derived from (seed, index) at a cost independent of the size.
    Times are truncated to whole seconds. A time before `started` is a ValueError.
    """

    def __init__(self, seed: int, size: int, started: datetime) -> None:
        if size < 1:
            raise ValueError("a market needs at least one listing")
        self._seed = seed
        self._size = size
        self._started = int(started.timestamp())
        self._people = Directory(seed, size)

    def keys(self, at: datetime) -> list[str]:
        """List the keys of all listings in the feed, ordered by key. Cheap: no listing is built."""
        return [_to_key(index) for index in self._indexes(self._second(at))]

    def listings(
        self, at: datetime, *, since: datetime | None = None, after: str | None = None
    ) -> Iterator[MarketListing]:
        """Yield every listing in the feed, ordered by key, building one at a time.

        `since` skips listings not changed after that time; `after` resumes after that key (keyset pagination).
        """
        second = self._second(at)
        last = -1 if after is None else _to_index(after)
        floor = -1 if since is None else int(since.timestamp())
        for index in self._indexes(second):
            if index > last and (since is None or get_modified(self._lifecycle(index), second) > floor):
                yield self._build(index, second)

    def listing(self, key: str, at: datetime) -> MarketListing | None:
        """Build one listing; None if it is not in the feed at that time."""
        second, index = self._second(at), _to_index(key)
        if index < 0 or index != self._index_at(index % self._size, second):
            return None
        return self._build(index, second)

    def changed(
        self, since: datetime | None, at: datetime, *, after: tuple[datetime, str] | None = None
    ) -> Iterator[MarketListing]:
        """Yield the listings in the feed that changed after `since` (None: all), ordered by (modified, key).

        `after` resumes after that (modified, key). Sorting reads every lifecycle first, then listings are built one at
        a time; memory is one integer per listing.
        """
        second = self._second(at)
        floor = -1 if since is None else int(since.timestamp())
        past = (-1, -1) if after is None else (int(after[0].timestamp()), _to_index(after[1]))
        for modified, index in self._by_time(second, floor):
            if (modified, index) > past:
                yield self._build(index, second)

    def count_changed(self, since: datetime | None, at: datetime) -> int:
        """Count the listings that `changed` would yield."""
        if since is None:
            return self._size
        second, floor = self._second(at), int(since.timestamp())
        return sum(get_modified(self._lifecycle(index), second) > floor for index in self._indexes(second))

    def removed(self, since: datetime, at: datetime) -> list[str]:
        """List the keys that were in the feed at some time from `since` on and no longer are, ordered by key."""
        first, last = self._second(since), self._second(at)
        removed: list[int] = []
        for slot in range(self._size):
            removed += range(self._index_at(slot, first), self._index_at(slot, last), self._size)
        return [_to_key(index) for index in sorted(removed)]

    def _second(self, at: datetime) -> int:
        second = int(at.timestamp())
        if second < self._started:
            raise ValueError(f"the market starts at {to_datetime(self._started).isoformat()}, not before")
        return second

    def _slot_cycle(self, slot: int) -> tuple[int, int]:
        """Return when a slot's first listing entered the feed, and how long each of its listings stays."""
        bits = to_hash(self._seed, slot, _SLOT)
        span = _SHORTEST + (bits & 0xFFFFFFFF) % (_LONGEST - _SHORTEST)
        return self._started - (bits >> 32) % span, span

    def _index_at(self, slot: int, second: int) -> int:
        entered, span = self._slot_cycle(slot)
        return (second - entered) // span * self._size + slot

    def _indexes(self, second: int) -> Sequence[int]:
        return array("q", sorted(self._index_at(slot, second) for slot in range(self._size)))

    def _by_time(self, second: int, floor: int) -> Iterator[tuple[int, int]]:
        packed: list[int] = []
        for index in self._indexes(second):
            modified = get_modified(self._lifecycle(index), second)
            if modified > floor:
                packed.append(modified << _INDEX_BITS | index)
        packed.sort()
        for both in packed:
            yield both >> _INDEX_BITS, both & _INDEX_MASK

    def _lifecycle(self, index: int) -> Lifecycle:
        generation, slot = divmod(index, self._size)
        entered, span = self._slot_cycle(slot)
        entered_at = entered + generation * span
        return plan_lifecycle(self._seed, index, entered_at, entered_at + span)

    def _build(self, index: int, second: int) -> MarketListing:
        lifecycle = self._lifecycle(index)
        state = to_state(lifecycle, second)
        identity = ListingIdentity(_to_key(index), self._seed, index, lifecycle)
        rng = get_rng(identity)
        prop = plan_property(identity, rng)
        record = to_record(identity, rng, state, prop, self._people)
        photos = plan_photos(identity.key, lifecycle, state, prop)
        record["PhotosCount"] = len(photos)
        modified, record_modified = to_datetime(state.modified), to_datetime(state.record_modified)
        return MarketListing(identity.key, self._seed, index, modified, record, photos, record_modified)


def _to_key(index: int) -> str:
    return str(_FIRST_KEY + index)


def _to_index(key: str) -> int:
    return int(key) - _FIRST_KEY if key.isascii() and key.isdigit() and len(key) == len(str(_FIRST_KEY)) else -1
