"""Password resets: a single-use link, valid for 24 hours, by which a user sets a new password.

The link is never returned over HTTP: it is written to the transactional outbox, sealed, for delivery to the user's own
mailbox, or printed by the server's command line.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from platbook import audit
from platbook.accounts.auth_throttle import clear_account
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

LIFETIME = timedelta(hours=24)
EVENT = "password reset asked"


@dataclass(frozen=True, slots=True)
class PasswordReset:
    """A reset to be delivered to the user; the token is enough to set the password."""

    email: str
    token: str
    expires_at: datetime

    def to_link(self, url: str) -> str:
        """Return a link below `url` with the token in the fragment, which is sent to no server and logged nowhere."""
        return f"{url}/reset-password#token={self.token}"


@dataclass(frozen=True, slots=True)
class _Owner:
    id: UUID
    email: str


async def request_reset(connection: WriteConnection, box: SecretBox, email: str, at: datetime) -> None:
    """Send a reset to an e-mail address, if it belongs to an active user."""
    try:
        user = await get_user_by_email(connection, email)
    except NotFound:
        return
    if user.is_active:
        await _send(connection, box, user, Actor(user.email, user.id), at)


async def send_reset(connection: WriteConnection, box: SecretBox, user_id: UUID, actor: Actor, at: datetime) -> None:
    """Send a reset to a user, as an administrator. NotFound; Conflict: the user is disabled."""
    require(actor, Right.MANAGE_USERS)
    await _send(connection, box, _require_active(await get_user(connection, user_id)), actor, at)


async def create_reset(connection: WriteConnection, email: str, actor: Actor, at: datetime) -> PasswordReset:
    """Create a reset to be handed over by the operator. NotFound; Conflict: the user is disabled."""
    require(actor, Right.MANAGE_USERS)
    return await _create(connection, _require_active(await get_user_by_email(connection, email)), actor, at)


async def use_reset(connection: WriteConnection, token: str, password: str, at: datetime) -> None:
    """Set a new password by a reset, end all sessions of the user and all pauses of the login throttle.

    NotAllowed; InvalidInput names the field.
    """
    check_password(password)
    owner = await connection.first(_Owner, Q.use_reset, {"token_hash": hash_token(token), "at": at})
    if owner is None:
        raise NotAllowed("this link is invalid, was used, or has expired; request a new one")
    await connection.run(Q.set_password, {"id": owner.id, "password_hash": await hash_password(password)})
    params = {"user_id": owner.id, "except_id": None, "at": at}
    await connection.run(Q.end_sessions, params)
    await connection.run(Q.void_resets, params)
    await clear_account(connection, owner.email)
    await audit.record(connection, Actor(owner.email, owner.id), "password reset", _subject(owner.id), at)


async def _send(connection: WriteConnection, box: SecretBox, user: User, actor: Actor, at: datetime) -> None:
    reset = await _create(connection, user, actor, at)
    payload = {"email": reset.email, "token": reset.token, "expiresAt": reset.expires_at.isoformat()}
    await write_event(connection, EVENT, payload, at, seal=box)


async def _create(connection: WriteConnection, user: User, actor: Actor, at: datetime) -> PasswordReset:
    token = new_secret_token()
    params = {
        "id": new_id(),
        "user_id": user.id,
        "token_hash": hash_token(token),
        "at": at,
        "expires_at": at + LIFETIME,
    }
    await connection.run(Q.delete_expired_resets, params)
    await connection.run(Q.void_resets, params)
    await connection.run(Q.add_reset, params)
    await audit.record(connection, actor, "password reset asked", _subject(user.id), at)
    return PasswordReset(user.email, token, at + LIFETIME)


def _require_active(user: User) -> User:
    if not user.is_active:
        raise Conflict("this user is disabled; enable them first", code="USER_DISABLED")
    return user


def _subject(user_id: UUID) -> AuditSubject:
    return AuditSubject("user", str(user_id))
