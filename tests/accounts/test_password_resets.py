"""Password changes and resets."""

from datetime import timedelta
from uuid import UUID

import pytest

from platbook.accounts.password_resets import EVENT, LIFETIME, create_reset, request_reset, send_reset, use_reset
from platbook.base.actor import COMMAND_LINE, Actor, Role
from platbook.base.errors import Conflict, InvalidInput, NotAllowed, NotAuthenticated, NotFound
from platbook.db import SecretBox
from platbook.jobs.outbox import open_payload
from tests.accounts.conftest import ADDRESS, PASSWORD, AccountsRig

EMAIL = "ada@example.com"
NEW = "another long password"


async def _ask(rig: AccountsRig, email: str = EMAIL) -> None:
    async with rig.database.transaction() as connection:
        await request_reset(connection, rig.box, email, rig.clock.now())


async def _mail(rig: AccountsRig) -> list[dict[str, object]]:
    """Return the payloads in the outbox, decrypted."""
    rows = await rig.rows("SELECT id, kind, payload, sealed FROM outbox ORDER BY id")
    assert all((row["kind"], row["payload"]) == (EVENT, {}) for row in rows)
    return [open_payload(UUID(str(row["id"])), bytes(row["sealed"]), rig.box) for row in rows]  # pyright: ignore[reportArgumentType] - bytea


async def _use(rig: AccountsRig, token: object, password: str = NEW) -> None:
    async with rig.database.transaction() as connection:
        await use_reset(connection, str(token), password, rig.clock.now())


async def test_a_reset_is_written_sealed_to_the_outbox(rig: AccountsRig) -> None:
    await rig.add()
    await _ask(rig, "ADA@example.com")
    (mail,) = await _mail(rig)
    assert mail == {"email": EMAIL, "token": mail["token"], "expiresAt": (rig.clock.now() + LIFETIME).isoformat()}
    for table in ("outbox", "password_resets", "audit_log"):
        (stored,) = await rig.rows(f"SELECT json_agg(t)::text AS rows FROM {table} t")  # noqa: S608 - names of ours
        assert str(mail["token"]) not in str(stored["rows"])
    (row,) = await rig.rows("SELECT id, sealed FROM outbox")
    with pytest.raises(ValueError, match="could not be decrypted"):
        open_payload(UUID(str(row["id"])), bytes(row["sealed"]), SecretBox(b"o" * 32))  # pyright: ignore[reportArgumentType] - bytea


async def test_a_reset_works_once_and_ends_every_session(rig: AccountsRig) -> None:
    await rig.add()
    tokens = await rig.sessions.log_in(EMAIL, PASSWORD, ADDRESS)
    await _ask(rig)
    (mail,) = await _mail(rig)
    with pytest.raises(InvalidInput):
        await _use(rig, mail["token"], "short")
    await _use(rig, mail["token"])
    with pytest.raises(NotAuthenticated):
        await rig.callers.identify(tokens.access_token)
    with pytest.raises(NotAuthenticated):
        await rig.sessions.refresh(tokens.refresh_token)
    with pytest.raises(NotAuthenticated):
        await rig.sessions.log_in(EMAIL, PASSWORD, ADDRESS)
    await rig.sessions.log_in(EMAIL, NEW, ADDRESS)
    with pytest.raises(NotAllowed):
        await _use(rig, mail["token"], PASSWORD)


async def test_a_reset_expires_after_a_day_and_with_the_next_one(rig: AccountsRig) -> None:
    await rig.add()
    for _ in range(2):
        await _ask(rig)
    first, second = await _mail(rig)
    with pytest.raises(NotAllowed):
        await _use(rig, first["token"])
    rig.clock.advance(LIFETIME)
    with pytest.raises(NotAllowed):
        await _use(rig, second["token"])
    rig.clock.advance(timedelta(seconds=-1))
    await _use(rig, second["token"])


@pytest.mark.parametrize("email", ["nobody@example.com", "out@example.com", "no address"])
async def test_nothing_is_sent_to_unknown_or_disabled_users(rig: AccountsRig, email: str) -> None:
    await rig.add("out@example.com")
    await rig.set_active("out@example.com", active=False)
    await _ask(rig, email)
    assert await _mail(rig) == []


async def test_disabling_a_user_invalidates_their_resets(rig: AccountsRig) -> None:
    await rig.add()
    await _ask(rig)
    (mail,) = await _mail(rig)
    await rig.set_active(EMAIL, active=False)
    await rig.set_active(EMAIL, active=True)
    with pytest.raises(NotAllowed):
        await _use(rig, mail["token"])


async def test_an_admin_can_send_a_reset_and_the_operator_can_create_one(rig: AccountsRig) -> None:
    ada = await rig.add()
    agent = Actor("agent", ada.id, Role.AGENT)
    async with rig.database.transaction() as connection:
        await send_reset(connection, rig.box, ada.id, COMMAND_LINE, rig.clock.now())
        with pytest.raises(NotAllowed):
            await send_reset(connection, rig.box, ada.id, agent, rig.clock.now())
        with pytest.raises(NotAllowed):
            await create_reset(connection, EMAIL, agent, rig.clock.now())
        with pytest.raises(NotFound):
            await create_reset(connection, "nobody@example.com", COMMAND_LINE, rig.clock.now())
        reset = await create_reset(connection, EMAIL, COMMAND_LINE, rig.clock.now())
    assert reset.to_link("https://platbook.example") == f"https://platbook.example/reset-password#token={reset.token}"
    assert len(await _mail(rig)) == 1
    await _use(rig, reset.token)
    await rig.set_active(EMAIL, active=False)
    async with rig.database.transaction() as connection:
        with pytest.raises(Conflict):
            await create_reset(connection, EMAIL, COMMAND_LINE, rig.clock.now())


async def test_a_changed_password_ends_every_other_session(rig: AccountsRig) -> None:
    await rig.add()
    here, there = [await rig.sessions.log_in(EMAIL, PASSWORD, ADDRESS) for _ in range(2)]
    actor = await rig.callers.identify(here.access_token)
    change = rig.sessions.credentials.change_password
    with pytest.raises(NotAuthenticated):
        await change(actor, "wrong password", NEW, ADDRESS)
    with pytest.raises(InvalidInput, match="newPassword"):
        await change(actor, PASSWORD, "short", ADDRESS)
    await change(actor, PASSWORD, NEW, ADDRESS)
    await rig.callers.identify(here.access_token)
    with pytest.raises(NotAuthenticated):
        await rig.callers.identify(there.access_token)
    await rig.sessions.log_in(EMAIL, NEW, ADDRESS)
