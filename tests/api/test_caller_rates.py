"""How many requests a minute a caller has: by user, by key, and what the headers say."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from platbook.application.caller_rates import CallerRates
from platbook.base.actor import Actor, Role
from platbook.base.clock import SetClock
from platbook.base.settings import Settings
from tests.api.conftest import Api

ME = "/api/v1/auth/me"
START = datetime(2026, 1, 2, 12, tzinfo=UTC)
USER, KEY, OTHER_KEY = (UUID(int=number) for number in (1, 2, 3))


@pytest.fixture
def settings() -> Settings:
    return Settings(platbook_access_token_minutes=1440, platbook_api_rate=3)


async def test_a_caller_beyond_the_limit_waits_for_the_minute_to_end(api: Api) -> None:
    left: list[str] = []
    for _ in range(3):
        answer = await api.call("GET", ME)
        assert (answer.status_code, answer.headers["ratelimit-limit"]) == (200, "3")
        left.append(answer.headers["ratelimit-remaining"])
        api.clock.advance(timedelta(seconds=10))
    assert left == ["2", "1", "0"]
    refused = await api.call("GET", ME)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert (refused.headers["retry-after"], refused.headers["ratelimit-reset"]) == ("30", "30")
    assert refused.headers["ratelimit-remaining"] == "0"
    assert (await api.call("GET", ME, who="agent@example.com")).status_code == 200, "another caller"
    assert "ratelimit-limit" not in (await api.call("GET", "/health/live", who=None)).headers
    api.clock.advance(timedelta(seconds=30))
    assert (await api.call("GET", ME)).status_code == 200


async def test_a_key_has_a_count_and_may_have_a_limit_of_its_own(api: Api) -> None:
    body = {"name": "fast", "scopes": ["listings:read"], "ratePerMinute": 5}
    key = (await api.call("POST", "/api/v1/auth/keys", json=body)).json()["data"]["key"]
    (listed,) = (await api.call("GET", "/api/v1/auth/keys")).json()["data"]["keys"]
    assert listed["ratePerMinute"] == 5
    statuses = [
        (await api.call("GET", "/api/v1/properties", who=None, headers={"Authorization": f"Bearer {key}"})).status_code
        for _ in range(6)
    ]
    assert statuses == [200] * 5 + [429]
    assert (await api.call("GET", ME)).status_code == 200, "its owner's own count"


@pytest.mark.parametrize("rate", [0, -1, 1_000_001, 1.5])
async def test_a_limit_is_a_whole_number_within_bounds(api: Api, rate: float) -> None:
    body = {"name": "odd", "scopes": ["listings:read"], "ratePerMinute": rate}
    refused = await api.call("POST", "/api/v1/auth/keys", json=body)
    assert (refused.status_code, refused.json()["error"]["details"][0]["field"]) == (400, "ratePerMinute")


@pytest.mark.parametrize(
    ("role", "own", "setting", "limit"),
    [
        (Role.AGENT, None, 600, 600),
        (Role.AGENT, 100, 600, 100),
        (Role.AGENT, 10_000, 600, 600),
        (Role.ADMIN, 10_000, 600, 10_000),
        (Role.AGENT, 10_000, 0, 10_000),
        (Role.AGENT, None, 0, None),
    ],
)
def test_only_an_admin_s_key_may_have_a_limit_above_the_server_s(
    role: Role, own: int | None, setting: int, limit: int | None
) -> None:
    caller = Actor("me", USER, role, key_id=KEY, rate_per_minute=own)
    rate = CallerRates(setting, SetClock(START)).count(caller)
    assert (None if rate is None else rate.limit) == limit


def test_keys_of_one_user_are_counted_apart_and_processes_of_ours_are_not_counted() -> None:
    rates = CallerRates(1, SetClock(START))
    exceeded = [
        rate is not None and rate.is_exceeded
        for rate in (
            rates.count(Actor("me", USER, key_id=KEY)),
            rates.count(Actor("me", USER, key_id=OTHER_KEY)),
            rates.count(Actor("me", USER)),
            rates.count(Actor("me", USER, key_id=KEY)),
        )
    ]
    assert exceeded == [False, False, False, True]
    assert rates.count(Actor("schedule")) is None
