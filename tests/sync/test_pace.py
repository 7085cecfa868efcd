"""When a source is read again: by its interval, and before its copy is older than its display rules allow."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import SourceUnavailable
from platbook.providers.display_rules import RuleKey, RuleSettings
from platbook.sync.reports.status import get_status
from platbook.sync.runs.lifecycle import request_cancel
from platbook.sync.runs.pace import SHORTEST_PAUSE, SWEEP_EVERY, Pace
from platbook.sync.runs.run import SyncType
from platbook.sync.runs.scheduler import find_work
from platbook.sync.setup import change_interval
from platbook.sync.setup.display_rules import replace_display_rules
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig
from tests.sync.test_ages import hide_after

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

PACES: list[tuple[Pace, timedelta, timedelta]] = [
    (Pace(4 * HOUR), 4 * HOUR, SWEEP_EVERY),
    (Pace(24 * HOUR), 24 * HOUR, SWEEP_EVERY),
    (Pace(4 * HOUR, 12 * HOUR), 4 * HOUR, 6 * HOUR),
    (Pace(24 * HOUR, 12 * HOUR), 6 * HOUR, 6 * HOUR),
    (Pace(24 * HOUR, 72 * HOUR), 24 * HOUR, 36 * HOUR),
    (Pace(HOUR, MINUTE), SHORTEST_PAUSE, SHORTEST_PAUSE),
]


@pytest.mark.parametrize(("pace", "longest_pause", "sweeps_every"), PACES)
def test_a_source_is_read_at_half_the_age_at_which_it_is_hidden(
    pace: Pace, longest_pause: timedelta, sweeps_every: timedelta
) -> None:
    assert (pace.longest_pause, pace.sweeps_every) == (longest_pause, sweeps_every)


PAUSES: list[tuple[Pace, Sequence[timedelta | None], timedelta]] = [
    (Pace(4 * HOUR), [None], 4 * HOUR),
    (Pace(4 * HOUR, 12 * HOUR), [timedelta()], 4 * HOUR),
    (Pace(24 * HOUR, 12 * HOUR), [timedelta()], 6 * HOUR),
    (Pace(4 * HOUR, 12 * HOUR), [MINUTE, 3 * HOUR], 3 * HOUR),
    (Pace(4 * HOUR, 12 * HOUR), [MINUTE, 7 * HOUR], SHORTEST_PAUSE),
    (Pace(4 * HOUR, 12 * HOUR), [MINUTE, None], SHORTEST_PAUSE),
    (Pace(4 * HOUR, 12 * HOUR), [MINUTE, -HOUR], SHORTEST_PAUSE),
    (Pace(4 * HOUR, 12 * HOUR), [], SHORTEST_PAUSE),
    (Pace(4 * HOUR, timedelta(days=9_000_000)), [HOUR], 4 * HOUR),
]


@pytest.mark.parametrize(("pace", "ages", "pause"), PAUSES)
def test_the_oldest_reading_decides_when_the_next_run_starts(
    pace: Pace, ages: Sequence[timedelta | None], pause: timedelta
) -> None:
    read_at = [None if age is None else NOW - age for age in ages]
    assert pace.next_run_at(NOW, read_at) - NOW == pause


async def _is_stale(rig: SyncRig, minutes_from: datetime | None = None) -> bool:
    """Whether the provider is stale now, or was at any minute since, while its ages were what they are."""
    sql = (
        "SELECT FROM generate_series(%(since)s::timestamptz, %(until)s, interval '1 minute') AS minute"
        " WHERE 'board' IN (SELECT stale_providers(minute))"
    )
    return bool(await rig.rows(sql, since=minutes_from or rig.clock.now(), until=rig.clock.now()))


async def _next_run_at(rig: SyncRig) -> datetime:
    async with rig.database.read() as connection:
        return (await get_status(connection, "board", rig.clock.now())).next_run_at or rig.clock.now()


async def _live(rig: SyncRig, span: timedelta) -> list[str]:
    """Let the scheduler and a worker go on; the provider must not be stale at any minute. The runs' statuses, by time.

    A page of records takes the source seven minutes, one of keys too. Half a minute passes until the scheduler looks.
    """

    async def take_minutes() -> None:
        for _ in range(7):
            assert not await _is_stale(rig), f"stale in a run, at {rig.clock.now()}"
            rig.clock.advance(MINUTE)

    until = rig.clock.now() + span
    rig.source.wait = take_minutes
    while rig.clock.now() < until:
        idle_from = rig.clock.now()
        rig.clock.at = max(idle_from, await _next_run_at(rig)) + timedelta(seconds=30)
        assert not await _is_stale(rig, idle_from), f"stale before {rig.clock.now()}"
        assert await find_work(rig.database, rig.clock, start_due=True) == ["board"]
        await rig.engine.run_next("board")
    runs = await rig.rows("SELECT status FROM mls_sync_history WHERE parent_id IS NULL ORDER BY queued_at")
    return [str(run["status"]) for run in runs]


@pytest.mark.parametrize(("interval_hours", "most_runs"), [(6, 13), (24, 13), (5.9, 13), (4, 25)])
async def test_a_healthy_provider_is_public_at_every_minute_of_three_days(
    sync_rig: MakeSyncRig, interval_hours: float, most_runs: int
) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")), intervalHours=interval_hours)
    await hide_after(rig, "PT12H")
    await rig.sync()
    statuses = await _live(rig, timedelta(days=3))
    assert set(statuses) == {"success"}
    assert len(statuses) <= most_runs + 1, "and its source is read no oftener than that takes"


async def test_one_rejected_record_for_a_week_hides_nothing(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(
        Source(one_page(listing("1"), listing("2", StandardStatus="?")), all_keys("1", "2")), intervalHours=6
    )
    await rig.sync()
    await hide_after(rig, "PT12H")
    assert set(await _live(rig, timedelta(days=7))) == {"partial"}


async def test_a_run_that_fails_once_is_repeated_in_time(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")), intervalHours=24)
    await hide_after(rig, "PT12H")
    await rig.sync()
    rig.clock.at = await _next_run_at(rig)
    rig.source.login_error = SourceUnavailable("no answer")
    for _ in range(4):
        await rig.sync(SyncType.INCREMENTAL)
    pause = await _next_run_at(rig) - rig.clock.now()
    assert 4 * HOUR < pause < 8 * HOUR, "with a person alerted, it is tried at half the twelve hours, not once a day"


async def test_a_cancelled_run_does_not_come_again_at_once_for_its_age(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")), intervalHours=24)
    await hide_after(rig, "PT12H")
    await rig.sync()
    rig.clock.at = await _next_run_at(rig)
    assert await find_work(rig.database, rig.clock, start_due=True) == ["board"]
    async with rig.database.transaction() as connection:
        await request_cancel(connection, "board", rig.clock.now())
    assert await _next_run_at(rig) == rig.clock.now() + 6 * HOUR


async def test_a_rule_set_later_brings_the_next_run_forward(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")), intervalHours=24)
    await rig.sync()
    began = rig.clock.now()
    assert await _next_run_at(rig) == began + 24 * HOUR
    rig.clock.advance(2 * HOUR)

    async def change(age: str, interval_hours: float) -> datetime:
        rule = RuleKey("board"), RuleSettings.model_validate({"hideWhenStale": age})
        async with rig.database.transaction() as connection:
            await replace_display_rules(connection, "board", [rule], COMMAND_LINE, rig.clock.now())
            await change_interval(connection, "board", interval_hours, COMMAND_LINE, rig.clock.now())
        return await _next_run_at(rig)

    assert await change("PT12H", 24) == began + 6 * HOUR
    assert await change("PT12H", 48) == began + 6 * HOUR, "nor does a longer interval put it off"
    assert await change("PT12H", 4) == began + 4 * HOUR
    assert await change("PT3H", 4) == began + 1.5 * HOUR, "it is due at once"
