"""The rate limit in PostgreSQL: asserted are the times the database reserves, not the time that passes."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from crafted_source import Slept

from platbook.base.errors import RateLimited
from platbook.db import Database, Query
from platbook.transport import SourceRateLimiter, TimeSource

SECOND = timedelta(seconds=1)
END_PAUSES = Query("end_pauses", "", "UPDATE source_quotas SET closed_until = clock_timestamp()")
ADVANCE_TIME = Query("advance_time", "", "UPDATE source_quotas SET next_request_at = next_request_at - %(by)s")


async def run(database: Database, statement: Query, **params: object) -> None:
    async with database.transaction() as connection:
        await connection.run(statement, params)


MakeLimiter = Callable[[float | None], SourceRateLimiter]


@pytest.fixture
def make_limiter(sources: Database, slept: Slept) -> MakeLimiter:
    return lambda rate: SourceRateLimiter(sources, "harbour", rate, slept.time_source())


async def test_two_workers_share_one_limit(make_limiter: MakeLimiter) -> None:
    limiters = [make_limiter(1), make_limiter(1)]
    hour = timedelta(hours=1)
    reserved = await asyncio.gather(*(limiters[number % 2].reserve(hour) for number in range(8)))
    assert [round(seconds / 3600) for seconds in sorted(reserved)] == list(range(8))


async def test_idle_time_gives_no_burst(sources: Database, make_limiter: MakeLimiter) -> None:
    limiter = make_limiter(1)
    await limiter.reserve(SECOND)
    await run(sources, ADVANCE_TIME, by=timedelta(days=1))
    reserved = [await limiter.reserve(timedelta(hours=1)) for _ in range(3)]
    assert [round(seconds / 3600) for seconds in reserved] == [0, 1, 2]


async def test_a_request_sleeps_until_its_reserved_time(make_limiter: MakeLimiter, slept: Slept) -> None:
    limiter = make_limiter(0.1)
    for _ in range(3):
        await limiter.acquire()
    assert [round(seconds / 10) for seconds in slept.seconds] == [1, 2]


@pytest.mark.parametrize("rate", [None, 100])
async def test_every_worker_waits_for_a_short_pause_and_puts_work_off_for_a_long_one(
    sources: Database, make_limiter: MakeLimiter, slept: Slept, rate: float | None
) -> None:
    paused, other = make_limiter(rate), make_limiter(rate)
    slept.then = lambda: run(sources, END_PAUSES)
    await paused.pause(timedelta(seconds=20))
    await other.acquire()
    assert 15 < slept.seconds[0] <= 20
    pause = await paused.pause(timedelta(hours=1))
    for limiter in (paused, make_limiter(rate)):
        with pytest.raises(RateLimited) as limited:
            await limiter.acquire()
        assert limited.value.not_before == pause.until


async def test_a_longer_pause_stays_in_force(make_limiter: MakeLimiter) -> None:
    limiter = make_limiter(None)
    long = await limiter.pause(timedelta(hours=1))
    assert (await limiter.pause(SECOND)).until == long.until


async def test_a_request_that_sleeps_when_the_source_is_paused_does_not_leave(
    make_limiter: MakeLimiter, slept: Slept
) -> None:
    sleeper, other = make_limiter(0.1), make_limiter(0.1)
    await sleeper.acquire()

    async def pause_source() -> None:
        await other.pause(timedelta(hours=1))

    slept.then = pause_source
    with pytest.raises(RateLimited):
        await sleeper.acquire()


async def test_a_pause_is_read_at_most_once_a_second_without_a_rate_limit(sources: Database, slept: Slept) -> None:
    now = 100.0
    limiter = SourceRateLimiter(
        sources, "harbour", None, TimeSource(sleep=slept.sleep, random=lambda: 0.5, monotonic=lambda: now)
    )
    await limiter.acquire()
    await SourceRateLimiter(sources, "harbour", None, slept.time_source()).pause(timedelta(hours=1))
    now += 0.9
    await limiter.acquire()
    now += 0.2
    with pytest.raises(RateLimited):
        await limiter.acquire()


async def test_a_time_reserved_by_a_clock_that_was_ahead_is_not_waited_for(
    sources: Database, make_limiter: MakeLimiter
) -> None:
    limiter = make_limiter(1)
    await limiter.reserve(SECOND)
    await run(sources, ADVANCE_TIME, by=-timedelta(days=400))
    assert round(await limiter.reserve(SECOND)) == 0
    assert round(await limiter.reserve(SECOND)) == 1
