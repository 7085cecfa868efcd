"""The data source of a server: the current snapshot of the market, cached searches, cached photos."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import UTC, datetime

from platbook.base.clock import Clock
from platbook.simulate.clock import MarketClock
from platbook.simulate.rets.inventory import Inventory, InventoryRow, Snapshot

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
"""Default start of the simulated market."""

_MAX_CACHED_SEARCHES = 8
_MAX_CACHED_BYTES = 128 * 1024 * 1024
_REBUILD_FACTOR = 20
"""A running market is rebuilt no sooner than this many times the duration of the last rebuild."""


class SimulatedSource:
    """One market at its current time. Thread-safe."""

    def __init__(
        self, inventory: Inventory, market_clock: MarketClock, clock: Clock, started: datetime = STARTED
    ) -> None:
        self.clock = clock
        self.started = started
        self.market_clock = market_clock
        self._inventory = inventory
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._fresh_until = 0.0
        self._searches: OrderedDict[Hashable, list[InventoryRow]] = OrderedDict()
        self._photos: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()
        self._photo_bytes = 0

    def snapshot(self) -> Snapshot:
        """The current snapshot, or a recent one if the market moves faster than it can be rebuilt."""
        with self._lock:
            now = self.market_clock.now()
            if self._snapshot is not None and (self._snapshot.time == now or time.monotonic() < self._fresh_until):
                return self._snapshot
            began = time.monotonic()
            snapshot = self._inventory.snapshot_at(now)
            ended = time.monotonic()
            self._fresh_until = ended + _REBUILD_FACTOR * (ended - began) if self.market_clock.speed else 0.0
            self._snapshot = snapshot
            self._searches.clear()
            return snapshot

    def set_time(self, time: datetime | None, speed: float | None) -> None:
        """Set the market to another time, or run it at another speed."""
        with self._lock:
            self.market_clock.set(time, speed)
            self._fresh_until = 0.0

    def search(self, key: Hashable, search: Callable[[Snapshot], list[InventoryRow]]) -> list[InventoryRow]:
        """Run a search on the current snapshot; cached, so that paging does the work once."""
        snapshot = self.snapshot()
        key = (snapshot.time, key)
        with self._lock:
            cached = self._searches.get(key)
        if cached is not None:
            return cached
        rows = search(snapshot)
        with self._lock:
            self._searches[key] = rows
            while len(self._searches) > _MAX_CACHED_SEARCHES:
                self._searches.popitem(last=False)
        return rows

    def draw(self, snapshot: Snapshot, key: str, order: int) -> bytes | None:
        """A listing's photo as JPEG, as of the snapshot; None: there is none."""
        row = snapshot.listings.get(key)
        if row is None or not 1 <= order <= len(row.photos):
            return None
        name = (key, order, row.photos[order - 1].version)
        with self._lock:
            cached = self._photos.get(name)
            if cached is not None:
                self._photos.move_to_end(name)
                return cached
        image = self._inventory.draw(key, order, snapshot.time)
        if image is not None:
            self._cache_photo(name, image)
        return image

    def _cache_photo(self, name: tuple[str, int, int], image: bytes) -> None:
        with self._lock:
            if name not in self._photos:
                self._photos[name] = image
                self._photo_bytes += len(image)
            while self._photo_bytes > _MAX_CACHED_BYTES:
                self._photo_bytes -= len(self._photos.popitem(last=False)[1])
