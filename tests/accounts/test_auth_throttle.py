"""How often a login may fail."""

import asyncio
from datetime import timedelta

import pytest

from platbook.accounts.auth_throttle import (
    MAX_PER_ACCOUNT,
    MAX_PER_ADDRESS,
    WINDOW,
    clear_attempts,
    register_attempt,
    to_client_network,
)
from platbook.base.errors import NotAuthenticated, TooManyAttempts
from tests.accounts.conftest import ADDRESS, PASSWORD, Desk


async def _try(desk: Desk, said: str = "wrong password", email: str = "ada@example.com") -> str:
    try:
        await desk.sessions.log_in(email, said, ADDRESS)
    except (NotAuthenticated, TooManyAttempts) as refused:
        return refused.code
    return "in"


async def _claim(desk: Desk, email: str, address: str = ADDRESS) -> None:
    async with desk.database.transaction() as connection:
        await register_attempt(connection, email, address, desk.clock.now())


async def test_guesses_made_at_once_are_counted_as_those_made_one_by_one(desk: Desk) -> None:
    await desk.add()
    answers = await asyncio.gather(*(_try(desk) for _ in range(2 * MAX_PER_ACCOUNT)))
    assert sorted(answers) == ["INVALID_CREDENTIALS"] * MAX_PER_ACCOUNT + ["RATE_LIMITED"] * MAX_PER_ACCOUNT


@pytest.mark.parametrize("other", ["ADA@example.com", "Ada@Example.Com"])
async def test_an_account_is_one_however_it_is_spelt(desk: Desk, other: str) -> None:
    await desk.add()
    for _ in range(MAX_PER_ACCOUNT):
        await _claim(desk, other)
    assert await _try(desk, PASSWORD) == "RATE_LIMITED"


async def test_an_unknown_account_is_limited_like_a_known_one(desk: Desk) -> None:
    for _ in range(MAX_PER_ACCOUNT):
        assert await _try(desk, email="nobody@example.com") == "INVALID_CREDENTIALS"
    assert await _try(desk, email="nobody@example.com") == "RATE_LIMITED"


async def test_an_address_may_not_go_through_all_accounts(desk: Desk) -> None:
    for number in range(MAX_PER_ADDRESS):
        await _claim(desk, f"user{number}@example.com")
    with pytest.raises(TooManyAttempts):
        await _claim(desk, "one-more@example.com")
    await _claim(desk, "one-more@example.com", "198.51.100.1")


async def test_a_good_login_takes_back_what_it_counted_and_no_more(desk: Desk) -> None:
    await desk.add()
    await _claim(desk, "else@example.com")
    assert await _try(desk) == "INVALID_CREDENTIALS"
    assert await _try(desk, PASSWORD) == "in"
    rows = await desk.rows("SELECT subject, count(*) AS failures FROM login_failures GROUP BY 1 ORDER BY 1")
    assert rows == [
        {"subject": "account:else@example.com", "failures": 1},
        {"subject": f"address:{ADDRESS}", "failures": 2},
    ]


async def test_the_wait_ends_when_the_oldest_failure_no_longer_counts(desk: Desk) -> None:
    await _claim(desk, "ada@example.com")
    desk.clock.advance(timedelta(minutes=5))
    for _ in range(MAX_PER_ACCOUNT - 1):
        await _claim(desk, "ada@example.com")
    with pytest.raises(TooManyAttempts) as caught:
        await _claim(desk, "ada@example.com")
    assert caught.value.retry_after == (WINDOW - timedelta(minutes=5)).total_seconds() + 1
    desk.clock.advance(timedelta(seconds=caught.value.retry_after))
    await _claim(desk, "ada@example.com")


async def test_failures_too_old_to_count_are_not_kept(desk: Desk) -> None:
    await _claim(desk, "ada@example.com")
    desk.clock.advance(WINDOW + timedelta(seconds=1))
    async with desk.database.transaction() as connection:
        await clear_attempts(connection, "else@example.com", ADDRESS, desk.clock.now())
    assert await desk.rows("SELECT subject FROM login_failures") == []


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
        ("x" * 500, "x" * 100),
    ],
)
def test_whom_an_address_stands_for(address: str, client: str) -> None:
    assert to_client_network(address) == client
