"""A suppressed person's own later yes: by a signed token that only a mail to the suppressed address carries.

Whoever sends mail makes the token and mails it to that address; the token alone ends the suppression, and it states a
consent. Of erased people no address is left to mail.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput
from platbook.crm.contacts import EMAIL
from platbook.crm.enums import ContactChannel
from platbook.crm.leads.consents import ConsentInput, add_consents
from platbook.crm.leads.rows import find_by_contacts, lock_lead, save_lead
from platbook.crm.suppressions.rows import end_row, lock_row
from platbook.crm.suppressions.suppression import Suppression
from platbook.db import WriteConnection

CONFIRMATION_PURPOSE = "suppression-confirmation"
"""The purpose for which the key of the tokens is derived."""

_PERSON = Actor("the person")
_REASON = "agreed by a link mailed to the address"
_ID, _TIME, _SIGNATURE = 16, 8, 32


def to_confirmation_token(key: bytes, row: Suppression, expires_at: datetime) -> str:
    """The token of a suppression, to be mailed to its address and to nobody else. Errors: InvalidInput."""
    if row.channel != ContactChannel.EMAIL or row.address is None:
        raise InvalidInput.of("channel", "only an e-mail address can be asked by mail")
    body = row.id.bytes + int(expires_at.timestamp()).to_bytes(_TIME)
    return base64.urlsafe_b64encode(body + _sign(key, body, row.address)).decode().rstrip("=")


async def end_by_confirmation(connection: WriteConnection, key: bytes, token: str, at: datetime) -> None:
    """End the suppression of a token, and state the consent of its person's lead. InvalidInput for any other token."""
    body, signature = _read(token)
    row = await lock_row(connection, UUID(bytes=body[:_ID]))
    if row is None or row.address is None or not hmac.compare_digest(signature, _sign(key, body, row.address)):
        raise _refused()
    if row.ended_at is not None or at >= datetime.fromtimestamp(int.from_bytes(body[_ID:]), UTC):
        raise _refused()
    await end_row(connection, row.id, _PERSON.name, _REASON, at)
    await _state_consent(connection, row.address, at)
    subject = AuditSubject("suppression", str(row.id))
    await audit.record(
        connection, _PERSON, "suppression ended", subject, at, {"channel": row.channel, "reason": _REASON}
    )


async def _state_consent(connection: WriteConnection, address: str, at: datetime) -> None:
    for lead_id in (await find_by_contacts(connection, [(EMAIL, address)])).values():
        lead = await lock_lead(connection, lead_id)
        if lead is not None and lead.deleted_at is None:
            statement: ConsentInput = {"channel": ContactChannel.EMAIL.value, "given": True, "source": _REASON}
            consents = add_consents(lead.consents, [statement], at)
            await save_lead(connection, replace(lead, consents=consents, updated_at=at))


def _sign(key: bytes, body: bytes, address: str) -> bytes:
    return hmac.digest(key, body + address.encode(), hashlib.sha256)


def _read(token: str) -> tuple[bytes, bytes]:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _refused() from None
    if len(raw) != _ID + _TIME + _SIGNATURE:
        raise _refused()
    return raw[: _ID + _TIME], raw[_ID + _TIME :]


def _refused() -> InvalidInput:
    return InvalidInput.of("token", "is not valid, or not any more")
