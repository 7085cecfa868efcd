"""The demo's market: it begins in the past, runs faster than the calendar, and never gets ahead of it."""

from datetime import UTC, datetime, timedelta

import pytest

from platbook.base.clock import SetClock
from platbook.bootstrap.demo import has_caught_up, to_market
from platbook.simulate.clock import MarketClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "behind"),
    [(0, timedelta(days=180)), (1, timedelta(days=165, hours=1)), (12, timedelta(hours=12)), (13, timedelta())],
)
def test_the_demo_s_market_is_behind_the_calendar_and_catches_up(hours: int, behind: timedelta) -> None:
    now = NOW + timedelta(hours=hours)
    market = to_market(50, NOW, now)
    assert market.started == NOW - timedelta(days=180)
    assert market.at is not None
    assert now - market.at == behind
    assert has_caught_up(NOW, now) is (behind == timedelta())


@pytest.mark.parametrize(("never_ahead", "ahead"), [(True, timedelta()), (False, timedelta(hours=8))])
def test_a_market_that_has_caught_up_goes_on_with_the_calendar(*, never_ahead: bool, ahead: timedelta) -> None:
    clock = SetClock(NOW)
    market = MarketClock(clock, NOW - timedelta(days=9), NOW - timedelta(hours=1), 10, never_ahead=never_ahead)
    clock.advance(timedelta(minutes=5))
    assert market.now() == NOW - timedelta(minutes=10)
    clock.advance(timedelta(minutes=55))
    assert market.now() - clock.now() == ahead
