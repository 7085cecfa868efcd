"""Rate limits of the API: how many requests a minute each caller has, a login's user or an API key.

Counted in each process, since a count shared through the database would cost every request a write: behind several
servers a caller may have as many times the limit.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from platbook.base.actor import Actor, Role
from platbook.base.clock import Clock
from platbook.base.errors import TooManyAttempts

_WINDOW = timedelta(minutes=1)
_MAX_COUNTED = 50_000


@dataclass(slots=True)
class _Window:
    """A caller's requests until `end`."""

    end: datetime
    requests: int = 0


@dataclass(frozen=True, slots=True)
class CallerRate:
    """What a caller has left: of `limit` requests `remaining`, until `reset` seconds from now."""

    limit: int
    remaining: int
    reset: int
    is_exceeded: bool

    def to_headers(self) -> list[tuple[bytes, bytes]]:
        """As response headers (draft-ietf-httpapi-ratelimit-headers-03)."""
        named = ((b"limit", self.limit), (b"remaining", self.remaining), (b"reset", self.reset))
        return [(b"ratelimit-" + name, str(value).encode()) for name, value in named]

    def require(self) -> None:
        """TooManyAttempts where the limit is exceeded."""
        if self.is_exceeded:
            message = f"more than {self.limit} requests in a minute; try again in {self.reset} seconds"
            raise TooManyAttempts(message, retry_after=self.reset)


class CallerRates:
    """Counts the requests of each caller. `per_minute` 0: callers without a limit of their own have none."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._per_minute, self._clock = per_minute, clock
        self._windows: dict[UUID, _Window] = {}

    def count(self, caller: Actor) -> CallerRate | None:
        """Count one request; None where no limit applies."""
        counted_by, limit = caller.key_id or caller.user_id, self._limit_of(caller)
        if counted_by is None or not limit:
            return None
        now = self._clock.now()
        window = self._windows.get(counted_by)
        if window is None or now >= window.end:
            window = self._open(counted_by, now)
        is_exceeded = window.requests >= limit
        window.requests += not is_exceeded
        reset = max(1, math.ceil((window.end - now).total_seconds()))
        return CallerRate(limit, limit - window.requests if limit > window.requests else 0, reset, is_exceeded)

    def _limit_of(self, caller: Actor) -> int:
        """A key's own limit; only an admin's key may have a higher one than the setting's."""
        own, per_minute = caller.rate_per_minute, self._per_minute
        if own is None:
            return per_minute
        return own if caller.role is Role.ADMIN or not per_minute else min(own, per_minute)

    def _open(self, counted_by: UUID, now: datetime) -> _Window:
        if len(self._windows) >= _MAX_COUNTED:
            self._windows = {key: window for key, window in self._windows.items() if now < window.end}
        if len(self._windows) >= _MAX_COUNTED:
            self._windows.clear()
        window = self._windows[counted_by] = _Window(now + _WINDOW)
        return window
