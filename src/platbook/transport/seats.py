"""Seats: the sessions a source allows at once for one login, and other things counted so, each a lease in PostgreSQL.

Some sources freeze the account of a login's second session, so who cannot prove that the lease still stands stops in
time: the holder's deadline is counted from before each renewal was sent, and comes before the database's.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from platbook.base.errors import LoginSlotTaken
from platbook.base.ids import new_id
from platbook.base.log import get_log
from platbook.db import Database, load_queries
from platbook.db.errors import OperationalError

Q = load_queries("platbook.transport")

LEASE = timedelta(seconds=60)

SESSION = "session"
"""The kind of seat a logged-in session needs."""

Params = Mapping[str, object]

_LOG = get_log("transport")
_USABLE_SHARE = 5 / 6  # the rest of a lease is for stopping and logging out
_SECONDS_BETWEEN_LOOKS = 1.0
_NO_WAIT = timedelta(0)


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat that is held, by its number (1 is the first)."""

    provider_id: str
    kind: str
    number: int
    holder: UUID
    lease: timedelta
    limit: asyncio.Timeout
    """When the holder must have stopped; moved on by every renewal."""

    @property
    def lost(self) -> bool:
        """Whether the lease ran out or was taken over; the block is then being cancelled."""
        when = self.limit.when()
        return when is not None and asyncio.get_running_loop().time() >= when

    def ensure(self) -> None:
        """Do nothing while the seat is held; LoginSlotTaken once it is lost."""
        if self.lost:
            raise LoginSlotTaken(f"the session at {self.provider_id} lost its seat")


@asynccontextmanager
async def seat(
    database: Database,
    provider_id: str,
    max_concurrency: int,
    *,
    kind: str = SESSION,
    wait: timedelta = _NO_WAIT,
    lease: timedelta = LEASE,
) -> AsyncGenerator[Seat]:
    """Hold one of a provider's seats of a kind for the block. LoginSlotTaken if none is free within `wait`.

    If the lease cannot be kept, the block is cancelled where it waits and LoginSlotTaken is raised in its stead.
    """
    holder = new_id()
    params: Params = {
        "provider_id": provider_id,
        "kind": kind,
        "seats": max_concurrency,
        "holder": holder,
        "lease": lease,
    }
    number, asked = await _wait_for_seat(database, params, max_concurrency, wait)
    limit = asyncio.timeout_at(asked + lease.total_seconds() * _USABLE_SHARE)
    held = Seat(provider_id, kind, number, holder, lease, limit)
    try:
        async with limit:
            renewal = asyncio.create_task(_keep(database, held))
            try:
                yield held
            finally:
                renewal.cancel()
                await asyncio.wait([renewal])
    except TimeoutError:
        if not limit.expired():
            raise
        raise LoginSlotTaken(f"the session at {provider_id} lost its seat") from None
    finally:
        await _give_back(database, held)


async def _wait_for_seat(database: Database, params: Params, seats: int, wait: timedelta) -> tuple[int, float]:
    """Take a seat: its number, and the loop's time before it was asked for."""
    loop = asyncio.get_running_loop()
    last_look = loop.time() + wait.total_seconds()
    while True:
        asked = loop.time()
        number = await _take_seat(database, params, seats)
        if number is not None:
            return number, asked
        left = last_look - loop.time()
        if left <= 0:
            raise LoginSlotTaken(f"all sessions that {params['provider_id']} allows are in use")
        await asyncio.sleep(min(left, _SECONDS_BETWEEN_LOOKS * random.uniform(0.5, 1)))  # noqa: S311 - not a secret


async def _take_seat(database: Database, params: Params, seats: int) -> int | None:
    # A try that comes to nothing although a seat was free lost it to another holder, so there are as many as seats.
    for _ in range(seats):
        async with database.transaction() as connection:
            number = await connection.value(int, Q.take_seat, params)
        if number is not None:
            return number
    return None


async def _keep(database: Database, held: Seat) -> None:
    """Renew until cancelled or lost. A database that is away for a moment is asked again."""
    loop = asyncio.get_running_loop()
    while not held.lost:
        await asyncio.sleep(held.lease.total_seconds() / 3)
        asked = loop.time()
        try:
            renewed = await _touch(database, held, renew=True)
        except OperationalError:
            _LOG.warning("seat not renewed", provider=held.provider_id, seat=held.number)
            continue
        if held.lost:
            return
        held.limit.reschedule(asked + held.lease.total_seconds() * _USABLE_SHARE if renewed else loop.time())


async def _give_back(database: Database, held: Seat) -> None:
    try:
        await _touch(database, held, renew=False)
    except OperationalError:  # the lease ends by itself
        _LOG.warning("seat not given back", provider=held.provider_id, seat=held.number)


async def _touch(database: Database, held: Seat, *, renew: bool) -> bool:
    params = {
        "provider_id": held.provider_id,
        "kind": held.kind,
        "seat": held.number,
        "holder": held.holder,
        "lease": held.lease,
    }
    async with database.transaction() as connection:
        return await connection.run(Q.renew_seat if renew else Q.give_back_seat, params) > 0
