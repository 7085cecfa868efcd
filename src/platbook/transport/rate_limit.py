"""The request rate limit of a source, in PostgreSQL: shared by all workers, kept over restarts.

The algorithm is GCRA in its virtual scheduling form (a leaky bucket as a queue, without burst): each request reserves
the next free time, moves "the next request may leave at" on by one interval, and leaves when its time comes. A source
that sends Retry-After (RFC 9110 section 10.2.3) is paused for every worker.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from platbook.base.clock import Clock
from platbook.base.errors import RateLimited
from platbook.db import Database, load_queries
from platbook.transport.instrumentation import TimeSource

Q = load_queries("platbook.transport")

MAX_WAIT = timedelta(seconds=30)
"""How long a paused source is waited for; RateLimited puts off work that would wait longer."""

_NO_PAUSE_CACHE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SourcePause:
    """A source that is paused `until` a time, which is `seconds` from now by the database's clock."""

    until: datetime
    seconds: float


class SourceRateLimiter:
    """Limits the requests to one provider.

    `requests_per_second` None: there is no rate limit; pauses are obeyed, and read at most once a second.
    """

    def __init__(
        self, database: Database, provider_id: str, requests_per_second: float | None, time_source: TimeSource
    ) -> None:
        self._database = database
        self._provider_id = provider_id
        self._interval = None if requests_per_second is None else timedelta(seconds=1 / requests_per_second)
        self._time_source = time_source
        self._no_pause_until = float("-inf")

    async def acquire(self) -> None:
        """Wait until one request may leave. RateLimited if the source is paused for longer than `MAX_WAIT`."""
        if self._interval is None:
            while (seconds := await self._seconds_paused()) > 0:
                await self._time_source.sleep(seconds)
            return
        while (seconds := await self.reserve(self._interval)) > 0:
            await self._time_source.sleep(seconds)
            if await self._find_pause() is None:
                return  # else another worker paused the source while this one slept: queue again

    async def reserve(self, interval: timedelta) -> float:
        """Reserve a time `interval` after the last one reserved; in how many seconds it comes (0 or less: now)."""
        params = {"provider_id": self._provider_id, "interval": interval, "max_wait": MAX_WAIT}
        async with self._database.transaction() as connection:
            seconds = await connection.value(float, Q.reserve_request, params)
        # None: the source is paused for longer than MAX_WAIT, unless the pause ended between the two statements.
        return await self._seconds_paused() if seconds is None else seconds

    async def pause(self, duration: timedelta) -> SourcePause:
        """Let no worker send to this source for `duration`; the pause in force now, which may be longer."""
        self._no_pause_until = float("-inf")
        params = {"provider_id": self._provider_id, "duration": duration}
        async with self._database.transaction() as connection:
            return await connection.one(SourcePause, Q.pause_source, params)

    async def _seconds_paused(self) -> float:
        if self._time_source.monotonic() < self._no_pause_until:
            return 0
        pause = await self._find_pause()
        if pause is None:
            self._no_pause_until = self._time_source.monotonic() + _NO_PAUSE_CACHE_SECONDS
            return 0
        if pause.seconds > MAX_WAIT.total_seconds():
            raise RateLimited("the source asked to send no requests for now", not_before=pause.until)
        return pause.seconds

    async def _find_pause(self) -> SourcePause | None:
        async with self._database.read() as connection:
            return await connection.first(SourcePause, Q.get_pause, {"provider_id": self._provider_id})


class RetryAfterLimiter:
    """Obeys Retry-After of a service other than a listing source; nothing else limits its requests.

    The pause is kept in this process alone.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pause: SourcePause | None = None

    async def acquire(self) -> None:
        """Let a request leave. RateLimited while the service is paused."""
        if self._pause is not None and self._clock.now() < self._pause.until:
            raise RateLimited("the service asked to send no requests for now", not_before=self._pause.until)

    async def pause(self, duration: timedelta) -> SourcePause:
        """Send nothing to the service for `duration`."""
        self._pause = SourcePause(self._clock.now() + duration, duration.total_seconds())
        return self._pause
