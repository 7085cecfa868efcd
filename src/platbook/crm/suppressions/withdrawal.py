"""What a change of a lead means to suppressions: whom to suppress, and which refusals a lead takes over. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from platbook.base.times import parse_utc, to_iso_z
from platbook.crm.leads.consents import Consent, in_order, latest_consent
from platbook.crm.leads.lead import Lead
from platbook.crm.suppressions.suppression import StandingSuppression, SuppressedChannel, to_addresses

CONSENT_WITHDRAWN = "consent withdrawn"


@dataclass(frozen=True, slots=True)
class LeadChange:
    """A lead about to be written, and what it was: nothing if it is new, two leads if they are merged."""

    lead: Lead
    before: Sequence[Lead] = ()


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A refusal of a person by one of their addresses."""

    channel: str
    address: str
    at: datetime
    source: str
    lead_id: UUID
    reason: str = CONSENT_WITHDRAWN


class _Refused(NamedTuple):
    """An address of a person who refuses, and the statement by which they do."""

    address: str
    channel: str
    at: str
    source: str


def find_withdrawals(change: LeadChange) -> list[Withdrawal]:
    """The addresses to suppress: all of a channel when it is refused anew, and those added while it is refused."""
    known = {one for before in change.before for one in _to_refused(before)}
    return [
        Withdrawal(one.channel, one.address, parse_utc(one.at), one.source, change.lead.id)
        for one in _to_refused(change.lead)
        if one not in known
    ]


def added_addresses(change: LeadChange) -> list[str]:
    """The addresses and numbers that a lead did not have before."""
    known = {one for before in change.before for one in (*before.emails, *before.phones)}
    return [one for one in (*change.lead.emails, *change.lead.phones) if one not in known]


def with_refusals(lead: Lead, suppressions: Sequence[StandingSuppression]) -> Lead:
    """The lead with a refusal of each channel on which one of its addresses is suppressed, where it says none."""
    consents = list(lead.consents)
    for one in suppressions:
        if one.stream is not None or one.address not in to_addresses(one.channel, lead.emails, lead.phones):
            continue
        statement = Consent(channel=one.channel, given=False, at=to_iso_z(one.at), source=one.source)
        latest = latest_consent(consents, one.channel)
        if latest is None or (latest["given"] and statement not in consents):
            consents.append(statement)
    return lead if consents == lead.consents else replace(lead, consents=in_order(consents))


def _to_refused(lead: Lead) -> list[_Refused]:
    refused: list[_Refused] = []
    for channel in SuppressedChannel:
        statement = latest_consent(lead.consents, channel)
        if statement is not None and not statement["given"]:
            addresses = to_addresses(channel, lead.emails, lead.phones)
            refused.extend(_Refused(one, channel.value, statement["at"], statement["source"]) for one in addresses)
    return refused
