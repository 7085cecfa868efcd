"""A provider's budget of requests, in PostgreSQL: shared by all workers, kept over restarts.

The budget is GCRA (a leaky bucket kept as one moment): each request moves "the next request may leave at" on by one
interval and itself leaves when its turn comes. A source that says "not before …" closes the budget for every worker.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from platbook.base.clock import Clock
from platbook.base.errors import RateLimited
from platbook.db import Database, load_queries
from platbook.transport.timing import Timing

Q = load_queries("platbook.transport")

PATIENCE = timedelta(seconds=30)
"""How long a closed source is waited for; beyond that the work is put off."""

_OPEN_KNOWN_FOR = 1.0


@dataclass(frozen=True, slots=True)
class Closing:
    """A source that is closed `until` a moment, which is `seconds` from now by the database's clock."""

    until: datetime
    seconds: float


class Quota:
    """The budget of one provider. `requests_per_second` None: only closings are obeyed, read at most once a second."""

    def __init__(self, database: Database, provider_id: str, requests_per_second: float | None, timing: Timing) -> None:
        self._database = database
        self._provider_id = provider_id
        self._interval = None if requests_per_second is None else timedelta(seconds=1 / requests_per_second)
        self._timing = timing
        self._open_until = float("-inf")

    async def wait_turn(self) -> None:
        """Wait until one request may leave. RateLimited if the source is closed for longer than is waited for."""
        if self._interval is None:
            while (seconds := await self._seconds_to_opening()) > 0:
                await self._timing.sleep(seconds)
            return
        while (seconds := await self.take_turn(self._interval)) > 0:
            await self._timing.sleep(seconds)
            if await self._find_closing() is None:
                return  # else another worker was told to stay away while this one slept: queue again

    async def take_turn(self, interval: timedelta) -> float:
        """Reserve the next turn, `interval` after the one before; how many seconds it is away (0 or less: now)."""
        params = {"provider_id": self._provider_id, "interval": interval, "patience": PATIENCE}
        async with self._database.transaction() as connection:
            seconds = await connection.value(float, Q.take_turn, params)
        # No turn: the source is closed for long, unless it was opened between the two statements.
        return await self._seconds_to_opening() if seconds is None else seconds

    async def close(self, duration: timedelta) -> Closing:
        """Let no worker send to this source for `duration`; what stands now, which may be longer."""
        self._open_until = float("-inf")
        params = {"provider_id": self._provider_id, "duration": duration}
        async with self._database.transaction() as connection:
            return await connection.one(Closing, Q.close_source, params)

    async def _seconds_to_opening(self) -> float:
        if self._timing.monotonic() < self._open_until:
            return 0
        closing = await self._find_closing()
        if closing is None:
            self._open_until = self._timing.monotonic() + _OPEN_KNOWN_FOR
            return 0
        if closing.seconds > PATIENCE.total_seconds():
            raise RateLimited("the source asked to be left alone for now", not_before=closing.until)
        return closing.seconds

    async def _find_closing(self) -> Closing | None:
        async with self._database.read() as connection:
            return await connection.first(Closing, Q.get_closing, {"provider_id": self._provider_id})


class NoQuota:
    """Of a service that is asked now and then and is no source: nothing is counted, its word to stay away is kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._closing: Closing | None = None

    async def wait_turn(self) -> None:
        """Let a request leave. RateLimited if the service said not now."""
        if self._closing is not None and self._clock.now() < self._closing.until:
            raise RateLimited("the service asked to be left alone for now", not_before=self._closing.until)

    async def close(self, duration: timedelta) -> Closing:
        """The service is to be left alone."""
        self._closing = Closing(self._clock.now() + duration, duration.total_seconds())
        return self._closing
