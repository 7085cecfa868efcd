"""Sessions: refresh token rotation, reuse detection, and how sessions end."""

import asyncio
from datetime import timedelta

import pytest

from platbook.accounts import credentials
from platbook.accounts.passwords import verify_password
from platbook.accounts.tokens import sign_access_token
from platbook.base.actor import Role
from platbook.base.errors import NotAuthenticated
from platbook.base.ids import new_id
from tests.accounts.conftest import ACCESS_LIFETIME, ADDRESS, PASSWORD, AccountsRig


async def _refresh(rig: AccountsRig, token: str) -> str | None:
    try:
        return (await rig.sessions.refresh(token)).refresh_token
    except NotAuthenticated:
        return None


async def test_a_login_is_recorded_and_its_refresh_token_is_hashed(rig: AccountsRig) -> None:
    await rig.add()
    tokens = await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)
    assert tokens.user.last_login_at == rig.clock.now()
    assert tokens.expires_in == ACCESS_LIFETIME.total_seconds()
    (stored,) = await rig.rows("SELECT row_to_json(refresh_tokens)::text AS row FROM refresh_tokens")
    assert tokens.refresh_token not in str(stored["row"])


async def test_of_two_concurrent_uses_one_is_a_reuse_and_ends_the_session(rig: AccountsRig) -> None:
    await rig.add()
    first = (await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).refresh_token
    answers = await asyncio.gather(*(_refresh(rig, first) for _ in range(4)))
    (fresh,) = [token for token in answers if token is not None]
    assert await _refresh(rig, fresh) is None


async def test_a_reuse_ends_its_own_session_only(rig: AccountsRig) -> None:
    await rig.add()
    here = (await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).refresh_token
    there = (await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).refresh_token
    second = await _refresh(rig, here)
    assert second is not None
    third = await _refresh(rig, second)
    assert third is not None
    assert await _refresh(rig, here) is None, "an old one, used again"
    assert await _refresh(rig, third) is None, "the newest of the same login"
    assert await _refresh(rig, there) is not None, "another login"


async def test_a_refresh_token_expires(rig: AccountsRig) -> None:
    await rig.add()
    token = (await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).refresh_token
    rig.clock.advance(timedelta(days=30))
    assert await _refresh(rig, token) is None
    await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)
    rig.clock.advance(timedelta(seconds=1))
    await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)
    assert len(await rig.rows("SELECT id FROM refresh_tokens")) == 2, "expired ones are deleted"


async def test_the_role_is_read_from_the_database(rig: AccountsRig) -> None:
    user = await rig.add()
    token = (await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).access_token
    actor = await rig.callers.identify(token)
    assert (actor.user_id, actor.role) == (user.id, Role.AGENT)
    await rig.run_sql("UPDATE users SET role = 'auditor'")
    actor = await rig.callers.identify(token)
    assert actor.role is Role.AUDITOR


async def test_a_disabled_user_is_refused_at_once(rig: AccountsRig) -> None:
    await rig.add()
    tokens = await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)
    await rig.callers.identify(tokens.access_token)
    await rig.set_active("ada@example.com", active=False)
    with pytest.raises(NotAuthenticated):
        await rig.callers.identify(tokens.access_token)
    assert await _refresh(rig, tokens.refresh_token) is None
    await rig.set_active("ada@example.com", active=True)
    assert await _refresh(rig, tokens.refresh_token) is None, "let in again, one logs in again"
    with pytest.raises(NotAuthenticated):
        await rig.callers.identify(tokens.access_token)


async def test_a_user_disabled_while_the_password_is_verified_is_refused(
    rig: AccountsRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.add()

    async def disable_and_verify(password: str, stored: str | None) -> bool:
        await rig.set_active("ada@example.com", active=False)
        return await verify_password(password, stored)

    monkeypatch.setattr(credentials, "verify_password", disable_and_verify)
    with pytest.raises(NotAuthenticated):
        await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)
    assert await rig.rows("SELECT id FROM refresh_tokens") == []
    refused = await rig.rows("SELECT details->>'reason' AS reason FROM audit_log WHERE act = 'login refused'")
    assert refused == [{"reason": "disabled"}]


async def test_a_token_of_a_missing_session_is_refused(rig: AccountsRig) -> None:
    user = await rig.add()
    token = sign_access_token(rig.box.derive("access-tokens"), user.id, new_id(), rig.clock.now(), ACCESS_LIFETIME)
    with pytest.raises(NotAuthenticated):
        await rig.callers.identify(token)


async def test_a_token_for_another_purpose_is_refused(rig: AccountsRig) -> None:
    await rig.add()
    actor = await rig.callers.identify((await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).access_token)
    assert actor.user_id is not None
    assert actor.session_id is not None
    key = rig.box.derive("something-else")
    token = sign_access_token(key, actor.user_id, actor.session_id, rig.clock.now(), ACCESS_LIFETIME)
    with pytest.raises(NotAuthenticated):
        await rig.callers.identify(token)


async def test_logging_out_ends_this_session_only(rig: AccountsRig) -> None:
    await rig.add()
    here, there = [await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS) for _ in range(2)]
    await rig.sessions.log_out(await rig.callers.identify(here.access_token))
    with pytest.raises(NotAuthenticated):
        await rig.callers.identify(here.access_token)
    assert await _refresh(rig, here.refresh_token) is None
    await rig.callers.identify(there.access_token)
    assert await _refresh(rig, there.refresh_token) is not None
