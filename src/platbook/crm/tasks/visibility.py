"""Access control of tasks: they are visible to their assignee, and to those who have full access to their lead."""

from platbook.accounts.record_access import group_conditions, owner_conditions
from platbook.base.actor import Actor
from platbook.base.errors import NotAllowed, NotFound
from platbook.base.rights import Ownership, RecordAccess, Right, record_access, require
from platbook.crm.tasks.task import Task
from platbook.db.compose import SQL, Identifier
from platbook.db.lists import Conditions

_ASSIGNEE, _LEAD_OWNER = Identifier("assigned_to"), Identifier("lead_owner")
_OFFICE, _TEAM = Identifier("office"), Identifier("team")


def check_task(actor: Actor, right: Right, task: Task | None) -> Task:
    """The task, if the actor has a right over it. NotFound where they do not see it, else NotAllowed."""
    if task is None or not _has_access(record_access(actor, Right.READ_CRM), task):
        raise NotFound("no task has this id, or it is not visible to you", code="TASK_NOT_FOUND")
    require(actor, right)
    if not _has_access(record_access(actor, right), task):
        raise NotAllowed("this task belongs to another user; ask its assignee or a manager")
    return task


def to_task_conditions(actor: Actor) -> Conditions:
    """The tasks an actor sees: assigned to them, about their leads, or of their office and team."""
    access = record_access(actor, Right.READ_CRM)
    group = group_conditions(access, office=_OFFICE, team=_TEAM)
    either = [*group, *owner_conditions(access, _ASSIGNEE), *owner_conditions(access, _LEAD_OWNER)]
    return Conditions(Identifier("tasks"), [SQL("deleted_at IS NULL")], either=None if access.everybody else either)


def _has_access(access: RecordAccess, task: Task) -> bool:
    """By its assignee, or by the owner of its lead."""
    return any(access.holds(Ownership(owner, task.office, task.team)) for owner in (task.assigned_to, task.lead_owner))
