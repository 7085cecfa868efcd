"""Reviewing possible duplicates: a pair is visible to those who have full access to both leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.accounts.record_access import access_condition
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import CallerError, Conflict, NotFound
from platbook.base.rights import Right, record_access
from platbook.crm.duplicates.rows import (
    COLUMNS,
    DuplicateState,
    PossibleDuplicate,
    close_pair,
    get_possible_duplicate,
    lock_possible_duplicate,
)
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.rows import get_leads, lock_leads
from platbook.crm.leads.visibility import check_lead
from platbook.db import ReadConnection, WriteConnection
from platbook.db.compose import SQL, Composed, Identifier, to_statement
from platbook.db.lists import NumberedPage, NumberedSource, PageNumber, find_numbered_page

_COLUMNS = SQL(", ").join(Identifier("pair", name) for name in COLUMNS)
_FIND = SQL(
    "SELECT {} FROM possible_duplicates pair JOIN leads one ON one.id = pair.lead_id"
    " JOIN leads other ON other.id = pair.other_id WHERE pair.state = %(state)s AND {} AND {}"
    " AND (%(lead_id)s::uuid IS NULL OR %(lead_id)s IN (pair.lead_id, pair.other_id))"
)


@dataclass(frozen=True, slots=True)
class DuplicateView:
    """A pair with both leads."""

    pair: PossibleDuplicate
    leads: tuple[Lead, Lead]


async def find_possible_duplicates(
    connection: ReadConnection,
    actor: Actor,
    page: PageNumber,
    *,
    state: DuplicateState = DuplicateState.OPEN,
    lead_id: UUID | None = None,
) -> NumberedPage[PossibleDuplicate]:
    """A page of the pairs of which the actor may see both leads in full, the newest first; `lead_id`: of one lead."""
    statement = to_statement(
        "find_possible_duplicates", _FIND.format(_COLUMNS, _seen(actor, "one"), _seen(actor, "other"))
    )
    source = NumberedSource(PossibleDuplicate, statement, ("found_at",), descending=True)
    return await find_numbered_page(connection, source, page, {"state": state, "lead_id": lead_id})


async def read_pairs(connection: ReadConnection, pairs: Sequence[PossibleDuplicate]) -> list[DuplicateView]:
    """Visible pairs with their leads; left out are those of a lead that was erased meanwhile."""
    leads = await get_leads(connection, [lead_id for pair in pairs for lead_id in (pair.lead_id, pair.other_id)])
    return [
        DuplicateView(pair, (leads[pair.lead_id], leads[pair.other_id]))
        for pair in pairs
        if pair.lead_id in leads and pair.other_id in leads
    ]


async def check_pair(connection: ReadConnection, actor: Actor, pair_id: UUID) -> PossibleDuplicate:
    """An open pair of which the actor may see both leads. NotFound; Conflict where it was decided on."""
    pair = await get_possible_duplicate(connection, pair_id)
    if pair is None:
        raise _not_found()
    access = record_access(actor, Right.READ_CRM)
    views = await read_pairs(connection, [pair])
    if not views or not all(access.holds(lead.ownership) for lead in views[0].leads):
        raise _not_found()
    _check_open(pair)
    return pair


async def dismiss_pair(connection: WriteConnection, actor: Actor, pair_id: UUID, at: datetime) -> DuplicateView:
    """Decide that two leads are two people. NotFound, NotAllowed; Conflict where the pair was decided on."""
    seen = await check_pair(connection, actor, pair_id)
    leads = await lock_leads(connection, [seen.lead_id, seen.other_id])
    for lead_id in (seen.lead_id, seen.other_id):
        try:
            check_lead(actor, Right.WRITE_CRM, leads.get(lead_id))
        except NotFound:
            raise _not_found() from None
    pair = await lock_possible_duplicate(connection, pair_id)
    if pair is None:
        raise _not_found()
    _check_open(pair)
    await close_pair(connection, (pair.lead_id, pair.other_id), DuplicateState.DISMISSED, actor.name, at)
    subject, details = AuditSubject("lead", str(pair.lead_id)), {"other": str(pair.other_id)}
    await audit.record(connection, actor, "possible duplicate dismissed", subject, at, details)
    closed = await get_possible_duplicate(connection, pair_id)
    return DuplicateView(closed or pair, (leads[pair.lead_id], leads[pair.other_id]))


def _seen(actor: Actor, table: str) -> Composed:
    access = record_access(actor, Right.READ_CRM)
    owner, office, team = (Identifier(table, column) for column in ("assigned_to", "office", "team"))
    return access_condition(access, owner=owner, office=office, team=team)


def _check_open(pair: PossibleDuplicate) -> None:
    if pair.state != DuplicateState.OPEN:
        raise Conflict(f"these two leads were decided on already: {pair.state}")


def _not_found() -> CallerError:
    return NotFound(
        "no possible duplicate has this id, or it is not visible to you", code="POSSIBLE_DUPLICATE_NOT_FOUND"
    )
