"""Session slots on a real database: acquiring, waiting, and noticing a lost lease."""

import asyncio
import contextlib
from datetime import timedelta

import pytest

from platbook.base.errors import LoginSlotTaken
from platbook.db import Database, Query
from platbook.transport import SessionSlot, session_slot

HOLD_ELSEWHERE = Query(
    "hold_elsewhere",
    "",
    """INSERT INTO source_seats (provider_id, seat, holder, leased_until)
       VALUES ('harbour', %(seat)s, gen_random_uuid(), clock_timestamp() + %(lease)s)
       ON CONFLICT (provider_id, kind, seat)
       DO UPDATE SET holder = excluded.holder, leased_until = excluded.leased_until""",
)
COUNT = Query("count", "", "SELECT count(*) FROM source_seats")
SECONDS_LEFT = Query(
    "left", "", "SELECT max(extract(epoch FROM leased_until - clock_timestamp())::float8) FROM source_seats"
)

HOUR = timedelta(hours=1)
SHORT = timedelta(seconds=0.3)


async def hold_elsewhere(database: Database, number: int, lease: timedelta) -> None:
    async with database.transaction() as connection:
        await connection.run(HOLD_ELSEWHERE, {"seat": number, "lease": lease})


async def count(database: Database) -> int | None:
    async with database.read() as connection:
        return await connection.value(int, COUNT)


async def test_a_third_session_waits_until_one_of_two_slots_is_released(sources: Database) -> None:
    async with session_slot(sources, "harbour", 2) as first:
        async with session_slot(sources, "harbour", 2) as second:
            assert (first.number, second.number) == (1, 2)
            with pytest.raises(LoginSlotTaken):
                async with session_slot(sources, "harbour", 2):
                    pass
        async with session_slot(sources, "harbour", 2) as third:
            assert third.number == 2
    assert await count(sources) == 0


async def test_of_many_concurrent_holders_as_many_as_there_are_slots_get_one(sources: Database) -> None:
    all_tried = asyncio.Event()
    outcomes: list[int | None] = []

    def add_outcome(outcome: int | None) -> None:
        outcomes.append(outcome)
        if len(outcomes) == 8:
            all_tried.set()

    async def try_slot() -> None:
        try:
            async with session_slot(sources, "harbour", 3) as held:
                add_outcome(held.number)
                await all_tried.wait()
        except LoginSlotTaken:
            add_outcome(None)

    await asyncio.gather(*(try_slot() for _ in range(8)))
    assert sorted(number for number in outcomes if number) == [1, 2, 3]


async def test_a_waiting_holder_gets_the_slot_that_is_released(sources: Database) -> None:
    async with session_slot(sources, "harbour", 1):
        waiting = asyncio.create_task(hold_once(sources, wait=timedelta(seconds=30)))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    assert await waiting == 1


async def hold_once(database: Database, wait: timedelta) -> int:
    async with session_slot(database, "harbour", 1, wait=wait) as held:
        return held.number


async def test_an_expired_lease_is_taken_over(sources: Database) -> None:
    await hold_elsewhere(sources, 1, timedelta(seconds=-1))
    async with session_slot(sources, "harbour", 1) as held:
        assert held.number == 1
        assert not held.is_lost


async def test_a_slot_above_a_lowered_limit_still_counts(sources: Database) -> None:
    await hold_elsewhere(sources, 2, HOUR)
    with pytest.raises(LoginSlotTaken):
        await hold_once(sources, timedelta(0))


async def test_a_lease_is_renewed_while_the_slot_is_held(sources: Database) -> None:
    lease = timedelta(seconds=1.5)
    async with session_slot(sources, "harbour", 1, lease=lease) as held:
        first_deadline = held.deadline.when()
        while held.deadline.when() == first_deadline:
            await asyncio.sleep(0.02)
        assert not held.is_lost
        async with sources.read() as connection:
            left = await connection.value(float, SECONDS_LEFT)
    assert left is not None
    assert left > 1, "a renewed lease has nearly its full length"


async def test_a_holder_that_lost_its_slot_is_cancelled_and_leaves_the_new_lease_alone(sources: Database) -> None:
    slots: list[SessionSlot] = []

    async def talk() -> None:
        async with session_slot(sources, "harbour", 1, lease=SHORT) as held:
            slots.append(held)
            await hold_elsewhere(sources, 1, HOUR)
            await asyncio.sleep(30)

    with pytest.raises(LoginSlotTaken, match="lost its slot"):
        await talk()
    assert slots[0].is_lost
    assert await count(sources) == 1, "the new holder's"


@pytest.mark.usefixtures("sources")
async def test_a_holder_that_cannot_renew_stops_before_the_lease_expires(database_url: str) -> None:
    async def talk(starved: Database) -> None:
        # The block holds the only connection, so that renewals wait for ever.
        async with session_slot(starved, "harbour", 1, lease=SHORT), starved.transaction():
            await asyncio.sleep(30)

    async with Database.open(database_url, size=1) as starved:
        with pytest.raises(LoginSlotTaken, match="lost its slot"):
            await talk(starved)


async def test_an_error_in_the_block_releases_the_slot_and_propagates(sources: Database) -> None:
    with pytest.raises(TimeoutError, match="its own"):
        async with session_slot(sources, "harbour", 1):
            raise TimeoutError("its own")
    assert await count(sources) == 0


async def test_who_waits_gets_the_next_slot_before_those_who_yield(sources: Database) -> None:
    held = [asyncio.Event(), asyncio.Event()]
    taken: list[str] = []

    async def work(release: asyncio.Event) -> None:
        async with session_slot(sources, "harbour", 2, yields=True):
            await release.wait()

    async def run() -> None:
        async with session_slot(sources, "harbour", 2, wait=timedelta(seconds=20)):
            taken.append("run")

    photos = [asyncio.create_task(work(one)) for one in held]
    while await count(sources) != 2:
        await asyncio.sleep(0.01)
    waiting = asyncio.create_task(run())
    while await count(sources) != 3:
        await asyncio.sleep(0.01)
    held[0].set()
    await photos[0]
    while not taken:
        with contextlib.suppress(LoginSlotTaken):
            async with session_slot(sources, "harbour", 2, yields=True):
                taken.append("photos")
        await asyncio.sleep(0.01)
    await waiting
    held[1].set()
    await photos[1]
    async with session_slot(sources, "harbour", 2, yields=True):
        pass
    assert taken[0] == "run"
    assert await count(sources) == 0, "nothing is left of the wait"


async def test_a_slot_leased_by_a_clock_that_was_ahead_is_free(sources: Database) -> None:
    await hold_elsewhere(sources, 1, timedelta(days=400))
    async with session_slot(sources, "harbour", 1) as slot:
        assert slot.number == 1
