"""Access control of leads exists as SQL for lists and as a check of one row: both agree."""

from datetime import UTC, datetime
from itertools import product
from uuid import UUID

from platbook.base.actor import Actor, Role, Surface
from platbook.base.errors import NotFound
from platbook.base.ids import new_id
from platbook.crm.leads.lead import Lead, new_lead
from platbook.crm.leads.rows import insert_lead
from platbook.crm.leads.search import LeadSearch, find_leads
from platbook.crm.leads.visibility import view_lead
from platbook.db import Database
from platbook.db.lists import Paging
from tests.crm.conftest import add_agents

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
OFFICES = ("North", "South", None)
TEAMS = ("Elm", None)


def _actors(users: dict[str, UUID]) -> list[Actor]:
    groups = list(product(OFFICES, TEAMS))
    ann, abe = users["ann"], users["abe"]
    actors = [Actor(role, ann, role, office, team) for role in Role for office, team in groups]
    actors += [Actor("assistant", abe, Role.ASSISTANT, office, agents=frozenset({ann})) for office in OFFICES]
    return [*actors, Actor("public", ann, Role.ADMIN, surface=Surface.PUBLIC), Actor("nobody")]


def _leads(users: dict[str, UUID]) -> list[Lead]:
    leads: list[Lead] = []
    for owner, office, team, claimed in product((None, "ann", "abe"), OFFICES, TEAMS, (None, "ann", "abe")):
        if owner is None or claimed is None:
            lead = new_lead(new_id(), NOW)
            values = {
                "assigned_to": users.get(owner or ""),
                "office": office,
                "team": team,
                "claimants": None if claimed is None else [users[claimed]],
                "emails": [f"{lead.id}@example.com"],
                "tags": ["warm", "warm", f"tag {len(leads) % 2}"],
            }
            leads.append(Lead(lead.id, NOW, NOW, NOW, last_name="x", **values))  # pyright: ignore[reportArgumentType] - by name, as above
    return leads


async def test_lists_and_single_leads_agree(database: Database) -> None:
    users = await add_agents(database, "ann", "abe")
    leads = _leads(users)
    async with database.transaction() as connection:
        for lead in leads:
            await insert_lead(connection, lead)
    total = 0
    async with database.read() as connection:
        for actor in _actors(users):
            page = await find_leads(connection, actor, LeadSearch(), Paging("createdAt", limit=100))
            listed = {view.lead.id: view.has_contact_details for view in page.rows}
            single: dict[UUID, bool] = {}
            for lead in leads:
                try:
                    single[lead.id] = view_lead(actor, lead).has_contact_details
                except NotFound:
                    continue
            assert listed == single, actor
            assert page.total == len(single)
            assert all(bool(view.lead.emails) == view.has_contact_details for view in page.rows)
            matches = await find_leads(connection, actor, LeadSearch(search="@example"), Paging("createdAt", limit=100))
            assert {view.lead.id for view in matches.rows} == {one for one, visible in single.items() if visible}
            for tags, sort in product((("warm",), ("tag 1", "warm"), ("warm", "none")), ("createdAt", "score")):
                page = await find_leads(connection, actor, LeadSearch(tags=tags), Paging(sort, limit=100))
                tagged = {lead.id for lead in leads if lead.id in single and set(tags) <= set(lead.tags)}
                assert [view.lead.id for view in page.rows] == sorted(tagged, reverse=True)
                assert page.total == len(tagged)
                both = LeadSearch(tags=tags, search="@example")
                page = await find_leads(connection, actor, both, Paging(sort, limit=100))
                visible = [one for one in sorted(tagged, reverse=True) if single[one]]
                assert ([view.lead.id for view in page.rows], page.total) == (visible, len(visible))
            total += len(listed)
    assert total > len(leads)
