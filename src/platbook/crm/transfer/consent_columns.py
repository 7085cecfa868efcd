"""Consent in files of other systems: columns that state it, or one statement for a whole file. Pure.

What forbids contact is read broadly, what permits it narrowly: any entry of an opt-out column that does not plainly say
no is a refusal; only a plain yes, or a date, of an opt-in column is a consent.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import cast

from platbook.base.errors import InvalidInput
from platbook.base.times import parse_utc, to_iso_z
from platbook.crm.enums import ContactChannel
from platbook.crm.leads.consents import Consent, ConsentInput, add_consents, latest_consent
from platbook.crm.leads.lead import Lead

_EMAIL, _CALL, _SMS, _MAIL = (one.value for one in ContactChannel)

_OPT_OUT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "emailOptOut": (_EMAIL,),
        "callOptOut": (_CALL,),
        "smsOptOut": (_SMS,),
        "mailOptOut": (_MAIL,),
        "optOut": (_EMAIL, _CALL, _SMS),
    }
)
_OPT_IN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"emailOptIn": (_EMAIL,), "callOptIn": (_CALL,), "smsOptIn": (_SMS,), "mailOptIn": (_MAIL,)}
)
CONSENT_DATE, CONSENT_SOURCE, FILE_CONSENT = "consentDate", "consentSource", "fileConsent"

CONSENT_FIELDS = frozenset({*_OPT_OUT, *_OPT_IN, CONSENT_DATE, CONSENT_SOURCE})
"""Fields of a people file; each may stand for several columns."""

CONSENT_SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "emailOptOut": (
            "emailoptout", "optoutofemail", "optoutemail", "optedoutofemail", "hasoptedoutofemail",
            "optedoutofallemail",
            "hsemailoptout", "unsubscribed", "unsubscribe", "unsubscribedfromallemail", "emailunsubscribed",
            "donotemail",
            "noemail", "dne", "emailoptedout",
        ),
        "callOptOut": ("donotcall", "dnc", "calloptout", "phoneoptout", "nocall", "nocalls", "donotphone"),
        "smsOptOut": (
            "smsoptout", "textoptout", "donottext", "donotsms", "notext", "notexts", "optedoutofsms",
            "hasoptedoutofsms",
            "smsunsubscribed", "smsoptedout",
        ),
        "mailOptOut": ("donotmail", "mailoptout", "nomail", "directmailoptout"),
        "optOut": ("dnd", "donotdisturb", "donotcontact", "optout", "optedout", "nocontact"),
        "emailOptIn": (
            "emailoptin", "emailconsent", "emailpermission", "emailsubscribed", "subscribed", "subscribedtoemail",
            "consenttoemail", "optedintoemail", "marketingconsent", "marketingoptin", "emailmarketingconsent", "optin",
            "optedin", "acceptsmarketing", "acceptsemailmarketing", "newsletteroptin",
        ),
        "callOptIn": ("calloptin", "callconsent", "phoneoptin", "phoneconsent", "consenttocall"),
        "smsOptIn": ("smsoptin", "textoptin", "smsconsent", "textconsent", "consenttotext", "acceptssmsmarketing"),
        "mailOptIn": ("mailoptin", "directmailoptin"),
        CONSENT_DATE: ("consentdate", "optindate", "optoutdate", "unsubscribedate", "unsubscribedat", "unsubscribedon"),
        CONSENT_SOURCE: ("consentsource", "optinsource", "optoutsource"),
    }
)  # fmt: skip
"""The headers of consent columns, their letters in lower case."""

_PLAIN_NO = frozenset({"no", "n", "false", "f", "0", "0.0", "off", "never"})
_AGREED = frozenset({"opted in", "opt in", "opt-in", "subscribed"})
_YES = _AGREED | {"yes", "y", "true", "t", "1", "1.0", "x", "on", "granted", "given"}
"""Entries of an opt-in column that consent."""
_REFUSED = _PLAIN_NO | {"opted out", "opt out", "opt-out", "unsubscribed", "denied", "revoked"}
"""Entries of an opt-in column that refuse."""
_NOT_REFUSED = _PLAIN_NO | _AGREED | {"none", "null", "n/a", "-", "active", "not unsubscribed"}
"""Entries of an opt-out column that say nothing; all others refuse."""


@dataclass(frozen=True, slots=True)
class FileConsent:
    """One statement for everybody of a file, which the importing person answers for."""

    given: Mapping[str, bool]
    source: str
    at: datetime

    def to_text(self) -> str:
        """The statement as part of a row, so that a row imported before without it has changed."""
        channels = ",".join(f"{channel}={'yes' if given else 'no'}" for channel, given in sorted(self.given.items()))
        return f"{channels} {to_iso_z(self.at)} {self.source}"


def read_file_consent(texts: Sequence[str], source: str | None, date: str | None, now: datetime) -> FileConsent | None:
    """The options `--consent CHANNEL=yes|no`, `--consent-source`, `--consent-date`. Errors: InvalidInput."""
    if not texts:
        if source or date:
            raise InvalidInput.of("--consent", "is required with --consent-source and --consent-date")
        return None
    given: dict[str, bool] = {}
    for text in texts:
        channel, _, answer = text.partition("=")
        if channel not in set(ContactChannel) or answer not in {"yes", "no"} or channel in given:
            raise InvalidInput.of(
                "--consent", f"must be CHANNEL=yes or CHANNEL=no, once each for {', '.join(ContactChannel)}"
            )
        given[channel] = answer == "yes"
    if not source or not source.strip():
        raise InvalidInput.of("--consent-source", "is required with --consent: how these people said so")
    try:
        at = parse_utc(date or "")
    except ValueError:
        raise InvalidInput.of("--consent-date", "is required with --consent: a date or time in ISO 8601") from None
    if at > now:
        raise InvalidInput.of("--consent-date", "must not be in the future")
    return FileConsent(given, source.strip()[:200], at)


@dataclass(frozen=True, slots=True)
class FieldConsent:
    """A statement of a row, and the field that says it."""

    field: str
    statement: ConsentInput


def read_consents(row: Mapping[str, object], file_consent: FileConsent | None, source: str) -> list[FieldConsent]:
    """The statements of a row; undated ones have no `at`. `source`: where the columns do not say it."""
    if file_consent is None and CONSENT_FIELDS.isdisjoint(row):
        return []
    (row_source,) = _texts(row, CONSENT_SOURCE)[:1] or [source]
    dates = [date for text in _texts(row, CONSENT_DATE) if (date := _to_date(text)) is not None]
    statements: list[FieldConsent] = []
    for name, channel, given, own_date in _read_columns(row):
        statement = ConsentInput(channel=channel, given=given, source=row_source[:200])
        at = own_date or (max(dates) if dates else None)
        if at is not None:
            statement["at"] = to_iso_z(at)
        statements.append(FieldConsent(name, statement))
    if file_consent is not None:
        at_text = to_iso_z(file_consent.at)
        statements.extend(
            FieldConsent(
                FILE_CONSENT, ConsentInput(channel=channel, given=given, source=file_consent.source, at=at_text)
            )
            for channel, given in file_consent.given.items()
        )
    return statements


def without_repeated(
    statements: Iterable[FieldConsent], repeated: Collection[str], stored: Sequence[Consent]
) -> list[FieldConsent]:
    """The statements of a row without the undated refusals that the file repeats, where the person agreed since.

    `repeated`: the fields that were the same at the last import. Such a refusal is no newer than that import.
    """
    agreed = {channel for channel in ContactChannel if (one := latest_consent(stored, channel)) and one["given"]}
    return [
        one
        for one in statements
        if "at" in one.statement or one.field not in repeated or one.statement["channel"] not in agreed
    ]


def with_consents(lead: Lead, statements: Iterable[FieldConsent], at: datetime) -> Lead:
    """The lead with the statements of its row. A consent without a date is never newer than a refusal."""
    consents = list(lead.consents)
    for one in sorted((one.statement for one in statements), key=lambda one: one["given"]):  # the refusals first
        latest = latest_consent(consents, one["channel"])
        if one["given"] and "at" not in one and latest is not None and not latest["given"]:
            continue
        consents = add_consents(consents, [one], at)
    return lead if consents == lead.consents else replace(lead, consents=consents)


def _read_columns(row: Mapping[str, object]) -> Iterator[tuple[str, str, bool, datetime | None]]:
    """Each field, the channel that it speaks of, whether it consents, and the date where the cell is one."""
    for name, channels in _OPT_OUT.items():
        for text in _texts(row, name):
            if text.lower() not in _NOT_REFUSED:
                for channel in channels:
                    yield name, channel, False, _to_date(text)
    for name, channels in _OPT_IN.items():
        for text in _texts(row, name):
            date = _to_date(text)
            if text.lower() in _YES or text.lower() in _REFUSED or date is not None:
                for channel in channels:
                    yield name, channel, text.lower() not in _REFUSED, date


def _texts(row: Mapping[str, object], name: str) -> list[str]:
    value = row.get(name)
    if isinstance(value, str):
        return [value]
    return cast("list[str]", value) if isinstance(value, list) else []


def _to_date(text: str) -> datetime | None:
    """A date or time in ISO 8601; not a number such as `20260101`."""
    try:
        return parse_utc(text) if "-" in text else None
    except ValueError:
        return None
