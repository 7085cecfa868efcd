"""Access control of interactions: they are visible to those who have full access to their lead."""

from platbook.base.actor import Actor
from platbook.crm.leads.visibility import is_restricted, to_full_access_condition
from platbook.db.compose import SQL, Identifier
from platbook.db.lists import Conditions


def to_interaction_conditions(actor: Actor) -> Conditions:
    """The interactions an actor sees. Those of a deleted lead are deleted with it."""
    conditions = Conditions(Identifier("interactions"), [SQL("deleted_at IS NULL")])
    if is_restricted(actor):
        leads = SQL("lead_id IN (SELECT id FROM leads WHERE deleted_at IS NULL AND {})")
        conditions.add(leads.format(to_full_access_condition(actor)))
    return conditions
