"""Authentication by access token and API key, and how soon a change of access takes effect."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from platbook.accounts import CallerResolver, User
from platbook.accounts.api_keys import PREFIX, NewApiKey, add_key, find_keys, revoke_key
from platbook.accounts.users import attach_agents
from platbook.base.actor import COMMAND_LINE, Actor, ApiKeyScope, Role, Surface
from platbook.base.errors import InvalidInput, NotAllowed, NotAuthenticated, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Right, has_right
from platbook.db import Database
from tests.accounts.conftest import ADDRESS, PASSWORD, AccountsRig


@asynccontextmanager
async def _another_server(rig: AccountsRig, url: str) -> AsyncGenerator[CallerResolver]:
    """Another server, which receives notifications of changes."""
    async with Database.open(url) as database:
        callers = CallerResolver(database, rig.box, rig.clock)
        listening = asyncio.create_task(callers.listen())
        while not callers.is_listening:
            await asyncio.sleep(0.01)
        yield callers
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def _is_refused(callers: CallerResolver, token: str) -> bool:
    """Whether a token is refused as soon as a notification arrives, without the clock having moved."""
    for _ in range(500):
        try:
            await callers.identify(token)
        except NotAuthenticated:
            return True
        await asyncio.sleep(0.01)
    return False


def _as_actor(user: User) -> Actor:
    return Actor(user.email, user.id, Role(user.role), user.office, user.team)


async def _make_key(rig: AccountsRig, owner: User, **fields: object) -> tuple[UUID, str]:
    new = replace(NewApiKey("website", [ApiKeyScope.READ_LISTINGS]), **fields)
    async with rig.database.transaction() as connection:
        return await add_key(connection, new, _as_actor(owner), rig.clock.now())


async def test_disabling_a_user_takes_effect_on_another_server_at_once(rig: AccountsRig, database_url: str) -> None:
    ada = await rig.add()
    token = (await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).access_token
    _, key = await _make_key(rig, ada)
    async with _another_server(rig, database_url) as there:
        assert (await there.identify(token)).user_id == ada.id
        assert (await there.identify(key)).user_id == ada.id
        await rig.set_active("ada@example.com", active=False)
        assert await _is_refused(there, token)
        assert await _is_refused(there, key)


@pytest.mark.parametrize(
    "change", ["UPDATE sessions SET ended_at = now()", "DELETE FROM users", "UPDATE users SET is_active = false"]
)
async def test_another_server_is_notified_of_every_kind_of_change(
    rig: AccountsRig, database_url: str, change: str
) -> None:
    await rig.add()
    token = (await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).access_token
    async with _another_server(rig, database_url) as there:
        await there.identify(token)
        await rig.run_sql(change)
        assert await _is_refused(there, token)


async def test_actors_are_cached_only_while_notifications_arrive(rig: AccountsRig, database_url: str) -> None:
    await rig.add()
    token = (await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).access_token
    async with _another_server(rig, database_url) as there:
        first = await there.identify(token)
        assert await there.identify(token) is first
        rig.clock.advance(timedelta(seconds=2))
        assert await there.identify(token) is not first, "and only for a short time"
    assert not there.is_listening
    uncached = await rig.callers.identify(token)
    assert await rig.callers.identify(token) is not uncached, "without notifications it is queried each time"


async def test_a_broken_listener_reconnects(rig: AccountsRig, database_url: str) -> None:
    await rig.add()
    token = (await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).access_token
    async with _another_server(rig, database_url) as there:
        await there.identify(token)
        await rig.run_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'platbook listener'"
        )
        while there.is_listening:
            await asyncio.sleep(0.01)
        await rig.set_active("ada@example.com", active=False)
        with pytest.raises(NotAuthenticated):
            await there.identify(token)
        while not there.is_listening:
            await asyncio.sleep(0.01)


async def test_an_assistant_s_actor_has_the_agents_they_work_for(rig: AccountsRig) -> None:
    assistant, agent = await rig.add("as@example.com", Role.ASSISTANT), await rig.add("ag@example.com")
    async with rig.database.transaction() as connection:
        await attach_agents(connection, assistant.id, [agent.id], COMMAND_LINE, rig.clock.now())
    token = (await rig.sessions.log_in("as@example.com", PASSWORD, ADDRESS)).access_token
    assert (await rig.callers.identify(token)).agents == frozenset({agent.id})


async def test_a_key_acts_for_its_owner_within_its_scopes(rig: AccountsRig) -> None:
    ada = await rig.add(role=Role.ADMIN)
    key_id, key = await _make_key(rig, ada, scopes=[ApiKeyScope.READ_LISTINGS, ApiKeyScope.READ_CRM])
    assert key.startswith(PREFIX)
    actor = await rig.callers.identify(key)
    assert (actor.user_id, actor.key_id, actor.surface) == (ada.id, key_id, Surface.INTERNAL)
    assert has_right(actor, Right.READ_CRM)
    for right in (Right.WRITE_CRM, Right.READ_RAW, Right.READ_USERS, Right.OWN_PROFILE, Right.RUN_SYNCS):
        assert not has_right(actor, right)
    (kept,) = await rig.rows("SELECT row_to_json(api_keys)::text AS row FROM api_keys")
    assert key not in str(kept["row"])
    await rig.run_sql("UPDATE users SET role = 'auditor'")
    assert (await rig.callers.identify(key)).role is Role.AUDITOR, "a key follows its owner's role"


async def test_a_key_ends_when_it_expires_is_revoked_or_its_owner_is_disabled(rig: AccountsRig) -> None:
    ada = await rig.add()
    until = rig.clock.now() + timedelta(hours=1)
    _, brief = await _make_key(rig, ada, expires_at=until)
    gone, revoked = await _make_key(rig, ada)
    _, orphan = await _make_key(rig, ada)
    async with rig.database.transaction() as connection:
        with pytest.raises(NotFound):
            await revoke_key(connection, ada.id, new_id(), _as_actor(ada), rig.clock.now())
        await revoke_key(connection, ada.id, gone, _as_actor(ada), rig.clock.now())
    await rig.callers.identify(brief)
    rig.clock.advance(timedelta(hours=1))
    for key in (brief, revoked, "pbk_nonsense"):
        with pytest.raises(NotAuthenticated):
            await rig.callers.identify(key)
    await rig.callers.identify(orphan)
    await rig.set_active("ada@example.com", active=False)
    await rig.set_active("ada@example.com", active=True)
    with pytest.raises(NotAuthenticated):
        await rig.callers.identify(orphan)


async def test_last_used_at_is_accurate_to_the_hour(rig: AccountsRig) -> None:
    ada = await rig.add()
    _, key = await _make_key(rig, ada)

    async def used() -> object:
        async with rig.database.read() as connection:
            (kept,) = await find_keys(connection, ada.id, _as_actor(ada))
        return kept.last_used_at

    assert await used() is None
    first = rig.clock.now()
    await rig.callers.identify(key)
    rig.clock.advance(timedelta(minutes=59))
    await rig.callers.identify(key)
    assert await used() == first
    rig.clock.advance(timedelta(minutes=1))
    await rig.callers.identify(key)
    assert await used() == rig.clock.now()


@pytest.mark.parametrize(
    ("role", "fields", "field"),
    [
        (Role.AGENT, {"scopes": []}, "scopes"),
        (Role.AGENT, {"scopes": [ApiKeyScope.RUN_SYNCS]}, "scopes"),
        (Role.AUDITOR, {"scopes": [ApiKeyScope.WRITE_CRM]}, "scopes"),
        (Role.ADMIN, {"scopes": [ApiKeyScope.READ_CRM], "surface": Surface.PUBLIC}, "scopes"),
        (Role.ADMIN, {"name": " "}, "name"),
        (Role.ADMIN, {"expires_at": 0}, "expiresAt"),
    ],
)
async def test_an_invalid_key_is_refused_by_field(
    rig: AccountsRig, role: Role, fields: dict[str, object], field: str
) -> None:
    ada = await rig.add(role=role)
    if "expires_at" in fields:
        fields = {"expires_at": rig.clock.now()}
    with pytest.raises(InvalidInput) as caught:
        await _make_key(rig, ada, **fields)
    assert [problem.field for problem in caught.value.details] == [field]


async def test_a_key_cannot_create_a_key(rig: AccountsRig) -> None:
    ada = await rig.add(role=Role.ADMIN)
    _, key = await _make_key(rig, ada)
    actor = await rig.callers.identify(key)
    async with rig.database.transaction() as connection:
        with pytest.raises(NotAllowed):
            await add_key(connection, NewApiKey("more", [ApiKeyScope.READ_LISTINGS]), actor, rig.clock.now())
