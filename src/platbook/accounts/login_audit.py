"""Logins in the audit log: who came in and went, and who was refused and why.

What was sent is not kept: somebody may have typed their password where the e-mail address belongs.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from platbook.accounts.auth_throttle import to_client
from platbook.audit import Subject, write_entry
from platbook.base.actor import Actor
from platbook.db import WriteConnection

_STRANGER = Actor("somebody")
_UNKNOWN = "unknown"


class Means(StrEnum):
    """By what somebody proves who they are."""

    PASSWORD = "password"  # noqa: S105 - a word, not one
    ISSUER = "issuer"


async def note_login(
    connection: WriteConnection, user_id: UUID, email: str, at: datetime, by: Means, address: str | None
) -> None:
    """Somebody came in, from a client address where that is known."""
    await write_entry(connection, Actor(email, user_id), "logged in", _user(user_id), at, _details(address, by=by))


async def note_refusal(
    connection: WriteConnection, user_id: UUID | None, at: datetime, by: Means, reason: str, address: str | None
) -> None:
    """Somebody was not let in; `user_id` None: as nobody who is known here."""
    details = _details(address, by=by, reason=reason)
    await write_entry(connection, _STRANGER, "login refused", _user(user_id), at, details)


async def note_end(connection: WriteConnection, actor: Actor, at: datetime) -> None:
    """Somebody logged out."""
    await write_entry(connection, actor, "logged out", _user(actor.user_id), at)


async def note_reuse(connection: WriteConnection, user_id: UUID, at: datetime) -> None:
    """A refresh token was used twice, which ended its login: somebody else has it too."""
    await write_entry(connection, _STRANGER, "refresh token reused", _user(user_id), at)


def _user(user_id: UUID | None) -> Subject:
    return Subject("user", _UNKNOWN if user_id is None else str(user_id))


def _details(address: str | None, **words: str) -> dict[str, object]:
    return {**words} if address is None else {**words, "address": to_client(address)}
