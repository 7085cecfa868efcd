"""The budget in PostgreSQL: what is asserted are the turns the database gives out, not the time that passes."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from crafted_source import Slept

from platbook.base.errors import RateLimited
from platbook.db import Database, Query
from platbook.transport import Quota, Timing

SECOND = timedelta(seconds=1)
OPEN_ALL = Query("open_all", "", "UPDATE source_quotas SET closed_until = clock_timestamp()")
PASS_TIME = Query("pass_time", "", "UPDATE source_quotas SET next_request_at = next_request_at - %(by)s")


async def run(database: Database, statement: Query, **params: object) -> None:
    async with database.transaction() as connection:
        await connection.run(statement, params)


MakeQuota = Callable[[float | None], Quota]


@pytest.fixture
def make_quota(sources: Database, slept: Slept) -> MakeQuota:
    return lambda rate: Quota(sources, "harbour", rate, slept.timing())


async def test_two_workers_share_one_budget(make_quota: MakeQuota) -> None:
    quotas = [make_quota(1), make_quota(1)]
    hour = timedelta(hours=1)
    turns = await asyncio.gather(*(quotas[number % 2].take_turn(hour) for number in range(8)))
    assert [round(seconds / 3600) for seconds in sorted(turns)] == list(range(8))


async def test_idle_time_is_not_saved_up(sources: Database, make_quota: MakeQuota) -> None:
    quota = make_quota(1)
    await quota.take_turn(SECOND)
    await run(sources, PASS_TIME, by=timedelta(days=1))
    turns = [await quota.take_turn(timedelta(hours=1)) for _ in range(3)]
    assert [round(seconds / 3600) for seconds in turns] == [0, 1, 2]


async def test_a_request_sleeps_until_its_turn(make_quota: MakeQuota, slept: Slept) -> None:
    quota = make_quota(0.1)
    for _ in range(3):
        await quota.wait_turn()
    assert [round(seconds / 10) for seconds in slept.seconds] == [1, 2]


@pytest.mark.parametrize("rate", [None, 100])
async def test_a_short_closing_is_waited_for_by_all_and_a_long_one_puts_the_work_off(
    sources: Database, make_quota: MakeQuota, slept: Slept, rate: float | None
) -> None:
    told, other = make_quota(rate), make_quota(rate)
    slept.then = lambda: run(sources, OPEN_ALL)
    await told.close(timedelta(seconds=20))
    await other.wait_turn()
    assert 15 < slept.seconds[0] <= 20
    closing = await told.close(timedelta(hours=1))
    for quota in (told, make_quota(rate)):
        with pytest.raises(RateLimited) as limited:
            await quota.wait_turn()
        assert limited.value.not_before == closing.until


async def test_a_longer_closing_is_kept(make_quota: MakeQuota) -> None:
    quota = make_quota(None)
    long = await quota.close(timedelta(hours=1))
    assert (await quota.close(SECOND)).until == long.until


async def test_who_sleeps_when_the_source_closes_does_not_send(make_quota: MakeQuota, slept: Slept) -> None:
    sleeper, told = make_quota(0.1), make_quota(0.1)
    await sleeper.wait_turn()

    async def close() -> None:
        await told.close(timedelta(hours=1))

    slept.then = close
    with pytest.raises(RateLimited):
        await sleeper.wait_turn()


async def test_a_closing_is_read_at_most_once_a_second_where_requests_are_not_limited(
    sources: Database, slept: Slept
) -> None:
    now = 100.0
    quota = Quota(sources, "harbour", None, Timing(sleep=slept.sleep, draw=lambda: 0.5, monotonic=lambda: now))
    await quota.wait_turn()
    await Quota(sources, "harbour", None, slept.timing()).close(timedelta(hours=1))
    now += 0.9
    await quota.wait_turn()
    now += 0.2
    with pytest.raises(RateLimited):
        await quota.wait_turn()
