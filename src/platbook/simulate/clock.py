"""The clock of a simulated source: stopped, or running at some speed."""

from datetime import datetime

from platbook.base.clock import Clock
from platbook.base.times import as_utc


class MarketClock:
    """The market's simulated time: starts at `since` and advances `speed` seconds per real second; 0: stopped.

    It is computed from when it was last set, by the underlying clock. It never returns a time before `started`, when
    the market does not exist yet, and, if `never_ahead`, none after the underlying clock's.
    """

    def __init__(
        self,
        clock: Clock,
        started: datetime,
        since: datetime | None = None,
        speed: float = 1.0,
        *,
        never_ahead: bool = False,
    ) -> None:
        self._clock = clock
        self._started = started
        self._never_ahead = never_ahead
        self.speed = speed
        self._set_at = clock.now()
        self._since = since or self._set_at

    def now(self) -> datetime:
        """The market's time, in whole seconds."""
        now = self._clock.now()
        time = self._since + (now - self._set_at) * self.speed
        if self._never_ahead:
            time = min(time, now)
        return as_utc(max(time, self._started)).replace(microsecond=0)

    def set(self, time: datetime | None = None, speed: float | None = None) -> None:
        """Set another time, or continue at another speed."""
        self._since, self._set_at = time or self.now(), self._clock.now()
        self.speed = self.speed if speed is None else speed
