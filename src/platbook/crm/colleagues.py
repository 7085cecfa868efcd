"""Colleagues: whose names a user may read, because they work on the same leads or the user manages them."""

from dataclasses import dataclass
from uuid import UUID

from platbook.accounts.record_access import access_condition
from platbook.base.actor import Actor
from platbook.base.rights import Right, has_right, record_access
from platbook.db import ReadConnection
from platbook.db.compose import SQL, Composed, Identifier, to_statement

_OF_USERS = SQL("SELECT id, concat_ws(' ', first_name, last_name) AS name FROM users WHERE {} ORDER BY name, id")
_ON_LEADS = SQL(
    "id = %(user_id)s OR id IN (WITH seen AS MATERIALIZED (SELECT id, assigned_to FROM leads"
    " WHERE deleted_at IS NULL AND {})"
    " SELECT assigned_to FROM seen WHERE assigned_to IS NOT NULL"
    " UNION SELECT t.assigned_to FROM tasks t JOIN seen ON t.lead_id = seen.id"
    " WHERE t.deleted_at IS NULL AND t.assigned_to IS NOT NULL"
    " UNION SELECT t.lead_owner FROM tasks t"
    " WHERE t.deleted_at IS NULL AND t.assigned_to = %(user_id)s AND t.lead_owner IS NOT NULL"
    " UNION SELECT i.user_id FROM interactions i JOIN seen ON i.lead_id = seen.id"
    " WHERE i.deleted_at IS NULL AND i.user_id IS NOT NULL)"
)


@dataclass(frozen=True, slots=True)
class Colleague:
    """A user's name."""

    id: UUID
    name: str


async def find_colleagues(connection: ReadConnection, actor: Actor) -> list[Colleague]:
    """The actor's own user, and those who own, log or have tasks of a lead that the actor sees in full, by name.

    Whoever may read users gets those whom they may read.
    """
    right = Right.READ_USERS if has_right(actor, Right.READ_USERS) else Right.READ_CRM
    owner = Identifier("id" if right is Right.READ_USERS else "assigned_to")
    seen: Composed = access_condition(
        record_access(actor, right), owner=owner, office=Identifier("office"), team=Identifier("team")
    )
    condition = seen if right is Right.READ_USERS else _ON_LEADS.format(seen)
    statement = to_statement("find_colleagues", _OF_USERS.format(condition))
    return await connection.all(Colleague, statement, {"user_id": actor.user_id})
