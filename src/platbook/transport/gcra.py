"""Rate limits of a provider's photos in PostgreSQL: requests or bytes per period, shared by all workers.

The algorithm is GCRA (generic cell rate algorithm, ITU-T I.371), equivalent to a leaky bucket as a meter. The state is
one timestamp per limit, the theoretical arrival time, which every unit moves on by its emission interval. A share of
the limit may be used as a burst after an idle time; the rest is spread evenly over the period, so that no window of
that length ever holds more than the limit. A unit is taken when it is used, never reserved ahead: a worker that wakes
up late does not come too close to the next one. The cost of a request in bytes is known only afterwards: it may leave
while anything is left, and its cost is charged then.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from platbook.base.errors import RateLimited
from platbook.db import Database, load_queries
from platbook.transport.instrumentation import TimeSource
from platbook.transport.rate_limit import MAX_WAIT

Q = load_queries("platbook.transport")

_MIN_SLEEP_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class _Exhausted:
    """A limit that is used up `until` a time, which is `seconds` from now by the database's clock."""

    until: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class DownloadRateLimits:
    """Limits of a provider's photo downloads; None: no limit of their own."""

    requests_per_second: float | None = None
    requests_per_hour: int | None = None
    bytes_per_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """`limit` units in each `period`.

    `burst_share` is the share of them that may be used without a pause, `safety_margin` the share that is never used,
    which allows for the jitter of the network.
    """

    limit: float
    period: timedelta
    burst_share: float = 0
    safety_margin: float = 0

    @property
    def burst(self) -> timedelta:
        """The burst tolerance, as time."""
        return self.period * self.burst_share

    @property
    def emission_interval(self) -> timedelta:
        """The time one unit takes."""
        return self.period / (self.limit * (1 - self.burst_share - self.safety_margin))


class GcraLimiter:
    """One limit of one provider, under a name of its own."""

    def __init__(self, database: Database, provider_id: str, name: str, rate: Rate, time_source: TimeSource) -> None:
        self._database = database
        self._time_source = time_source
        self._key = {"provider_id": provider_id, "name": name, "burst": rate.burst}
        self._interval = rate.emission_interval

    async def acquire(self) -> None:
        """Wait until one unit may be used, and use it. RateLimited if that takes longer than `MAX_WAIT`."""
        params = {**self._key, "cost": self._interval}
        while True:
            async with self._database.transaction() as connection:
                if await connection.value(bool, Q.acquire_budget, params):
                    return
            await self.wait_available()

    async def wait_available(self) -> None:
        """Wait until any units are left, and use none. RateLimited if that takes longer than `MAX_WAIT`."""
        while (exhausted := await self._find_exhausted()) is not None:
            if exhausted.seconds > MAX_WAIT.total_seconds():
                raise RateLimited("the rate limit for this provider's photos is used up", not_before=exhausted.until)
            jitter = 1 + self._time_source.random() / 10
            await self._time_source.sleep(max(exhausted.seconds, _MIN_SLEEP_SECONDS) * jitter)

    async def charge(self, units: int) -> None:
        """Count units that were used, even beyond the limit."""
        async with self._database.transaction() as connection:
            await connection.run(Q.charge_budget, {**self._key, "cost": self._interval * units})

    async def pause(self, duration: timedelta) -> None:
        """Let no worker use this limit for `duration`."""
        params = {**self._key, "burst": timedelta(0), "cost": duration}
        async with self._database.transaction() as connection:
            await connection.run(Q.charge_budget, params)

    async def _find_exhausted(self) -> _Exhausted | None:
        async with self._database.read() as connection:
            return await connection.first(_Exhausted, Q.get_exhausted_budget, self._key)
