"""Lists and statistics of leads, keyword search, and the check for duplicates."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import LiteralString, cast
from uuid import UUID

from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput
from platbook.base.rights import Right, record_access
from platbook.crm.contacts import EMAIL, PHONE, to_email, to_phone
from platbook.crm.enums import Priority, StageKind
from platbook.crm.leads.lead import Lead, to_words
from platbook.crm.leads.matching import Likeness, find_likenesses, match_person, to_person
from platbook.crm.leads.rows import COLUMNS, get_lead
from platbook.crm.leads.visibility import (
    LeadView,
    is_restricted,
    to_full_access_condition,
    to_lead_conditions,
    view_lead,
)
from platbook.crm.stages.stages import find_stages
from platbook.db import ReadConnection
from platbook.db.compose import SQL, Composable, Identifier, Placeholder
from platbook.db.lists import (
    Conditions,
    ListPage,
    ListSource,
    Paging,
    Sort,
    find_page,
    smallint_key,
    text_key,
    timestamp_key,
)

_MOST_WORDS = 8
_LONGEST_SEARCH = 200
_TRIGRAM = 3
_MOST: LiteralString = "coalesce(budget_max, budget_min + 'Infinity'::numeric)"
_LEAST: LiteralString = "coalesce(budget_min, budget_max - 'Infinity'::numeric)"
"""The ends of a budget: of one that is half given the other end is open; without any there is no end."""


class OwnerFilter(Enum):
    """A filter by owner that names no user."""

    NOBODY = "none"
    ME = "me"


SOURCE: ListSource[Lead] = ListSource(
    "leads",
    Lead,
    SQL(", ").join(Identifier(name) for name in COLUMNS),
    MappingProxyType(
        {
            "createdAt": Sort(timestamp_key("created_at"), lambda lead: lead.created_at),
            "updatedAt": Sort(timestamp_key("updated_at"), lambda lead: lead.updated_at),
            "lastActivityAt": Sort(timestamp_key("last_activity_at"), lambda lead: lead.last_activity_at),
            "score": Sort(smallint_key("score"), lambda lead: lead.score),
            "lastName": Sort(text_key("last_name"), lambda lead: lead.last_name, descending=False),
        }
    ),
    lambda lead: lead.id,
    "createdAt",
)


@dataclass(frozen=True, slots=True)
class LeadSearch:
    """Filters of leads: all must match, of one filter's values any, but every tag. Errors: InvalidInput."""

    status: tuple[str, ...] = ()
    priority: tuple[Priority, ...] = ()
    source: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    assigned_to: UUID | OwnerFilter | None = None
    office: str | None = None
    team: str | None = None
    min_budget: Decimal | None = None
    max_budget: Decimal | None = None
    search: str | None = None

    def __post_init__(self) -> None:
        if self.search is not None and not 1 <= len(self.search.strip()) <= _LONGEST_SEARCH:
            raise InvalidInput.of("search", f"must have 1 to {_LONGEST_SEARCH} characters")
        if len(self.words) > _MOST_WORDS:
            raise InvalidInput.of("search", f"must have at most {_MOST_WORDS} words")
        if self.min_budget is not None and self.max_budget is not None and self.min_budget > self.max_budget:
            raise InvalidInput.of("minBudget", "must not be greater than maxBudget")

    @property
    def words(self) -> list[str]:
        """The words of the keyword search; all must match."""
        return to_words(self.search or "")


@dataclass(slots=True)
class LeadStats:
    """Counts of leads; unassigned ones count for the owner `none`."""

    total: int = 0
    by_kind: dict[str, int] = field(default_factory=dict[str, int])
    by_status: dict[str, int] = field(default_factory=dict[str, int])
    by_source: dict[str, int] = field(default_factory=dict[str, int])
    by_owner: dict[str, int] = field(default_factory=dict[str, int])


async def find_leads(
    connection: ReadConnection, actor: Actor, search: LeadSearch, paging: Paging
) -> ListPage[LeadView]:
    """A page of the leads an actor sees, by default the newest first."""
    by_tag = to_conditions(actor, search, by_tag=True) if search.tags else None
    in_order = paging.sort == SOURCE.indexed_sort and not search.words
    selective = not in_order and bool(search.words or search.tags or is_restricted(actor))
    conditions = by_tag if by_tag is not None and in_order else to_conditions(actor, search)
    page = await find_page(connection, SOURCE, conditions, paging, selective=selective, count_conditions=by_tag)
    views = [view_lead(actor, lead) for lead in page.rows]
    return ListPage(views, page.total, page.total_is_estimate, page.next_cursor)


async def get_lead_stats(connection: ReadConnection, actor: Actor) -> LeadStats:
    """Count the leads to which an actor has full access."""
    conditions = to_lead_conditions(actor, full_access=True)
    kinds = {one.key: one.kind for one in await find_stages(connection)}
    stats = LeadStats()
    for status, source, owner, count in await connection.tuples(_COUNTS.format(conditions.where), conditions.params):
        times = cast("int", count)
        stats.total += times
        kind = kinds.get(str(status), StageKind.OPEN.value)
        groups = (stats.by_kind, kind), (stats.by_status, status), (stats.by_source, source), (stats.by_owner, owner)
        for group, name in groups:
            key = "none" if name is None else str(name)
            group[key] = group.get(key, 0) + times
    return stats


_COUNTS = SQL("SELECT status, source, assigned_to, count(*) FROM leads WHERE {} GROUP BY status, source, assigned_to")


@dataclass(frozen=True, slots=True)
class DuplicateCheck:
    """Whether a person is a lead, and which; and the leads that they may be. Leads as far as they are visible."""

    is_duplicate: bool
    leads: list[Lead]
    possible: list[tuple[Lead, Likeness]]


async def check_duplicate(
    connection: ReadConnection, actor: Actor, *, email: str | None, phone: str | None, name: str = ""
) -> DuplicateCheck:
    """Which lead a person would be joined with, and which are like them, by the rules of the intake. InvalidInput."""
    contacts: list[tuple[str, str]] = []
    for kind, text, normalize, field_name in ((EMAIL, email, to_email, "email"), (PHONE, phone, to_phone, "phone")):
        if text is not None:
            try:
                contacts.append((kind, normalize(text)))
            except ValueError as error:
                raise InvalidInput.of(field_name, str(error)) from None
    if not contacts:
        raise InvalidInput.of("email", "email or phone is required")
    person = to_person(name, "", contacts)
    match = await match_person(connection, person)
    access = record_access(actor, Right.READ_CRM)

    async def find(lead_id: UUID) -> list[Lead]:
        lead = await get_lead(connection, lead_id)
        return [lead] if lead is not None and access.holds(lead.ownership) else []

    leads = [] if match.lead_id is None else await find(match.lead_id)
    likenesses = find_likenesses(person, match, match.lead_id)
    possible = [(lead, likeness) for likeness in likenesses for lead in await find(likeness.lead_id)]
    return DuplicateCheck(match.lead_id is not None, leads, possible)


def to_conditions(actor: Actor, search: LeadSearch, *, by_tag: bool = False) -> Conditions:
    """The filters, and what the actor sees, as conditions.

    `by_tag`: on the table of the first tag's leads, which is counted, and sorted by creation, by its index.
    """
    conditions = to_lead_conditions(actor)
    if by_tag:
        conditions.table = Identifier("tagged_leads")
        conditions.text("tag = %(tag)s", tag=search.tags[0])
    conditions.one_of("status", search.status)
    conditions.one_of("priority", search.priority)
    conditions.one_of("source", search.source)
    _add_owner(conditions, actor, search)
    tags = list(search.tags[1:] if by_tag else search.tags)
    if tags:
        conditions.text("tags @> %(tags)s::text[]", tags=tags)
    if search.min_budget is not None:
        conditions.text(f"{_MOST} >= %(min_budget)s", min_budget=search.min_budget)
    if search.max_budget is not None:
        conditions.text(f"{_LEAST} <= %(max_budget)s", max_budget=search.max_budget)
    _add_words(conditions, actor, search.words)
    return conditions


def _add_owner(conditions: Conditions, actor: Actor, search: LeadSearch) -> None:
    if search.assigned_to is OwnerFilter.NOBODY:
        conditions.text("assigned_to IS NULL")
    elif search.assigned_to is not None:
        owner = actor.user_id if search.assigned_to is OwnerFilter.ME else search.assigned_to
        conditions.text("assigned_to = %(assigned_to)s::uuid", assigned_to=owner)
    if search.office is not None:
        conditions.text("office = %(office)s", office=search.office)
    if search.team is not None:
        conditions.text("team = %(team)s", team=search.team)


def _add_words(conditions: Conditions, actor: Actor, words: list[str]) -> None:
    """Leads without contact details are matched by name alone, so that searching does not reveal their contacts."""
    if not words:
        return
    patterns = {f"word_{index}": _to_pattern(word) for index, word in enumerate(words)}
    conditions.add(_all_of("search_text", list(patterns)), **patterns)
    if not record_access(actor, Right.READ_CRM).everybody:
        conditions.add(SQL("({} OR {})").format(to_full_access_condition(actor), _all_of("name_text", list(patterns))))


def _all_of(column: LiteralString, names: list[str]) -> Composable:
    return SQL(" AND ").join(SQL("{} LIKE {}").format(Identifier(column), Placeholder(name)) for name in names)


def _to_pattern(word: str) -> str:
    """A pattern for any part of a word; what is too short for a trigram matches its beginning only."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%  {escaped}%" if len(word) < _TRIGRAM else f"%{escaped}%"
