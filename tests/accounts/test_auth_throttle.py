"""Login throttling."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from platbook.accounts import get_user_by_email
from platbook.accounts.auth_throttle import (
    LIMITS,
    LOGIN,
    RESET,
    AttemptLimit,
    clear_account,
    register_attempt,
    should_audit_refusal,
    to_client_network,
)
from platbook.accounts.password_resets import create_reset, use_reset
from platbook.accounts.unlock import unlock_user
from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import NotAuthenticated, TooManyAttempts
from tests.accounts.conftest import ADDRESS, PASSWORD, AccountsRig

WRONG = "wrong password"
ELSEWHERE = "198.51.100.1"
EMAIL = "ada@example.com"
PAIR, ACCOUNT, CLIENT = LIMITS[LOGIN].pair.free, LIMITS[LOGIN].account.free, LIMITS[LOGIN].client.free


async def _try(rig: AccountsRig, password: str = WRONG, email: str = EMAIL, address: str = ADDRESS) -> str:
    try:
        await rig.sessions.log_in(email, password, address)
    except (NotAuthenticated, TooManyAttempts) as refused:
        return refused.code
    return "in"


async def _register(rig: AccountsRig, email: str = EMAIL, address: str = ADDRESS, *, purpose: str = LOGIN) -> None:
    await _register_all(rig, [(email, address)], purpose=purpose)


async def _register_all(rig: AccountsRig, attempts: Iterable[tuple[str, str]], *, purpose: str = LOGIN) -> None:
    async with rig.database.transaction() as connection:
        for email, address in attempts:
            await register_attempt(connection, email, address, rig.clock.now(), purpose=purpose)


async def _fail(rig: AccountsRig, times: int, email: str = EMAIL, address: str = ADDRESS) -> None:
    await _register_all(rig, [(email, address)] * times)


async def _guess_from_everywhere(rig: AccountsRig) -> None:
    await _register_all(rig, [(EMAIL, f"203.0.{number // 250}.{number % 250}") for number in range(ACCOUNT)])


async def test_concurrent_guesses_are_limited_like_sequential_ones(rig: AccountsRig) -> None:
    await rig.add()
    answers = await asyncio.gather(*(_try(rig) for _ in range(2 * PAIR)))
    assert sorted(answers) == ["INVALID_CREDENTIALS"] * PAIR + ["RATE_LIMITED"] * PAIR


@pytest.mark.parametrize("other", ["ADA@example.com", "Ada@Example.Com"])
async def test_an_account_is_counted_whatever_its_case(rig: AccountsRig, other: str) -> None:
    await rig.add()
    await _fail(rig, PAIR, other)
    assert await _try(rig, PASSWORD) == "RATE_LIMITED"


async def test_an_unknown_account_is_limited_like_an_existing_one(rig: AccountsRig) -> None:
    for _ in range(PAIR):
        assert await _try(rig, email="nobody@example.com") == "INVALID_CREDENTIALS"
    assert await _try(rig, email="nobody@example.com") == "RATE_LIMITED"


async def test_the_owner_gets_in_from_elsewhere_while_the_guesser_waits_longer_each_time(rig: AccountsRig) -> None:
    await rig.add()
    await _fail(rig, PAIR)
    waits: list[int] = []
    for _ in range(9):
        with pytest.raises(TooManyAttempts) as refused:
            await _register(rig)
        waits.append(refused.value.retry_after)
        rig.clock.advance(timedelta(seconds=refused.value.retry_after))
        await _register(rig)
        assert await _try(rig, PASSWORD, address=ELSEWHERE) == "in"
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


async def test_neighbours_behind_one_address_are_not_shut_out_together(rig: AccountsRig) -> None:
    await rig.add()
    for number in range(12):
        await _fail(rig, PAIR, f"user{number}@example.com")
    assert await _try(rig, PASSWORD) == "in"


async def test_a_client_that_tries_many_accounts_is_slowed_unless_the_user_is_known_there(rig: AccountsRig) -> None:
    await rig.add()
    assert await _try(rig, PASSWORD) == "in"
    await _register_all(rig, [(f"user{number}@example.com", ADDRESS) for number in range(CLIENT)])
    with pytest.raises(TooManyAttempts) as refused:
        await _register(rig, "one-more@example.com")
    assert refused.value.retry_after == 1
    assert await _try(rig, PASSWORD) == "in"
    await _register(rig, "one-more@example.com", ELSEWHERE)


async def test_an_account_guessed_at_from_everywhere_is_open_to_its_user_where_they_are_known(rig: AccountsRig) -> None:
    await rig.add()
    assert await _try(rig, PASSWORD) == "in"
    await _guess_from_everywhere(rig)
    assert await _try(rig, PASSWORD, address=ELSEWHERE) == "RATE_LIMITED"
    assert await _try(rig, PASSWORD) == "in"
    rig.clock.advance(timedelta(seconds=1))
    assert await _try(rig, PASSWORD, address=ELSEWHERE) == "in", "the first pause is short"


async def test_a_network_is_known_for_ninety_days(rig: AccountsRig) -> None:
    await rig.add()
    assert await _try(rig, PASSWORD) == "in"
    rig.clock.advance(timedelta(days=91))
    await _guess_from_everywhere(rig)
    assert await _try(rig, PASSWORD) == "RATE_LIMITED"
    rig.clock.advance(timedelta(seconds=1))
    assert await _try(rig, PASSWORD, address=ELSEWHERE) == "in"
    assert [row["network"] for row in await rig.rows("SELECT network FROM login_networks")] == [ELSEWHERE]


@pytest.mark.parametrize("way", ["reset link", "unlock", "clear"])
async def test_a_used_reset_link_and_an_admin_end_every_pause(rig: AccountsRig, way: str) -> None:
    await rig.add()
    await _guess_from_everywhere(rig)
    rig.clock.advance(timedelta(seconds=1))
    await _fail(rig, 1)
    assert await _try(rig, PASSWORD) == "RATE_LIMITED"
    now = rig.clock.now()
    async with rig.database.transaction() as connection:
        user = await get_user_by_email(connection, EMAIL)
        if way == "reset link":
            reset = await create_reset(connection, EMAIL, COMMAND_LINE, now)
            await use_reset(connection, reset.token, PASSWORD, now)
        elif way == "unlock":
            await unlock_user(connection, user.id, COMMAND_LINE, now)
        else:
            await clear_account(connection, EMAIL.upper())
    assert await _try(rig, PASSWORD) == "in"


async def test_clearing_one_account_leaves_others(rig: AccountsRig) -> None:
    await _fail(rig, PAIR, "ada@example.com.evil.example")
    await _fail(rig, PAIR, "bob@example.com")
    async with rig.database.transaction() as connection:
        await clear_account(connection, EMAIL)
    for email in ("ada@example.com.evil.example", "bob@example.com"):
        with pytest.raises(TooManyAttempts):
            await _register(rig, email)


async def test_a_successful_login_clears_this_client_s_failures_at_its_account_alone(rig: AccountsRig) -> None:
    await rig.add()
    await _register(rig, "else@example.com")
    await _register(rig, EMAIL, ELSEWHERE)
    assert await _try(rig) == "INVALID_CREDENTIALS"
    assert await _try(rig, PASSWORD) == "in"
    rows = await rig.rows("SELECT subject, count(*) AS n FROM login_failures GROUP BY 1")
    assert {row["subject"]: row["n"] for row in rows} == {
        f"account:{EMAIL}": 2,
        f"account:{EMAIL} from {ELSEWHERE}": 1,
        "account:else@example.com": 1,
        f"account:else@example.com from {ADDRESS}": 1,
        f"address:{ADDRESS}": 2,
        f"address:{ELSEWHERE}": 1,
    }


async def test_failures_older_than_the_window_count_no_more_and_are_deleted(rig: AccountsRig) -> None:
    await rig.add()
    await _fail(rig, PAIR)
    rig.clock.advance(timedelta(days=1, seconds=1))
    await _fail(rig, 1)
    assert await _try(rig, PASSWORD) == "in"
    rows = await rig.rows("SELECT DISTINCT at FROM login_failures")
    assert [row["at"] for row in rows] == [rig.clock.now()]


async def test_requests_for_resets_are_counted_apart_and_by_account_from_everywhere(rig: AccountsRig) -> None:
    everywhere = [(EMAIL, f"203.0.113.{number}") for number in range(LIMITS[RESET].account.free)]
    await _register_all(rig, everywhere, purpose=RESET)
    with pytest.raises(TooManyAttempts):
        await _register(rig, EMAIL, ELSEWHERE, purpose=RESET)
    await _register(rig)


async def test_attempts_beyond_the_limit_are_audited_now_and_then(rig: AccountsRig) -> None:
    await rig.add()
    await _fail(rig, PAIR)
    for _ in range(3):
        assert await _try(rig) == "RATE_LIMITED"
    acts = await rig.rows("SELECT details FROM audit_log WHERE act = 'login refused'")
    assert [row["details"] for row in acts] == [{"by": "password", "reason": "throttled", "address": ADDRESS}]
    rig.clock.advance(timedelta(minutes=6))
    async with rig.database.transaction() as connection:
        assert await should_audit_refusal(connection, EMAIL, ADDRESS, rig.clock.now())


@pytest.mark.parametrize(("failures", "pause"), [(0, None), (2, None), (3, 10), (4, 20), (5, 40), (6, 60), (9999, 60)])
def test_pauses_double_up_to_the_longest(failures: int, pause: int | None) -> None:
    limit = AttemptLimit(3, timedelta(seconds=10), timedelta(seconds=60), timedelta(days=1))
    latest = datetime(2026, 1, 1)  # noqa: DTZ001 - any time
    found = limit.next_attempt_at(failures, latest)
    assert found == (None if pause is None else latest + timedelta(seconds=pause))


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
