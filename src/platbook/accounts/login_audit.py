"""Logins in the audit log: who came in and went, and who was refused and why.

What was sent is not kept: somebody may have typed their password where the e-mail address belongs.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from platbook import audit
from platbook.accounts.auth_throttle import to_client_network
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.db import WriteConnection

_STRANGER = Actor("somebody")
_UNKNOWN = "unknown"


class LoginMethod(StrEnum):
    """By what somebody proves who they are."""

    PASSWORD = "password"  # noqa: S105 - a word, not one
    ISSUER = "issuer"


async def record_login(
    connection: WriteConnection, user_id: UUID, email: str, at: datetime, by: LoginMethod, address: str | None
) -> None:
    """Somebody came in, from a client address where that is known."""
    await audit.record(connection, Actor(email, user_id), "logged in", _user(user_id), at, _details(address, by=by))


async def record_refusal(
    connection: WriteConnection, user_id: UUID | None, at: datetime, by: LoginMethod, reason: str, address: str | None
) -> None:
    """Somebody was not let in; `user_id` None: as nobody who is known here."""
    details = _details(address, by=by, reason=reason)
    await audit.record(connection, _STRANGER, "login refused", _user(user_id), at, details)


async def record_logout(connection: WriteConnection, actor: Actor, at: datetime) -> None:
    """Somebody logged out."""
    await audit.record(connection, actor, "logged out", _user(actor.user_id), at)


async def record_token_reuse(connection: WriteConnection, user_id: UUID, at: datetime) -> None:
    """A refresh token was used twice, which ended its login: somebody else has it too."""
    await audit.record(connection, _STRANGER, "refresh token reused", _user(user_id), at)


def _user(user_id: UUID | None) -> AuditSubject:
    return AuditSubject("user", _UNKNOWN if user_id is None else str(user_id))


def _details(address: str | None, **words: str) -> dict[str, object]:
    return {**words} if address is None else {**words, "address": to_client_network(address)}
