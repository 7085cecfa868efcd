"""The second factor: time-based codes (RFC 6238) of six digits, and recovery codes for whoever has lost their device.

A code is good for its half minute and one either side, and once: neither it nor an earlier one is accepted again.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
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
_AROUND = (0, -1, 1)
_RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 12


@dataclass(frozen=True, slots=True)
class TotpSetup:
    """What a device is told, once: the secret, and the same as an address its camera reads."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class _Kept:
    sealed: bytes | None
    confirmed: bool


async def set_up_totp(connection: WriteConnection, box: SecretBox, actor: Actor, at: datetime) -> TotpSetup:
    """Begin: a new secret. Logins ask for a code once one was confirmed. Conflict where they do already."""
    user_id = _user_of(actor)
    if await requires_totp(connection, user_id):
        raise Conflict("logins ask for a code already; remove that first", code="TOTP_EXISTS")
    secret = random_base32()
    sealed = box.seal(secret.encode(), context=_context(user_id))
    await connection.run(Q.set_totp, {"user_id": user_id, "sealed": sealed})
    await audit.record(connection, actor, "totp begun", _subject(user_id), at)
    return TotpSetup(secret, TOTP(secret).provisioning_uri(name=actor.name, issuer_name=_ISSUER))


async def confirm_totp(connection: WriteConnection, box: SecretBox, actor: Actor, code: str, at: datetime) -> list[str]:
    """Show that a device makes the codes: from now on logins ask for them. Recovery codes, shown once.

    Conflict where nothing was begun, or all is done; InvalidInput names the code.
    """
    user_id = _user_of(actor)
    kept = await connection.one(_Kept, Q.get_totp, {"user_id": user_id})
    if kept.sealed is None or kept.confirmed:
        raise Conflict("nothing waits to be confirmed; begin with POST /auth/totp", code="TOTP_NOT_BEGUN")
    if not await _use_code(connection, box, user_id, kept.sealed, code, at):
        raise InvalidInput.of("totp", "is not the code of this moment")
    await connection.run(Q.confirm_totp, {"user_id": user_id, "at": at})
    await audit.record(connection, actor, "totp confirmed", _subject(user_id), at)
    return await _renew_recovery_codes(connection, user_id)


async def renew_recovery_codes(connection: WriteConnection, actor: Actor, at: datetime) -> list[str]:
    """New recovery codes, shown once; the old ones are good no more. Conflict where logins ask for no code."""
    user_id = _user_of(actor)
    if not await requires_totp(connection, user_id):
        raise Conflict("logins ask for no code", code="NO_TOTP")
    await audit.record(connection, actor, "recovery codes renewed", _subject(user_id), at)
    return await _renew_recovery_codes(connection, user_id)


async def remove_totp(connection: WriteConnection, user_id: UUID, actor: Actor, at: datetime) -> None:
    """Logins of a user ask for no code any more. Their own is theirs to remove; another's is an admin's. NotFound."""
    require(actor, Right.OWN_PROFILE if user_id == actor.user_id else Right.MANAGE_USERS)
    if not await connection.run(Q.remove_totp, {"user_id": user_id}):
        raise NotFound("there is no such user", code="USER_NOT_FOUND")
    await connection.run(Q.delete_recovery_codes, {"user_id": user_id})
    await audit.record(connection, actor, "totp removed", _subject(user_id), at)


async def requires_totp(connection: ReadConnection, user_id: UUID) -> bool:
    """Whether a login of a user asks for a code."""
    kept = await connection.first(_Kept, Q.get_totp, {"user_id": user_id})
    return kept is not None and kept.confirmed


async def verify_code(connection: WriteConnection, box: SecretBox, user_id: UUID, code: str, at: datetime) -> bool:
    """Use a code or a recovery code up; whether it was good."""
    kept = await connection.one(_Kept, Q.get_totp, {"user_id": user_id})
    if kept.sealed is not None and await _use_code(connection, box, user_id, kept.sealed, code, at):
        return True
    said = {"user_id": user_id, "code_hash": hash_token(_plain(code))}
    return await connection.run(Q.use_recovery_code, said) == 1


async def _use_code(
    connection: WriteConnection, box: SecretBox, user_id: UUID, sealed: bytes, code: str, at: datetime
) -> bool:
    totp = TOTP(box.open(sealed, context=_context(user_id)).decode())
    said, now = code.replace(" ", "").encode(), int(at.timestamp()) // _STEP_SECONDS
    for step in (now + around for around in _AROUND):
        if hmac.compare_digest(totp.generate_otp(step).encode(), said):
            return await connection.run(Q.take_step, {"user_id": user_id, "step": step}) == 1
    return False


async def _renew_recovery_codes(connection: WriteConnection, user_id: UUID) -> list[str]:
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_RECOVERY_LENGTH)) for _ in range(_RECOVERY_CODES)]
    await connection.run(Q.delete_recovery_codes, {"user_id": user_id})
    params = {"user_id": user_id, "hashes": [hash_token(code) for code in codes]}
    await connection.run(Q.add_recovery_codes, params)
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def _plain(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter.isalnum())


def _user_of(actor: Actor) -> UUID:
    require(actor, Right.OWN_PROFILE)
    if actor.user_id is None:
        raise Conflict("only a user has a second factor")
    return actor.user_id


def _subject(user_id: UUID) -> AuditSubject:
    return AuditSubject("user", str(user_id))


def _context(user_id: UUID) -> str:
    return f"totp:{user_id}"
