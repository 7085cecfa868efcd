"""The moment at which a simulated source stands: fixed, or running at some speed."""

from datetime import datetime

from platbook.base.clock import Clock
from platbook.base.times import as_utc


class MarketTime:
    """The market's own time: `speed` of its seconds pass in one real second, from `since` on; 0 stands still.

    It is counted from the moment it was last set, by the clock that was given. It never tells a moment before
    `started`, when there is no market yet.
    """

    def __init__(self, clock: Clock, started: datetime, since: datetime | None = None, speed: float = 1.0) -> None:
        self._clock = clock
        self._started = started
        self.speed = speed
        self._set_at = clock.now()
        self._since = since or self._set_at

    def now(self) -> datetime:
        """The market's moment, in whole seconds."""
        moment = self._since + (self._clock.now() - self._set_at) * self.speed
        return as_utc(max(moment, self._started)).replace(microsecond=0)

    def set(self, moment: datetime | None = None, speed: float | None = None) -> None:
        """Put it to another moment, or let it go on at another speed."""
        self._since, self._set_at = moment or self.now(), self._clock.now()
        self.speed = self.speed if speed is None else speed
