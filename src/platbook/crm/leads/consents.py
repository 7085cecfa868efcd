"""Statements of consent: of a channel the latest by its own time counts, whenever it arrived. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypedDict

from platbook.base.errors import InvalidInput
from platbook.base.times import parse_utc, to_iso_z
from platbook.crm.enums import ContactChannel


class Consent(TypedDict):
    """One statement of consent: `at` in ISO 8601, `source` is where it was collected."""

    channel: str
    given: bool
    at: str
    source: str


class _ConsentRequired(TypedDict):
    channel: str
    given: bool


class ConsentInput(_ConsentRequired, total=False):
    """A statement of consent to add: by default as of now, and collected by the API."""

    at: str
    source: str


def latest_consent(statements: Iterable[Consent], channel: str) -> Consent | None:
    """The statement of a channel that counts: the latest by its own time; of equal times a refusal."""
    of_channel = [one for one in statements if one["channel"] == channel]
    return max(of_channel, key=_sort_key, default=None)


def in_order(statements: Iterable[Consent]) -> list[Consent]:
    """Statements in the order of their own times, so that the last of a channel is the one that counts."""
    return sorted(statements, key=_sort_key)


def add_consents(stored: Sequence[Consent], added: Sequence[ConsentInput], at: datetime) -> list[Consent]:
    """The stored statements and the added ones, in the order of their own times, none of them later than `at`.

    Left out: what is stored already, and a statement without a time that the one that counts says already.
    Errors: InvalidInput for an unknown channel.
    """
    statements = list(stored)
    for one in added:
        if one["channel"] not in set(ContactChannel):
            raise InvalidInput.of("consents", f"channel must be one of {', '.join(ContactChannel)}")
        latest = latest_consent(statements, one["channel"])
        if not one.get("at") and latest is not None and latest["given"] == one["given"]:
            continue
        stated_at = one.get("at")
        when = min(parse_utc(stated_at), at) if stated_at else at
        source = one.get("source") or "api"
        statement = Consent(channel=one["channel"], given=one["given"], at=to_iso_z(when), source=source)
        if statement not in statements:
            statements.append(statement)
    return in_order(statements)


def _sort_key(statement: Consent) -> tuple[datetime, bool]:
    return parse_utc(statement["at"]), not statement["given"]
