"""Seats on a real database: who gets one, who must wait, and who must notice that it is gone."""

import asyncio
from datetime import timedelta

import pytest

from platbook.base.errors import LoginSlotTaken
from platbook.db import Database, Query
from platbook.transport import Seat, seat

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


async def test_two_hold_two_seats_and_a_third_gets_none_until_one_is_given_back(sources: Database) -> None:
    async with seat(sources, "harbour", 2) as first:
        async with seat(sources, "harbour", 2) as second:
            assert (first.number, second.number) == (1, 2)
            with pytest.raises(LoginSlotTaken):
                async with seat(sources, "harbour", 2):
                    pass
        async with seat(sources, "harbour", 2) as third:
            assert third.number == 2
    assert await count(sources) == 0


async def test_of_many_who_reach_at_once_as_many_as_there_are_seats_get_one(sources: Database) -> None:
    everyone_reached = asyncio.Event()
    outcomes: list[int | None] = []

    def note(outcome: int | None) -> None:
        outcomes.append(outcome)
        if len(outcomes) == 8:
            everyone_reached.set()

    async def reach() -> None:
        try:
            async with seat(sources, "harbour", 3) as held:
                note(held.number)
                await everyone_reached.wait()
        except LoginSlotTaken:
            note(None)

    await asyncio.gather(*(reach() for _ in range(8)))
    assert sorted(number for number in outcomes if number) == [1, 2, 3]


async def test_who_waits_gets_the_seat_that_is_given_back(sources: Database) -> None:
    async with seat(sources, "harbour", 1):
        waiting = asyncio.create_task(hold_once(sources, wait=timedelta(seconds=30)))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    assert await waiting == 1


async def hold_once(database: Database, wait: timedelta) -> int:
    async with seat(database, "harbour", 1, wait=wait) as held:
        return held.number


async def test_a_lease_that_ran_out_is_taken_over(sources: Database) -> None:
    await hold_elsewhere(sources, 1, timedelta(seconds=-1))
    async with seat(sources, "harbour", 1) as held:
        assert held.number == 1
        assert not held.lost
        held.ensure()


async def test_a_seat_beyond_a_limit_that_was_lowered_still_counts(sources: Database) -> None:
    await hold_elsewhere(sources, 2, HOUR)
    with pytest.raises(LoginSlotTaken):
        await hold_once(sources, timedelta(0))


async def test_a_lease_is_renewed_while_it_is_held(sources: Database) -> None:
    lease = timedelta(seconds=1.5)
    async with seat(sources, "harbour", 1, lease=lease) as held:
        first_limit = held.limit.when()
        while held.limit.when() == first_limit:
            await asyncio.sleep(0.02)
        held.ensure()
        async with sources.read() as connection:
            left = await connection.value(float, SECONDS_LEFT)
    assert left is not None
    assert left > 1, "a renewed lease is nearly whole"


async def test_who_lost_the_seat_is_stopped_and_leaves_the_new_holder_alone(sources: Database) -> None:
    seats: list[Seat] = []

    async def talk() -> None:
        async with seat(sources, "harbour", 1, lease=SHORT) as held:
            seats.append(held)
            await hold_elsewhere(sources, 1, HOUR)
            await asyncio.sleep(30)

    with pytest.raises(LoginSlotTaken, match="lost its seat"):
        await talk()
    assert seats[0].lost
    with pytest.raises(LoginSlotTaken):
        seats[0].ensure()
    assert await count(sources) == 1, "the new holder's"


@pytest.mark.usefixtures("sources")
async def test_who_cannot_renew_stops_before_the_lease_ends(database_url: str) -> None:
    async def talk(starved: Database) -> None:
        # The block holds the only connection, so that renewals wait for ever.
        async with seat(starved, "harbour", 1, lease=SHORT), starved.transaction():
            await asyncio.sleep(30)

    async with Database.open(database_url, size=1) as starved:
        with pytest.raises(LoginSlotTaken, match="lost its seat"):
            await talk(starved)


async def test_an_error_in_the_block_gives_the_seat_back_and_goes_on_as_it_is(sources: Database) -> None:
    with pytest.raises(TimeoutError, match="its own"):
        async with seat(sources, "harbour", 1):
            raise TimeoutError("its own")
    assert await count(sources) == 0
