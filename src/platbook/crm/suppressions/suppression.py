"""A suppression as a value: an address or number that must not be contacted by a channel. Pure."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import LiteralString
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.crm.contacts import to_email, to_phone
from platbook.crm.enums import ContactChannel

KEY_PURPOSE = "suppressions"
"""The purpose for which the key of `hash_address` is derived. Stored hashes stand on it: it never changes."""

ALERTS = "alerts"
"""The stream of messages about listings."""

MAX_REASON = 500
_STREAM = re.compile(r"[a-z][a-z0-9-]{0,49}")


class SuppressedChannel(StrEnum):
    """The channels that an address or number can be suppressed on. Of `mail` no address is stored."""

    EMAIL = "email"
    CALL = "call"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Suppression:
    """A row. `stream` None: every kind of message. An erased person's has a keyed hash instead of the address.

    `at` is when the person said so; `lead_id` the lead it came from, which may be gone.
    """

    id: UUID
    channel: str
    address: str | None
    address_hash: bytes | None
    stream: str | None
    reason: str
    source: str
    at: datetime
    created_at: datetime
    created_by: str
    lead_id: UUID | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_reason: str | None = None


COLUMNS: tuple[LiteralString, ...] = (
    "id", "channel", "address", "address_hash", "stream", "reason", "source", "at", "created_at", "created_by",
    "lead_id", "ended_at", "ended_by", "ended_reason",
)  # fmt: skip
assert tuple(one.name for one in fields(Suppression)) == COLUMNS  # noqa: S101 - checked once, when imported


@dataclass(frozen=True, slots=True)
class StandingSuppression:
    """A suppression that has not ended, by the address that was asked for."""

    channel: str
    address: str
    stream: str | None
    at: datetime
    source: str


_NORMALIZE = MappingProxyType({ContactChannel.EMAIL.value: to_email})


def to_address(channel: str, text: str) -> str:
    """The address or number as leads store it. Errors: InvalidInput."""
    normalize = _NORMALIZE.get(channel, to_phone)
    try:
        return normalize(text)
    except ValueError as error:
        raise InvalidInput.of("address", str(error)) from None


def to_stream(text: str | None) -> str | None:
    """The name of a stream; an empty one is every stream. Errors: InvalidInput."""
    if not text:
        return None
    if not _STREAM.fullmatch(text):
        raise InvalidInput.of("stream", "must be a lower-case word of at most 50 letters, digits and hyphens")
    return text


def to_reason(text: str) -> str:
    """A reason that somebody gave. Errors: InvalidInput."""
    reason = " ".join(text.split())
    if not 1 <= len(reason) <= MAX_REASON:
        raise InvalidInput.of("reason", f"is required, with at most {MAX_REASON} characters")
    return reason


def hash_address(key: bytes, address: str) -> bytes:
    """The keyed hash of an address: what remains of it when its person is erased (HMAC-SHA-256)."""
    return hmac.digest(key, address.encode(), hashlib.sha256)


def to_addresses(channel: str, emails: Sequence[str], phones: Sequence[str]) -> Sequence[str]:
    """The contacts of a person that a channel uses."""
    by_channel: Mapping[str, Sequence[str]] = {"email": emails, "call": phones, "sms": phones}
    return by_channel.get(channel, ())
