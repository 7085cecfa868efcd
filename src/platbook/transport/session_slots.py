"""Session slots: the concurrent sessions that a source allows for one login, as a distributed semaphore.

Each slot is a lease in PostgreSQL, which its holder renews; the lease of a crashed worker expires. Other limits of
concurrency use slots of another kind. Some sources lock the account when a login opens one session too many, so a
holder that cannot prove that its lease is in force stops in time: its deadline is counted from before each renewal was
sent, and comes before the expiry in the database.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from platbook.base.errors import LoginSlotTaken, SessionSlotLost
from platbook.base.ids import new_id
from platbook.base.log import get_log
from platbook.db import Database, load_queries
from platbook.db.errors import OperationalError

Q = load_queries("platbook.transport")

LEASE = timedelta(seconds=60)

SESSION = "session"
"""The kind of slot that a logged-in session takes."""

Params = Mapping[str, object]

_LOG = get_log("transport")
_USABLE_SHARE = 5 / 6  # the rest of a lease is for stopping and logging out
_POLL_SECONDS = 1.0
_NO_WAIT = timedelta(0)
_WAITING_LEASE = timedelta(seconds=5)
_MAX_WAITING = 1000


@dataclass(frozen=True, slots=True)
class SessionSlot:
    """A slot that is held, by its number (1 is the first)."""

    provider_id: str
    kind: str
    number: int
    holder: UUID
    lease: timedelta
    deadline: asyncio.Timeout
    """When the holder must have stopped; every renewal moves it on."""

    @property
    def is_lost(self) -> bool:
        """Whether the lease expired or was taken over; the block is then being cancelled."""
        when = self.deadline.when()
        return when is not None and asyncio.get_running_loop().time() >= when


@asynccontextmanager
async def session_slot(
    database: Database,
    provider_id: str,
    max_concurrency: int,
    *,
    kind: str = SESSION,
    wait: timedelta = _NO_WAIT,
    lease: timedelta = LEASE,
    yields: bool = False,
) -> AsyncGenerator[SessionSlot]:
    """Hold one of a provider's slots of a kind for the block. LoginSlotTaken if none is free within `wait`.

    `yields`: take none while somebody else waits for one, who gets the next that becomes free.

    If the lease cannot be renewed, the block is cancelled where it waits, and SessionSlotLost is raised instead.
    """
    holder = new_id()
    params: Params = {
        "provider_id": provider_id,
        "kind": kind,
        "slots": max_concurrency,
        "holder": holder,
        "lease": lease,
        "yields": yields,
    }
    number, requested_at = await _wait_for_slot(database, params, max_concurrency, wait)
    deadline = asyncio.timeout_at(requested_at + lease.total_seconds() * _USABLE_SHARE)
    slot = SessionSlot(provider_id, kind, number, holder, lease, deadline)
    try:
        async with deadline:
            renewal = asyncio.create_task(_renew_until_lost(database, slot))
            try:
                yield slot
            finally:
                renewal.cancel()
                await asyncio.wait([renewal])
    except TimeoutError:
        if not deadline.expired():
            raise
        raise _slot_lost(provider_id) from None
    finally:
        await _release(database, slot)


async def _wait_for_slot(database: Database, params: Params, slots: int, wait: timedelta) -> tuple[int, float]:
    """Acquire a slot: its number, and the loop's time before the request for it was sent."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + wait.total_seconds()
    place = _WaitingPlace(database, params)
    try:
        while True:
            requested_at = loop.time()
            number = await _acquire(database, params, slots)
            if number is not None:
                return number, requested_at
            left = give_up_at - loop.time()
            if left <= 0:
                raise LoginSlotTaken(f"all sessions that {params['provider_id']} allows are in use")
            await place.keep()
            await asyncio.sleep(min(left, _POLL_SECONDS * random.uniform(0.5, 1)))  # noqa: S311 - not a secret
    finally:
        await place.leave()


class _WaitingPlace:
    """Tells those who yield that somebody waits for a slot, by a short lease of its own."""

    def __init__(self, database: Database, params: Params) -> None:
        self._database = database
        self._params = {**params, "kind": f"{params['kind']} waiting", "slots": _MAX_WAITING, "lease": _WAITING_LEASE}
        self._number: int | None = None

    async def keep(self) -> None:
        """Take the place, or extend its lease."""
        async with self._database.transaction() as connection:
            if self._number is not None and await connection.run(Q.renew_slot, {**self._params, "seat": self._number}):
                return
            self._number = await connection.value(int, Q.acquire_slot, {**self._params, "yields": False})

    async def leave(self) -> None:
        """End the lease; it ends by itself where the database cannot be reached."""
        if self._number is None:
            return
        with contextlib.suppress(OperationalError):
            async with self._database.transaction() as connection:
                await connection.run(Q.release_slot, {**self._params, "seat": self._number})


async def _acquire(database: Database, params: Params, slots: int) -> int | None:
    # An attempt that fails although a slot was free lost it to another holder, so there are as many as slots.
    for _ in range(slots):
        async with database.transaction() as connection:
            number = await connection.value(int, Q.acquire_slot, params)
        if number is not None:
            return number
    return None


async def _renew_until_lost(database: Database, slot: SessionSlot) -> None:
    """Renew until cancelled or lost. While the database cannot be reached, try again until the deadline."""
    loop = asyncio.get_running_loop()
    while not slot.is_lost:
        await asyncio.sleep(slot.lease.total_seconds() / 3)
        requested_at = loop.time()
        try:
            renewed = await _update_lease(database, slot, renew=True)
        except OperationalError:
            _LOG.warning("session slot not renewed", provider=slot.provider_id, slot=slot.number)
            continue
        if slot.is_lost:
            return
        expires_at = requested_at + slot.lease.total_seconds() * _USABLE_SHARE
        slot.deadline.reschedule(expires_at if renewed else loop.time())


async def _release(database: Database, slot: SessionSlot) -> None:
    try:
        await _update_lease(database, slot, renew=False)
    except OperationalError:  # the lease expires by itself
        _LOG.warning("session slot not released", provider=slot.provider_id, slot=slot.number)


async def _update_lease(database: Database, slot: SessionSlot, *, renew: bool) -> bool:
    params = {
        "provider_id": slot.provider_id,
        "kind": slot.kind,
        "seat": slot.number,
        "holder": slot.holder,
        "lease": slot.lease,
    }
    async with database.transaction() as connection:
        return await connection.run(Q.renew_slot if renew else Q.release_slot, params) > 0


def _slot_lost(provider_id: str) -> SessionSlotLost:
    return SessionSlotLost(f"the session at {provider_id} lost its slot")
