"""Login throttling."""

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
from tests.accounts.conftest import ADDRESS, PASSWORD, AccountsRig

WRONG = "wrong password"


async def _try(rig: AccountsRig, password: str = WRONG, email: str = "ada@example.com") -> str:
    try:
        await rig.sessions.log_in(email, password, ADDRESS)
    except (NotAuthenticated, TooManyAttempts) as refused:
        return refused.code
    return "in"


async def _register(rig: AccountsRig, email: str, address: str = ADDRESS) -> None:
    async with rig.database.transaction() as connection:
        await register_attempt(connection, email, address, rig.clock.now())


async def test_concurrent_guesses_are_limited_like_sequential_ones(rig: AccountsRig) -> None:
    await rig.add()
    answers = await asyncio.gather(*(_try(rig) for _ in range(2 * MAX_PER_ACCOUNT)))
    assert sorted(answers) == ["INVALID_CREDENTIALS"] * MAX_PER_ACCOUNT + ["RATE_LIMITED"] * MAX_PER_ACCOUNT


@pytest.mark.parametrize("other", ["ADA@example.com", "Ada@Example.Com"])
async def test_an_account_is_counted_whatever_its_case(rig: AccountsRig, other: str) -> None:
    await rig.add()
    for _ in range(MAX_PER_ACCOUNT):
        await _register(rig, other)
    assert await _try(rig, PASSWORD) == "RATE_LIMITED"


async def test_an_unknown_account_is_limited_like_an_existing_one(rig: AccountsRig) -> None:
    for _ in range(MAX_PER_ACCOUNT):
        assert await _try(rig, email="nobody@example.com") == "INVALID_CREDENTIALS"
    assert await _try(rig, email="nobody@example.com") == "RATE_LIMITED"


async def test_a_client_is_limited_over_all_accounts(rig: AccountsRig) -> None:
    for number in range(MAX_PER_ADDRESS):
        await _register(rig, f"user{number}@example.com")
    with pytest.raises(TooManyAttempts):
        await _register(rig, "one-more@example.com")
    await _register(rig, "one-more@example.com", "198.51.100.1")


async def test_a_successful_login_clears_its_account_and_its_own_attempt(rig: AccountsRig) -> None:
    await rig.add()
    await _register(rig, "else@example.com")
    assert await _try(rig) == "INVALID_CREDENTIALS"
    assert await _try(rig, PASSWORD) == "in"
    rows = await rig.rows("SELECT subject, count(*) AS failures FROM login_failures GROUP BY 1 ORDER BY 1")
    assert rows == [
        {"subject": "account:else@example.com", "failures": 1},
        {"subject": f"address:{ADDRESS}", "failures": 2},
    ]


async def test_retry_after_ends_when_the_oldest_failure_leaves_the_window(rig: AccountsRig) -> None:
    await _register(rig, "ada@example.com")
    rig.clock.advance(timedelta(minutes=5))
    for _ in range(MAX_PER_ACCOUNT - 1):
        await _register(rig, "ada@example.com")
    with pytest.raises(TooManyAttempts) as caught:
        await _register(rig, "ada@example.com")
    assert caught.value.retry_after == (WINDOW - timedelta(minutes=5)).total_seconds() + 1
    rig.clock.advance(timedelta(seconds=caught.value.retry_after))
    await _register(rig, "ada@example.com")


async def test_failures_older_than_the_window_are_deleted(rig: AccountsRig) -> None:
    await _register(rig, "ada@example.com")
    rig.clock.advance(WINDOW + timedelta(seconds=1))
    async with rig.database.transaction() as connection:
        await clear_attempts(connection, "else@example.com", ADDRESS, rig.clock.now())
    assert await rig.rows("SELECT subject FROM login_failures") == []


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
def test_client_network_of_an_address(address: str, client: str) -> None:
    assert to_client_network(address) == client
