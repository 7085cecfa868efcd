"""Two-factor authentication: time-based one-time passwords (TOTP, RFC 6238) of six digits, and recovery codes.

A code is accepted in its time step of 30 seconds and in the ones before and after, to allow for clock drift. Each is
accepted once (RFC 6238 section 5.2): the last accepted step is stored, and it and earlier ones are refused.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pyotp import random_base32
from pyotp.totp import TOTP

from platbook import audit
from platbook.accounts.tokens import hash_token
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import Conflict, InvalidInput, NotFound
from platbook.base.rights import Right, require
from platbook.db import ReadConnection, SecretBox, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")

_ISSUER = "Platbook"
_STEP_SECONDS = 30
_STEP_OFFSETS = (0, -1, 1)
_RECOVERY_CODES = 10
_RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 12


@dataclass(frozen=True, slots=True)
class TotpSetup:
    """The secret for an authenticator app, and the same as an `otpauth:` URI for a QR code; shown once."""

    secret: str
    uri: str


class CodeCheck(StrEnum):
    """What became of a code; a refused one's value is the reason that the audit log has."""

    VALID = "valid"
    WRONG = "code"
    USED = "used code"
    """It, or a later one, was accepted before: who sends it may have seen it being typed."""


@dataclass(frozen=True, slots=True)
class _StoredTotp:
    sealed: bytes | None
    confirmed: bool


async def set_up_totp(connection: WriteConnection, box: SecretBox, actor: Actor, at: datetime) -> TotpSetup:
    """Create a new secret, which takes effect once it is confirmed. Conflict if TOTP is already enabled."""
    user_id = _user_of(actor)
    if await requires_totp(connection, user_id):
        raise Conflict("two-factor authentication is already enabled; remove it first", code="TOTP_EXISTS")
    secret = random_base32()
    sealed = box.seal(secret.encode(), context=_context(user_id))
    await connection.run(Q.set_totp, {"user_id": user_id, "sealed": sealed})
    await audit.record(connection, actor, "totp begun", _subject(user_id), at)
    return TotpSetup(secret, TOTP(secret).provisioning_uri(name=actor.name, issuer_name=_ISSUER))


async def confirm_totp(connection: WriteConnection, box: SecretBox, actor: Actor, code: str, at: datetime) -> list[str]:
    """Enable TOTP by a first code of the new secret; returns the recovery codes, which are shown once.

    Conflict if there is no unconfirmed secret; InvalidInput if the code is wrong.
    """
    user_id = _user_of(actor)
    stored = await connection.one(_StoredTotp, Q.get_totp, {"user_id": user_id})
    if stored.sealed is None or stored.confirmed:
        raise Conflict("there is no new secret to confirm; create one with POST /auth/totp", code="TOTP_NOT_BEGUN")
    if await _use_totp_code(connection, box, user_id, stored.sealed, code, at) is not CodeCheck.VALID:
        raise InvalidInput.of("totp", "is not a current code; check the clock of your device")
    await connection.run(Q.confirm_totp, {"user_id": user_id, "at": at})
    await audit.record(connection, actor, "totp confirmed", _subject(user_id), at)
    return await _renew_recovery_codes(connection, user_id)


async def renew_recovery_codes(connection: WriteConnection, actor: Actor, at: datetime) -> list[str]:
    """Replace the recovery codes; the new ones are shown once. Conflict if TOTP is not enabled."""
    user_id = _user_of(actor)
    if not await requires_totp(connection, user_id):
        raise Conflict("two-factor authentication is not enabled", code="NO_TOTP")
    await audit.record(connection, actor, "recovery codes renewed", _subject(user_id), at)
    return await _renew_recovery_codes(connection, user_id)


async def remove_totp(connection: WriteConnection, user_id: UUID, actor: Actor, at: datetime) -> None:
    """Disable TOTP for the actor or, as an administrator, for another user. NotFound."""
    require(actor, Right.OWN_PROFILE if user_id == actor.user_id else Right.MANAGE_USERS)
    if not await connection.run(Q.remove_totp, {"user_id": user_id}):
        raise NotFound("there is no user with this id", code="USER_NOT_FOUND")
    await connection.run(Q.delete_recovery_codes, {"user_id": user_id})
    await audit.record(connection, actor, "totp removed", _subject(user_id), at)


async def requires_totp(connection: ReadConnection, user_id: UUID) -> bool:
    """Whether logins of a user require a code."""
    stored = await connection.first(_StoredTotp, Q.get_totp, {"user_id": user_id})
    return stored is not None and stored.confirmed


async def verify_code(connection: WriteConnection, box: SecretBox, user_id: UUID, code: str, at: datetime) -> CodeCheck:
    """Verify a TOTP or recovery code and use it up."""
    stored, check = await connection.one(_StoredTotp, Q.get_totp, {"user_id": user_id}), CodeCheck.WRONG
    if stored.sealed is not None:
        check = await _use_totp_code(connection, box, user_id, stored.sealed, code, at)
    params = {"user_id": user_id, "code_hash": hash_token(_normalize_recovery_code(code))}
    if check is CodeCheck.WRONG and await connection.run(Q.use_recovery_code, params):
        return CodeCheck.VALID
    return check


async def _use_totp_code(
    connection: WriteConnection, box: SecretBox, user_id: UUID, sealed: bytes, code: str, at: datetime
) -> CodeCheck:
    totp = TOTP(box.open(sealed, context=_context(user_id)).decode())
    sent, now = code.replace(" ", "").encode(), int(at.timestamp()) // _STEP_SECONDS
    for step in (now + offset for offset in _STEP_OFFSETS):
        if hmac.compare_digest(totp.generate_otp(step).encode(), sent):
            is_first = await connection.run(Q.take_step, {"user_id": user_id, "step": step}) == 1
            return CodeCheck.VALID if is_first else CodeCheck.USED
    return CodeCheck.WRONG


async def _renew_recovery_codes(connection: WriteConnection, user_id: UUID) -> list[str]:
    codes = [
        "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_LENGTH)) for _ in range(_RECOVERY_CODES)
    ]
    await connection.run(Q.delete_recovery_codes, {"user_id": user_id})
    params = {"user_id": user_id, "hashes": [hash_token(code) for code in codes]}
    await connection.run(Q.add_recovery_codes, params)
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def _normalize_recovery_code(code: str) -> str:
    return "".join(character for character in code.lower() if character.isalnum())


def _user_of(actor: Actor) -> UUID:
    require(actor, Right.OWN_PROFILE)
    if actor.user_id is None:
        raise Conflict("only users have two-factor authentication")
    return actor.user_id


def _subject(user_id: UUID) -> AuditSubject:
    return AuditSubject("user", str(user_id))


def _context(user_id: UUID) -> str:
    return f"totp:{user_id}"
