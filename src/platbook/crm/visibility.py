"""Who sees which leads, tasks and interactions, and of a lead how much: decided here and nowhere else.

The table of roles (`base.rights`) says over whose records a right goes. Here it becomes SQL for lists, and a check for
one row. Beside what is seen whole stand unassigned leads one may claim: they are seen without contact details.
"""

from dataclasses import dataclass, replace

from platbook.accounts.record_access import access_condition, group_conditions, owner_conditions
from platbook.base.actor import Actor
from platbook.base.errors import NotAllowed, NotFound
from platbook.base.rights import Ownership, RecordAccess, Right, record_access, require
from platbook.crm.leads.lead import Lead
from platbook.crm.tasks.task import Task
from platbook.db.compose import SQL, Composable, Identifier, Literal
from platbook.db.conditions import Conditions

_LEADS, _TASKS, _INTERACTIONS = Identifier("leads"), Identifier("tasks"), Identifier("interactions")
_OWNER, _OFFICE, _TEAM = Identifier("assigned_to"), Identifier("office"), Identifier("team")
_LEAD_OWNER = Identifier("lead_owner")


@dataclass(frozen=True, slots=True)
class Seen:
    """A lead as its reader sees it; `is_whole`: nothing is kept from them."""

    lead: Lead
    is_whole: bool


def see(actor: Actor, lead: Lead | None) -> Seen:
    """A lead for a reader, without contact details where it is only there to be claimed. NotFound: it is not seen."""
    if lead is not None and lead.deleted_at is None:
        if _owns(actor, Right.READ_CRM, lead):
            return Seen(lead, is_whole=True)
        if may_claim(actor, lead):
            return Seen(_without_contacts(lead), is_whole=False)
    raise NotFound("there is no such lead", code="LEAD_NOT_FOUND")


def check_lead(actor: Actor, right: Right, lead: Lead | None) -> Lead:
    """A lead to be changed by a right. NotFound where it is not seen, NotAllowed where it is only seen."""
    seen = see(actor, lead)
    if not seen.is_whole:
        raise NotAllowed("this lead is nobody's yet; claim it first")
    require(actor, right)
    if not _owns(actor, right, seen.lead):
        raise NotAllowed("this lead belongs to somebody else")
    return seen.lead


def may_claim(actor: Actor, lead: Lead) -> bool:
    """Whether a lead is there for this actor to claim."""
    if lead.assigned_to is not None:
        return False
    reach = record_access(actor, Right.CLAIM_LEADS)
    if lead.claimants is not None:
        return reach.everybody or not reach.owners.isdisjoint(lead.claimants)
    return replace(reach, owners=frozenset()).holds(lead.belonging)


def check_task(actor: Actor, right: Right, task: Task | None) -> Task:
    """A task to be read or changed by a right. NotFound where it is not seen, NotAllowed where it is only seen."""
    if task is None or not _holds_any(record_access(actor, Right.READ_CRM), task):
        raise NotFound("there is no such task", code="TASK_NOT_FOUND")
    require(actor, right)
    if not _holds_any(record_access(actor, right), task):
        raise NotAllowed("this task belongs to somebody else")
    return task


def sees_few(actor: Actor) -> bool:
    """Whether an actor sees but a part of everything, which no index that sorts begins with."""
    return not record_access(actor, Right.READ_CRM).everybody


def to_lead_conditions(actor: Actor, *, whole: bool = False) -> Conditions:
    """The leads an actor sees; `whole`: only those of which nothing is kept from them."""
    reach = record_access(actor, Right.READ_CRM)
    either = None if reach.everybody else [*_of_group(reach), *owner_conditions(reach, _OWNER)]
    if either is not None and not whole:
        either.extend(_to_pond(actor))
    return Conditions(_LEADS, [SQL("deleted_at IS NULL")], either=either)


def to_whole(actor: Actor) -> Composable:
    """That a lead is seen whole, as SQL."""
    return access_condition(record_access(actor, Right.READ_CRM), owner=_OWNER, office=_OFFICE, team=_TEAM)


def to_task_conditions(actor: Actor) -> Conditions:
    """The tasks an actor sees: theirs to do, about their leads, or of their office and team."""
    reach = record_access(actor, Right.READ_CRM)
    either = [*_of_group(reach), *owner_conditions(reach, _OWNER), *owner_conditions(reach, _LEAD_OWNER)]
    return Conditions(_TASKS, [SQL("deleted_at IS NULL")], either=None if reach.everybody else either)


def to_interaction_conditions(actor: Actor) -> Conditions:
    """The interactions an actor sees: those of leads seen whole. Those of a deleted lead are marked deleted with it."""
    conditions = Conditions(_INTERACTIONS, [SQL("deleted_at IS NULL")])
    if not record_access(actor, Right.READ_CRM).everybody:
        leads = SQL("lead_id IN (SELECT id FROM leads WHERE deleted_at IS NULL AND {})")
        conditions.add(leads.format(to_whole(actor)))
    return conditions


def _owns(actor: Actor, right: Right, lead: Lead) -> bool:
    return record_access(actor, right).holds(lead.belonging)


def _holds_any(reach: RecordAccess, task: Task) -> bool:
    """By who is to do it, or by whose lead it is about."""
    return any(reach.holds(Ownership(owner, task.office, task.team)) for owner in (task.assigned_to, task.lead_owner))


def _without_contacts(lead: Lead) -> Lead:
    """Name, stage, budget, source and tags stay; whatever reaches the person, or may tell how, does not."""
    return replace(lead, emails=[], phones=[], notes=None, custom_fields={}, consents=[], ai_summary=None)


def _of_group(reach: RecordAccess) -> list[Composable]:
    return group_conditions(reach, office=_OFFICE, team=_TEAM)


def _to_pond(actor: Actor) -> list[Composable]:
    """Unassigned leads there to be claimed, as `may_claim` says it of one: alternatives."""
    reach, seen = record_access(actor, Right.CLAIM_LEADS), record_access(actor, Right.READ_CRM)
    if reach.everybody:
        return [SQL("assigned_to IS NULL")]
    pond: list[Composable] = []
    if (reach.office, reach.team) != (seen.office, seen.team):  # else seen whole already
        nobodys = SQL("(assigned_to IS NULL AND claimants IS NULL AND {})")
        pond.extend(nobodys.format(group) for group in _of_group(reach))
    if reach.owners:
        claimants = SQL(", ").join(SQL("{}::uuid").format(Literal(str(one))) for one in sorted(reach.owners))
        pond.append(SQL("(assigned_to IS NULL AND claimants && ARRAY[{}]::uuid[])").format(claimants))
    return pond
