"""Logins, what is rotated from them, and how they end."""

import asyncio
from datetime import timedelta

import pytest

from platbook.accounts import credentials
from platbook.accounts.passwords import verify_password
from platbook.accounts.tokens import sign_access_token
from platbook.base.actor import Role
from platbook.base.errors import NotAuthenticated
from platbook.base.ids import new_id
from tests.accounts.conftest import ADDRESS, LIFE, PASSWORD, Desk


async def _refresh(desk: Desk, token: str) -> str | None:
    try:
        return (await desk.sessions.refresh(token)).refresh_token
    except NotAuthenticated:
        return None


async def test_a_login_is_noted_and_keeps_no_token_as_it_is(desk: Desk) -> None:
    await desk.add()
    tokens = await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)
    assert tokens.user.last_login_at == desk.clock.now()
    assert tokens.expires_in == LIFE.total_seconds()
    (kept,) = await desk.rows("SELECT row_to_json(refresh_tokens)::text AS row FROM refresh_tokens")
    assert tokens.refresh_token not in str(kept["row"])


async def test_of_two_uses_at_once_one_is_a_reuse_and_ends_the_login(desk: Desk) -> None:
    await desk.add()
    first = (await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).refresh_token
    answers = await asyncio.gather(*(_refresh(desk, first) for _ in range(4)))
    (fresh,) = [token for token in answers if token is not None]
    assert await _refresh(desk, fresh) is None


async def test_a_reuse_ends_its_own_login_alone(desk: Desk) -> None:
    await desk.add()
    here = (await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).refresh_token
    there = (await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).refresh_token
    second = await _refresh(desk, here)
    assert second is not None
    third = await _refresh(desk, second)
    assert third is not None
    assert await _refresh(desk, here) is None, "an old one, used again"
    assert await _refresh(desk, third) is None, "the newest of the same login"
    assert await _refresh(desk, there) is not None, "another login"


async def test_a_refresh_token_ends(desk: Desk) -> None:
    await desk.add()
    token = (await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).refresh_token
    desk.clock.advance(timedelta(days=30))
    assert await _refresh(desk, token) is None
    await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)
    desk.clock.advance(timedelta(seconds=1))
    await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)
    assert len(await desk.rows("SELECT id FROM refresh_tokens")) == 2, "those past their time are not kept"


async def test_the_role_is_the_database_s(desk: Desk) -> None:
    user = await desk.add()
    token = (await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).access_token
    actor = await desk.callers.identify(token)
    assert (actor.user_id, actor.role) == (user.id, Role.AGENT)
    await desk.run_sql("UPDATE users SET role = 'auditor'")
    actor = await desk.callers.identify(token)
    assert actor.role is Role.AUDITOR


async def test_a_disabled_user_is_out_at_once(desk: Desk) -> None:
    await desk.add()
    tokens = await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)
    await desk.callers.identify(tokens.access_token)
    await desk.set_active("ada@example.com", active=False)
    with pytest.raises(NotAuthenticated):
        await desk.callers.identify(tokens.access_token)
    assert await _refresh(desk, tokens.refresh_token) is None
    await desk.set_active("ada@example.com", active=True)
    assert await _refresh(desk, tokens.refresh_token) is None, "let in again, one logs in again"
    with pytest.raises(NotAuthenticated):
        await desk.callers.identify(tokens.access_token)


async def test_a_user_disabled_while_the_password_is_looked_at_is_not_let_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.add()

    async def disable_and_verify(password: str, known: str | None) -> bool:
        await desk.set_active("ada@example.com", active=False)
        return await verify_password(password, known)

    monkeypatch.setattr(credentials, "verify_password", disable_and_verify)
    with pytest.raises(NotAuthenticated):
        await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)
    assert await desk.rows("SELECT id FROM refresh_tokens") == []


async def test_a_login_that_is_no_more_speaks_for_nobody(desk: Desk) -> None:
    user = await desk.add()
    token = sign_access_token(desk.box.derive("access-tokens"), user.id, new_id(), desk.clock.now(), LIFE)
    with pytest.raises(NotAuthenticated):
        await desk.callers.identify(token)


async def test_a_token_for_another_purpose_is_not_for_this(desk: Desk) -> None:
    await desk.add()
    actor = await desk.callers.identify((await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).access_token)
    assert actor.user_id is not None
    assert actor.session_id is not None
    key = desk.box.derive("something-else")
    token = sign_access_token(key, actor.user_id, actor.session_id, desk.clock.now(), LIFE)
    with pytest.raises(NotAuthenticated):
        await desk.callers.identify(token)


async def test_logging_out_ends_this_login_and_no_other(desk: Desk) -> None:
    await desk.add()
    here, there = [await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS) for _ in range(2)]
    await desk.sessions.log_out(await desk.callers.identify(here.access_token))
    with pytest.raises(NotAuthenticated):
        await desk.callers.identify(here.access_token)
    assert await _refresh(desk, here.refresh_token) is None
    await desk.callers.identify(there.access_token)
    assert await _refresh(desk, there.refresh_token) is not None
