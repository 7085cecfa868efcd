"""Whether a person may be contacted now: by suppressions, statements of consent and the installation's policy. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from platbook.crm.enums import StageKind
from platbook.crm.leads.consents import latest_consent
from platbook.crm.leads.lead import Lead
from platbook.crm.suppressions.suppression import ALERTS, StandingSuppression, SuppressedChannel, to_addresses


class ConsentPolicy(StrEnum):
    """What silence means (`PLATBOOK_ALERT_CONSENT`): no (`opt_in`), or yes until somebody refuses (`opt_out`)."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"


class Refusal(StrEnum):
    """Why a person may not be contacted."""

    DELETED = "deleted"
    NO_ADDRESS = "no address"
    ARCHIVED = "archived"
    SUPPRESSED = "suppressed"
    REFUSED = "refused"
    NO_CONSENT = "no consent"


@dataclass(frozen=True, slots=True)
class ContactPermission:
    """The addresses that may be used, the primary one first; none, with the reason, where the person may not be."""

    addresses: Sequence[str] = ()
    refusal: Refusal | None = None

    @property
    def is_given(self) -> bool:
        """Whether the person may be contacted."""
        return self.refusal is None


def to_permission(
    lead: Lead,
    channel: SuppressedChannel,
    stream: str,
    suppressions: Sequence[StandingSuppression],
    policy: ConsentPolicy,
) -> ContactPermission:
    """Whether a person may be mailed, called or texted now, with messages of a stream.

    `suppressions`: those standing of the lead's addresses. One of any of them stands over every statement, since the
    address is not what refused: the person did.
    """
    if lead.deleted_at is not None:
        return ContactPermission(refusal=Refusal.DELETED)
    if stream == ALERTS and lead.stage_kind == StageKind.ARCHIVED:
        return ContactPermission(refusal=Refusal.ARCHIVED)
    addresses = to_addresses(channel, lead.emails, lead.phones)
    if not addresses:
        return ContactPermission(refusal=Refusal.NO_ADDRESS)
    if any(_applies(one, channel, stream, addresses) for one in suppressions):
        return ContactPermission(refusal=Refusal.SUPPRESSED)
    statement = latest_consent(lead.consents, channel)
    if statement is None:
        silent_yes = policy is ConsentPolicy.OPT_OUT
        return ContactPermission(addresses) if silent_yes else ContactPermission(refusal=Refusal.NO_CONSENT)
    return ContactPermission(addresses) if statement["given"] else ContactPermission(refusal=Refusal.REFUSED)


def _applies(one: StandingSuppression, channel: str, stream: str, addresses: Sequence[str]) -> bool:
    return one.channel == channel and one.stream in {None, stream} and one.address in addresses
