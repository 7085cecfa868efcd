"""The source a server serves: the market as it stands now, searches already done, photos already drawn."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import UTC, datetime

from platbook.base.clock import Clock
from platbook.simulate.clock import MarketTime
from platbook.simulate.rets.inventory import Row, Stand, Stock

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
"""When the invented market begins, where nothing else is said."""

_KEPT_SEARCHES = 8
_KEPT_BYTES = 128 * 1024 * 1024
_REST = 20
"""A moving market is looked at anew when so many times as long has passed as the last look took."""


class Source:
    """One market at its moment. Safe to use from any thread."""

    def __init__(self, stock: Stock, moments: MarketTime, clock: Clock, started: datetime = STARTED) -> None:
        self.clock = clock
        self.started = started
        self.moments = moments
        self._stock = stock
        self._lock = threading.Lock()
        self._stand: Stand | None = None
        self._fresh_until = 0.0
        self._searches: OrderedDict[Hashable, list[Row]] = OrderedDict()
        self._photos: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()
        self._photo_bytes = 0

    def stand(self) -> Stand:
        """How everything stands now, or stood a short while ago where the market moves faster than it can be made."""
        with self._lock:
            moment = self.moments.now()
            if self._stand is not None and (self._stand.moment == moment or time.monotonic() < self._fresh_until):
                return self._stand
            began = time.monotonic()
            stand = self._stock.at(moment)
            ended = time.monotonic()
            self._fresh_until = ended + _REST * (ended - began) if self.moments.speed else 0.0
            self._stand = stand
            self._searches.clear()
            return stand

    def set_moment(self, moment: datetime | None, speed: float | None) -> None:
        """Put the market to another moment, or let it run at another speed."""
        with self._lock:
            self.moments.set(moment, speed)
            self._fresh_until = 0.0

    def find(self, key: Hashable, search: Callable[[Stand], list[Row]]) -> list[Row]:
        """What a search finds now; the pages of one search do the work once."""
        stand = self.stand()
        key = (stand.moment, key)
        with self._lock:
            known = self._searches.get(key)
        if known is not None:
            return known
        rows = search(stand)
        with self._lock:
            self._searches[key] = rows
            while len(self._searches) > _KEPT_SEARCHES:
                self._searches.popitem(last=False)
        return rows

    def draw(self, stand: Stand, key: str, order: int) -> bytes | None:
        """A listing's photo as JPEG, as the listing stood then; None where there is none."""
        row = stand.listings.get(key)
        if row is None or not 1 <= order <= len(row.photos):
            return None
        name = (key, order, row.photos[order - 1].version)
        with self._lock:
            known = self._photos.get(name)
            if known is not None:
                self._photos.move_to_end(name)
                return known
        image = self._stock.draw(key, order, stand.moment)
        if image is not None:
            self._keep(name, image)
        return image

    def _keep(self, name: tuple[str, int, int], image: bytes) -> None:
        with self._lock:
            if name not in self._photos:
                self._photos[name] = image
                self._photo_bytes += len(image)
            while self._photo_bytes > _KEPT_BYTES:
                self._photo_bytes -= len(self._photos.popitem(last=False)[1])
