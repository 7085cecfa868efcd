"""Access control of leads: who sees which, and how much of each.

The roles (`base.rights`) define over whose records a right extends. Here that becomes SQL for lists, and a check for
one row. Besides the leads to which an actor has full access there are unassigned ones that they may claim: those are
visible without contact details.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from platbook.accounts.record_access import access_condition, group_conditions, owner_conditions
from platbook.base.actor import Actor
from platbook.base.errors import Gone, NotAllowed, NotFound
from platbook.base.rights import RecordAccess, Right, record_access, require
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.rows import get_lead
from platbook.db import ReadConnection
from platbook.db.compose import SQL, Composable, Identifier, Literal
from platbook.db.lists import Conditions

_OWNER, _OFFICE, _TEAM = Identifier("assigned_to"), Identifier("office"), Identifier("team")


@dataclass(frozen=True, slots=True)
class LeadView:
    """A lead as its reader sees it; `has_contact_details`: nothing is withheld."""

    lead: Lead
    has_contact_details: bool


async def read_lead(connection: ReadConnection, actor: Actor, lead_id: UUID) -> LeadView:
    """One lead as the actor sees it. NotFound; Gone where it was merged into a lead that they see."""
    lead = await get_lead(connection, lead_id)
    if lead is not None and lead.merged_into is not None:
        view_lead(actor, await get_lead(connection, lead.merged_into))
        raise Gone(f"this lead was merged into {lead.merged_into}")
    return view_lead(actor, lead)


def view_lead(actor: Actor, lead: Lead | None) -> LeadView:
    """A lead as an actor sees it, without contact details where they may only claim it. NotFound where they may not."""
    if lead is not None and lead.deleted_at is None:
        if _has_access(actor, Right.READ_CRM, lead):
            return LeadView(lead, has_contact_details=True)
        if can_claim(actor, lead):
            return LeadView(_without_contacts(lead), has_contact_details=False)
    raise NotFound("no lead has this id, or it is not visible to you", code="LEAD_NOT_FOUND")


def check_lead(actor: Actor, right: Right, lead: Lead | None) -> Lead:
    """The lead, if the actor has a right over it. NotFound where they do not see it, else NotAllowed."""
    view = view_lead(actor, lead)
    if not view.has_contact_details:
        raise NotAllowed("this lead has no owner yet; claim it first")
    require(actor, right)
    if not _has_access(actor, right, view.lead):
        raise NotAllowed("this lead belongs to another user; ask its owner or a manager")
    return view.lead


def can_claim(actor: Actor, lead: Lead) -> bool:
    """Whether an actor may claim a lead."""
    if lead.assigned_to is not None:
        return False
    access = record_access(actor, Right.CLAIM_LEADS)
    if lead.claimants is not None:
        return access.everybody or not access.owners.isdisjoint(lead.claimants)
    return replace(access, owners=frozenset()).holds(lead.ownership)


def is_restricted(actor: Actor) -> bool:
    """Whether an actor sees only part of the CRM: lists then filter by owner, with which no sort index begins."""
    return not record_access(actor, Right.READ_CRM).everybody


def to_lead_conditions(actor: Actor, *, full_access: bool = False) -> Conditions:
    """The leads an actor sees; `full_access`: without those that they may only claim."""
    access = record_access(actor, Right.READ_CRM)
    either = None if access.everybody else [*_of_group(access), *owner_conditions(access, _OWNER)]
    if either is not None and not full_access:
        either.extend(_to_claimable(actor))
    return Conditions(Identifier("leads"), [SQL("deleted_at IS NULL")], either=either)


def to_full_access_condition(actor: Actor) -> Composable:
    """That an actor sees a lead with its contact details, as SQL."""
    return access_condition(record_access(actor, Right.READ_CRM), owner=_OWNER, office=_OFFICE, team=_TEAM)


def _has_access(actor: Actor, right: Right, lead: Lead) -> bool:
    return record_access(actor, right).holds(lead.ownership)


def _without_contacts(lead: Lead) -> Lead:
    """Name, stage, budget, source and tags stay; contacts, and what may contain them, are withheld."""
    return replace(lead, emails=[], phones=[], notes=None, custom_fields={}, consents=[], ai_summary=None)


def _of_group(access: RecordAccess) -> list[Composable]:
    return group_conditions(access, office=_OFFICE, team=_TEAM)


def _to_claimable(actor: Actor) -> list[Composable]:
    """The unassigned leads for which `can_claim` holds: alternatives."""
    access, readable = record_access(actor, Right.CLAIM_LEADS), record_access(actor, Right.READ_CRM)
    if access.everybody:
        return [SQL("assigned_to IS NULL")]
    claimable: list[Composable] = []
    if (access.office, access.team) != (readable.office, readable.team):  # else they have full access already
        unassigned = SQL("(assigned_to IS NULL AND claimants IS NULL AND {})")
        claimable.extend(unassigned.format(group) for group in _of_group(access))
    if access.owners:
        claimants = SQL(", ").join(SQL("{}::uuid").format(Literal(str(one))) for one in sorted(access.owners))
        claimable.append(SQL("(assigned_to IS NULL AND claimants && ARRAY[{}]::uuid[])").format(claimants))
    return claimable
