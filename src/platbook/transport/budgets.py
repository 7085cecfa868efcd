"""Further budgets of a provider, in PostgreSQL like its quota: so many requests or bytes in a time, for all workers.

A budget is kept as the moment up to which it is spent (GCRA). A share of it may be used at once after a quiet time, and
the rest is spread over what is left of it, so that no stretch of its period ever holds more than is allowed. A turn is
taken when it is used and never before: who wakes up late does not come too close to the next. What a request will cost
in bytes is known afterwards: it may leave while anything is left, and what it cost is then noted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from platbook.base.errors import RateLimited
from platbook.db import Database, load_queries
from platbook.transport.quota import PATIENCE
from platbook.transport.timing import Timing

Q = load_queries("platbook.transport")

_LEAST_SLEEP = 0.001


@dataclass(frozen=True, slots=True)
class _Spent:
    until: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a provider's photos may use; None: not limited by itself."""

    requests_per_second: float | None = None
    requests_per_hour: int | None = None
    bytes_per_hour: int | None = None


class Budget:
    """`limit` units in each `period`, for one provider, under a name of its own.

    `at_once` is the share that may be used without a pause, `kept_back` the share that is never used: room for what
    the way to the source adds.
    """

    def __init__(  # noqa: PLR0913 - one parameter for each thing a budget is made of
        self,
        database: Database,
        provider_id: str,
        name: str,
        timing: Timing,
        *,
        limit: float,
        period: timedelta,
        at_once: float = 0,
        kept_back: float = 0,
    ) -> None:
        self._database = database
        self._timing = timing
        self._key = {"provider_id": provider_id, "name": name, "slack": period * at_once}
        self._unit = period / (limit * (1 - at_once - kept_back))

    async def wait_turn(self) -> None:
        """Wait until one unit may be used, and use it. RateLimited where that is longer than is waited for."""
        params = {**self._key, "share": self._unit}
        while True:
            async with self._database.transaction() as connection:
                if await connection.value(bool, Q.take_budget, params):
                    return
            await self.wait_left()

    async def wait_left(self) -> None:
        """Wait until something is left. RateLimited where that is longer than is waited for."""
        while (spent := await self._find_spent()) is not None:
            if spent.seconds > PATIENCE.total_seconds():
                raise _to_error(spent)
            await self._timing.sleep(max(spent.seconds, _LEAST_SLEEP) * (1 + self._timing.draw() / 10))

    async def spend(self, units: int) -> None:
        """Note what was used."""
        async with self._database.transaction() as connection:
            await connection.run(Q.spend_budget, {**self._key, "share": self._unit * units})

    async def close(self, duration: timedelta) -> None:
        """Let no worker use this budget for `duration`."""
        params = {**self._key, "slack": timedelta(0), "share": duration}
        async with self._database.transaction() as connection:
            await connection.run(Q.spend_budget, params)

    async def _find_spent(self) -> _Spent | None:
        async with self._database.read() as connection:
            return await connection.first(_Spent, Q.get_budget, self._key)


def _to_error(spent: _Spent) -> RateLimited:
    return RateLimited("the provider's budget is spent for now", not_before=spent.until)
