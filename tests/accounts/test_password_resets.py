"""Passwords changed and forgotten."""

from datetime import timedelta
from uuid import UUID

import pytest

from platbook.accounts.password_resets import EVENT, LIFE, create_reset, request_reset, send_reset, use_reset
from platbook.base.actor import COMMAND_LINE, Actor, Role
from platbook.base.errors import Conflict, InvalidInput, NotAllowed, NotAuthenticated, NotFound
from platbook.db import SecretBox
from platbook.jobs.outbox import open_payload
from tests.accounts.conftest import ADDRESS, PASSWORD, Desk

EMAIL = "ada@example.com"
NEW = "another long password"


async def _ask(desk: Desk, email: str = EMAIL) -> None:
    async with desk.database.transaction() as connection:
        await request_reset(connection, desk.box, email, desk.clock.now())


async def _mail(desk: Desk) -> list[dict[str, object]]:
    """What the outbox holds, opened."""
    rows = await desk.rows("SELECT id, kind, payload, sealed FROM outbox ORDER BY id")
    assert all((row["kind"], row["payload"]) == (EVENT, {}) for row in rows)
    return [open_payload(UUID(str(row["id"])), bytes(row["sealed"]), desk.box) for row in rows]  # pyright: ignore[reportArgumentType] - bytea


async def _use(desk: Desk, token: object, password: str = NEW) -> None:
    async with desk.database.transaction() as connection:
        await use_reset(connection, str(token), password, desk.clock.now())


async def test_a_reset_goes_sealed_to_the_mailbox_it_is_for(desk: Desk) -> None:
    await desk.add()
    await _ask(desk, "ADA@example.com")
    (mail,) = await _mail(desk)
    assert mail == {"email": EMAIL, "token": mail["token"], "expiresAt": (desk.clock.now() + LIFE).isoformat()}
    for table in ("outbox", "password_resets", "audit_log"):
        (kept,) = await desk.rows(f"SELECT json_agg(t)::text AS rows FROM {table} t")  # noqa: S608 - names of ours
        assert str(mail["token"]) not in str(kept["rows"])
    (row,) = await desk.rows("SELECT id, sealed FROM outbox")
    with pytest.raises(ValueError, match="could not be opened"):
        open_payload(UUID(str(row["id"])), bytes(row["sealed"]), SecretBox(b"o" * 32))  # pyright: ignore[reportArgumentType] - bytea


async def test_a_reset_sets_the_password_once_and_ends_every_login(desk: Desk) -> None:
    await desk.add()
    tokens = await desk.sessions.log_in(EMAIL, PASSWORD, ADDRESS)
    await _ask(desk)
    (mail,) = await _mail(desk)
    with pytest.raises(InvalidInput):
        await _use(desk, mail["token"], "short")
    await _use(desk, mail["token"])
    with pytest.raises(NotAuthenticated):
        await desk.callers.identify(tokens.access_token)
    with pytest.raises(NotAuthenticated):
        await desk.sessions.refresh(tokens.refresh_token)
    with pytest.raises(NotAuthenticated):
        await desk.sessions.log_in(EMAIL, PASSWORD, ADDRESS)
    await desk.sessions.log_in(EMAIL, NEW, ADDRESS)
    with pytest.raises(NotAllowed):
        await _use(desk, mail["token"], PASSWORD)


async def test_a_reset_ends_after_a_day_and_with_the_next_one(desk: Desk) -> None:
    await desk.add()
    for _ in range(2):
        await _ask(desk)
    first, second = await _mail(desk)
    with pytest.raises(NotAllowed):
        await _use(desk, first["token"])
    desk.clock.advance(LIFE)
    with pytest.raises(NotAllowed):
        await _use(desk, second["token"])
    desk.clock.advance(timedelta(seconds=-1))
    await _use(desk, second["token"])


@pytest.mark.parametrize("email", ["nobody@example.com", "out@example.com", "no address"])
async def test_nothing_is_sent_to_whom_nobody_knows_or_who_is_kept_out(desk: Desk, email: str) -> None:
    await desk.add("out@example.com")
    await desk.set_active("out@example.com", active=False)
    await _ask(desk, email)
    assert await _mail(desk) == []


async def test_a_user_kept_out_meanwhile_does_not_come_in_by_a_reset(desk: Desk) -> None:
    await desk.add()
    await _ask(desk)
    (mail,) = await _mail(desk)
    await desk.set_active(EMAIL, active=False)
    await desk.set_active(EMAIL, active=True)
    with pytest.raises(NotAllowed):
        await _use(desk, mail["token"])


async def test_an_admin_may_send_one_and_whoever_runs_the_server_may_have_one(desk: Desk) -> None:
    ada = await desk.add()
    agent = Actor("agent", ada.id, Role.AGENT)
    async with desk.database.transaction() as connection:
        await send_reset(connection, desk.box, ada.id, COMMAND_LINE, desk.clock.now())
        with pytest.raises(NotAllowed):
            await send_reset(connection, desk.box, ada.id, agent, desk.clock.now())
        with pytest.raises(NotAllowed):
            await create_reset(connection, EMAIL, agent, desk.clock.now())
        with pytest.raises(NotFound):
            await create_reset(connection, "nobody@example.com", COMMAND_LINE, desk.clock.now())
        reset = await create_reset(connection, EMAIL, COMMAND_LINE, desk.clock.now())
    assert reset.to_link("https://platbook.example") == f"https://platbook.example/reset-password#token={reset.token}"
    assert len(await _mail(desk)) == 1
    await _use(desk, reset.token)
    await desk.set_active(EMAIL, active=False)
    async with desk.database.transaction() as connection:
        with pytest.raises(Conflict):
            await create_reset(connection, EMAIL, COMMAND_LINE, desk.clock.now())


async def test_a_changed_password_ends_every_other_login(desk: Desk) -> None:
    await desk.add()
    here, there = [await desk.sessions.log_in(EMAIL, PASSWORD, ADDRESS) for _ in range(2)]
    actor = await desk.callers.identify(here.access_token)
    change = desk.sessions.credentials.change_password
    with pytest.raises(NotAuthenticated):
        await change(actor, "wrong password", NEW, ADDRESS)
    with pytest.raises(InvalidInput, match="newPassword"):
        await change(actor, PASSWORD, "short", ADDRESS)
    await change(actor, PASSWORD, NEW, ADDRESS)
    await desk.callers.identify(here.access_token)
    with pytest.raises(NotAuthenticated):
        await desk.callers.identify(there.access_token)
    await desk.sessions.log_in(EMAIL, NEW, ADDRESS)
