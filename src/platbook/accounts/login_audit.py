"""Audit entries of logins, logouts, refused logins and reused refresh tokens.

Entries of refused logins do not hold the e-mail address sent, as people may have typed their password there.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from platbook import audit
from platbook.accounts.auth_throttle import to_client_network
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.db import WriteConnection

_UNIDENTIFIED = Actor("somebody")
_UNKNOWN = "unknown"


class LoginMethod(StrEnum):
    """How a user authenticated."""

    PASSWORD = "password"  # noqa: S105 - the name of a method
    ISSUER = "issuer"


async def record_login(
    connection: WriteConnection, user_id: UUID, email: str, at: datetime, by: LoginMethod, address: str | None
) -> None:
    """Record a login, with the client address if it is known."""
    await audit.record(connection, Actor(email, user_id), "logged in", _user(user_id), at, _details(address, by=by))


async def record_refusal(
    connection: WriteConnection, user_id: UUID | None, at: datetime, by: LoginMethod, reason: str, address: str | None
) -> None:
    """Record a refused login; `user_id` None: of an unknown user."""
    details = _details(address, by=by, reason=reason)
    await audit.record(connection, _UNIDENTIFIED, "login refused", _user(user_id), at, details)


async def record_logout(connection: WriteConnection, actor: Actor, at: datetime) -> None:
    """Record a logout."""
    await audit.record(connection, actor, "logged out", _user(actor.user_id), at)


async def record_token_reuse(connection: WriteConnection, user_id: UUID, at: datetime) -> None:
    """Record that a refresh token was reused, which ended its session: it has probably been stolen."""
    await audit.record(connection, _UNIDENTIFIED, "refresh token reused", _user(user_id), at)


def _user(user_id: UUID | None) -> AuditSubject:
    return AuditSubject("user", _UNKNOWN if user_id is None else str(user_id))


def _details(address: str | None, **facts: str) -> dict[str, object]:
    return {**facts} if address is None else {**facts, "address": to_client_network(address)}
