"""Who a token or a key speaks for, and how soon it does not any more."""

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
from tests.accounts.conftest import ADDRESS, PASSWORD, Desk


@asynccontextmanager
async def _another_server(desk: Desk, url: str) -> AsyncGenerator[CallerResolver]:
    """A server of its own, which hears of changes."""
    async with Database.open(url) as database:
        callers = CallerResolver(database, desk.box, desk.clock)
        listening = asyncio.create_task(callers.listen())
        while not callers.is_listening:
            await asyncio.sleep(0.01)
        yield callers
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def _is_refused(callers: CallerResolver, token: str) -> bool:
    """Whether a token is refused within the moment a notice takes, without the clock having moved."""
    for _ in range(500):
        try:
            await callers.identify(token)
        except NotAuthenticated:
            return True
        await asyncio.sleep(0.01)
    return False


def _as_actor(user: User) -> Actor:
    return Actor(user.email, user.id, Role(user.role), user.office, user.team)


async def _make_key(desk: Desk, owner: User, **said: object) -> tuple[UUID, str]:
    new = replace(NewApiKey("website", [ApiKeyScope.READ_LISTINGS]), **said)
    async with desk.database.transaction() as connection:
        return await add_key(connection, new, _as_actor(owner), desk.clock.now())


async def test_another_server_hears_at_once_of_who_is_kept_out(desk: Desk, database_url: str) -> None:
    ada = await desk.add()
    token = (await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).access_token
    _, key = await _make_key(desk, ada)
    async with _another_server(desk, database_url) as there:
        assert (await there.identify(token)).user_id == ada.id
        assert (await there.identify(key)).user_id == ada.id
        await desk.set_active("ada@example.com", active=False)
        assert await _is_refused(there, token)
        assert await _is_refused(there, key)


@pytest.mark.parametrize(
    "change", ["UPDATE sessions SET ended_at = now()", "DELETE FROM users", "UPDATE users SET is_active = false"]
)
async def test_another_server_hears_whatever_the_change_was_made_by(desk: Desk, database_url: str, change: str) -> None:
    await desk.add()
    token = (await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).access_token
    async with _another_server(desk, database_url) as there:
        await there.identify(token)
        await desk.run_sql(change)
        assert await _is_refused(there, token)


async def test_a_caller_is_looked_up_once_while_changes_are_heard(desk: Desk, database_url: str) -> None:
    await desk.add()
    token = (await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).access_token
    async with _another_server(desk, database_url) as there:
        first = await there.identify(token)
        assert await there.identify(token) is first
        desk.clock.advance(timedelta(seconds=2))
        assert await there.identify(token) is not first, "and not for long, should the ear have gone deaf"
    assert not there.is_listening
    deaf = await desk.callers.identify(token)
    assert await desk.callers.identify(token) is not deaf, "without an ear it is looked up each time"


async def test_an_ear_that_is_torn_off_grows_again(desk: Desk, database_url: str) -> None:
    await desk.add()
    token = (await desk.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)).access_token
    async with _another_server(desk, database_url) as there:
        await there.identify(token)
        await desk.run_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'platbook ear'"
        )
        while there.is_listening:
            await asyncio.sleep(0.01)
        await desk.set_active("ada@example.com", active=False)
        with pytest.raises(NotAuthenticated):
            await there.identify(token)
        while not there.is_listening:
            await asyncio.sleep(0.01)


async def test_an_assistant_brings_the_agents_they_work_for(desk: Desk) -> None:
    assistant, agent = await desk.add("as@example.com", Role.ASSISTANT), await desk.add("ag@example.com")
    async with desk.database.transaction() as connection:
        await attach_agents(connection, assistant.id, [agent.id], COMMAND_LINE, desk.clock.now())
    token = (await desk.sessions.log_in("as@example.com", PASSWORD, ADDRESS)).access_token
    assert (await desk.callers.identify(token)).agents == frozenset({agent.id})


async def test_a_key_speaks_for_its_owner_within_its_scopes(desk: Desk) -> None:
    ada = await desk.add(role=Role.ADMIN)
    key_id, key = await _make_key(desk, ada, scopes=[ApiKeyScope.READ_LISTINGS, ApiKeyScope.READ_CRM])
    assert key.startswith(PREFIX)
    actor = await desk.callers.identify(key)
    assert (actor.user_id, actor.key_id, actor.surface) == (ada.id, key_id, Surface.INTERNAL)
    assert has_right(actor, Right.READ_CRM)
    for right in (Right.WRITE_CRM, Right.READ_RAW, Right.READ_USERS, Right.OWN_PROFILE, Right.RUN_SYNCS):
        assert not has_right(actor, right)
    (kept,) = await desk.rows("SELECT row_to_json(api_keys)::text AS row FROM api_keys")
    assert key not in str(kept["row"])
    await desk.run_sql("UPDATE users SET role = 'auditor'")
    assert (await desk.callers.identify(key)).role is Role.AUDITOR, "what its owner is no more, it is no more"


async def test_a_key_ends_when_it_expires_is_revoked_or_its_owner_is_kept_out(desk: Desk) -> None:
    ada = await desk.add()
    until = desk.clock.now() + timedelta(hours=1)
    _, brief = await _make_key(desk, ada, expires_at=until)
    gone, revoked = await _make_key(desk, ada)
    _, orphan = await _make_key(desk, ada)
    async with desk.database.transaction() as connection:
        with pytest.raises(NotFound):
            await revoke_key(connection, ada.id, new_id(), _as_actor(ada), desk.clock.now())
        await revoke_key(connection, ada.id, gone, _as_actor(ada), desk.clock.now())
    await desk.callers.identify(brief)
    desk.clock.advance(timedelta(hours=1))
    for key in (brief, revoked, "pbk_nonsense"):
        with pytest.raises(NotAuthenticated):
            await desk.callers.identify(key)
    await desk.callers.identify(orphan)
    await desk.set_active("ada@example.com", active=False)
    await desk.set_active("ada@example.com", active=True)
    with pytest.raises(NotAuthenticated):
        await desk.callers.identify(orphan)


async def test_that_a_key_was_used_is_known_to_the_hour(desk: Desk) -> None:
    ada = await desk.add()
    _, key = await _make_key(desk, ada)

    async def used() -> object:
        async with desk.database.read() as connection:
            (kept,) = await find_keys(connection, ada.id, _as_actor(ada))
        return kept.last_used_at

    assert await used() is None
    first = desk.clock.now()
    await desk.callers.identify(key)
    desk.clock.advance(timedelta(minutes=59))
    await desk.callers.identify(key)
    assert await used() == first
    desk.clock.advance(timedelta(minutes=1))
    await desk.callers.identify(key)
    assert await used() == desk.clock.now()


@pytest.mark.parametrize(
    ("role", "said", "field"),
    [
        (Role.AGENT, {"scopes": []}, "scopes"),
        (Role.AGENT, {"scopes": [ApiKeyScope.RUN_SYNCS]}, "scopes"),
        (Role.AUDITOR, {"scopes": [ApiKeyScope.WRITE_CRM]}, "scopes"),
        (Role.ADMIN, {"scopes": [ApiKeyScope.READ_CRM], "surface": Surface.PUBLIC}, "scopes"),
        (Role.ADMIN, {"name": " "}, "name"),
        (Role.ADMIN, {"expires_at": 0}, "expiresAt"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_by_field(
    desk: Desk, role: Role, said: dict[str, object], field: str
) -> None:
    ada = await desk.add(role=role)
    if "expires_at" in said:
        said = {"expires_at": desk.clock.now()}
    with pytest.raises(InvalidInput) as caught:
        await _make_key(desk, ada, **said)
    assert [problem.field for problem in caught.value.details] == [field]


async def test_a_key_makes_no_key(desk: Desk) -> None:
    ada = await desk.add(role=Role.ADMIN)
    _, key = await _make_key(desk, ada)
    actor = await desk.callers.identify(key)
    async with desk.database.transaction() as connection:
        with pytest.raises(NotAllowed):
            await add_key(connection, NewApiKey("more", [ApiKeyScope.READ_LISTINGS]), actor, desk.clock.now())
