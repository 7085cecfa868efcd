"""Resets: a link, good once and for 24 hours, that lets a user choose a new password.

It is never told to whoever asks for it over HTTP: it goes into the outbox, sealed, for the user's own mailbox, or is
printed at the server's own command line.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from platbook import audit
from platbook.accounts.passwords import check_password, hash_password
from platbook.accounts.tokens import hash_token, new_secret_token
from platbook.accounts.users import User, get_user, get_user_by_email
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import Conflict, NotAllowed, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Right, require
from platbook.db import SecretBox, WriteConnection, load_queries
from platbook.jobs.outbox import write_event

Q = load_queries(__package__ or "platbook.accounts")

LIFE = timedelta(hours=24)
EVENT = "password reset asked"


@dataclass(frozen=True, slots=True)
class PasswordReset:
    """A reset for a user's mailbox: whoever has the token may set the password."""

    email: str
    token: str
    expires_at: datetime

    def to_link(self, url: str) -> str:
        """A link below `url` that carries the token where no server and no log sees it: behind the `#`."""
        return f"{url}/reset-password#token={self.token}"


@dataclass(frozen=True, slots=True)
class _Owner:
    id: UUID
    email: str


async def request_reset(connection: WriteConnection, box: SecretBox, email: str, at: datetime) -> None:
    """Somebody says that they forgot the password of an address: tell its mailbox, if it is a user's."""
    try:
        user = await get_user_by_email(connection, email)
    except NotFound:
        return
    if user.is_active:
        await _send(connection, box, user, Actor(user.email, user.id), at)


async def send_reset(connection: WriteConnection, box: SecretBox, user_id: UUID, actor: Actor, at: datetime) -> None:
    """An admin lets a user choose a new password; the link goes to the user. NotFound; Conflict: they are disabled."""
    require(actor, Right.MANAGE_USERS)
    await _send(connection, box, _let_in(await get_user(connection, user_id)), actor, at)


async def create_reset(connection: WriteConnection, email: str, actor: Actor, at: datetime) -> PasswordReset:
    """A reset to be handed over by whoever runs the server; NotFound; Conflict: the user is disabled."""
    require(actor, Right.MANAGE_USERS)
    return await _make(connection, _let_in(await get_user_by_email(connection, email)), actor, at)


async def use_reset(connection: WriteConnection, token: str, password: str, at: datetime) -> None:
    """Choose a new password by a reset: every login of the user ends. NotAllowed; InvalidInput names the field."""
    check_password(password)
    owner = await connection.first(_Owner, Q.use_reset, {"token_hash": hash_token(token), "at": at})
    if owner is None:
        raise NotAllowed("this link is not valid, was used, or has expired; ask for another")
    await connection.run(Q.set_password, {"id": owner.id, "password_hash": await hash_password(password)})
    params = {"user_id": owner.id, "except_id": None, "at": at}
    await connection.run(Q.end_sessions, params)
    await connection.run(Q.void_resets, params)
    await audit.record(connection, Actor(owner.email, owner.id), "password reset", _subject(owner.id), at)


async def _send(connection: WriteConnection, box: SecretBox, user: User, actor: Actor, at: datetime) -> None:
    reset = await _make(connection, user, actor, at)
    payload = {"email": reset.email, "token": reset.token, "expiresAt": reset.expires_at.isoformat()}
    await write_event(connection, EVENT, payload, at, seal=box)


async def _make(connection: WriteConnection, user: User, actor: Actor, at: datetime) -> PasswordReset:
    token = new_secret_token()
    params = {"id": new_id(), "user_id": user.id, "token_hash": hash_token(token), "at": at, "expires_at": at + LIFE}
    await connection.run(Q.delete_dead_resets, params)
    await connection.run(Q.void_resets, params)
    await connection.run(Q.add_reset, params)
    await audit.record(connection, actor, "password reset asked", _subject(user.id), at)
    return PasswordReset(user.email, token, at + LIFE)


def _let_in(user: User) -> User:
    if not user.is_active:
        raise Conflict("this user is disabled; enable them first", code="USER_DISABLED")
    return user


def _subject(user_id: UUID) -> AuditSubject:
    return AuditSubject("user", str(user_id))
