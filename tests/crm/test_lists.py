"""Keyset pagination returns every row once, for every actor, by every index."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platbook.base.actor import Actor, Role
from platbook.base.ids import new_id
from platbook.crm.leads.lead import new_lead
from platbook.crm.leads.rows import insert_lead, save_lead
from platbook.crm.leads.search import LeadSearch, find_leads
from platbook.db import Database, Query, ReadConnection
from platbook.db.lists import Paging
from tests.crm.conftest import add_agents

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
TAGS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=3)


async def read_all(connection: ReadConnection, actor: Actor, search: LeadSearch, paging: Paging) -> list[UUID]:
    rows: list[UUID] = []
    while True:
        page = await find_leads(connection, actor, search, paging)
        rows.extend(view.lead.id for view in page.rows)
        if page.next_cursor is None:
            assert page.total == len(rows)
            return rows
        paging = replace(paging, cursor=page.next_cursor)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("tags", [(), ("hot",)])
@pytest.mark.parametrize("sort", ["createdAt", "score", "lastName"])
async def test_a_cursor_returns_every_row_once(
    database: Database, sort: str, tags: tuple[str, ...], *, descending: bool
) -> None:
    users = await add_agents(database, "ann", "abe")
    owners = [(users["ann"], "South"), (users["abe"], "North"), (None, "North"), (users["ann"], "North")]
    inserted: list[UUID] = []
    async with database.transaction() as connection:
        for number in range(23):
            owner, office = owners[number % len(owners)]
            lead = new_lead(new_id(), NOW + timedelta(minutes=number % 5))
            await insert_lead(
                connection, replace(lead, last_name=f"{number % 3}", assigned_to=owner, office=office, tags=["hot"])
            )
            inserted.append(lead.id)
    manager = Actor("manager", users["ann"], Role.MANAGER, "North")
    async with database.read() as connection:
        rows = await read_all(connection, manager, LeadSearch(tags=tags), Paging(sort, descending=descending, limit=4))
    assert len(rows) == len(set(rows))
    assert set(rows) == set(inserted)


_LISTED = Query("listed", "The rows of tags.", "SELECT tag, lead_id, created_at, office FROM lead_tags")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.lists(st.tuples(TAGS, st.booleans(), st.sampled_from(["North", "South"])), min_size=1, max_size=5))
async def test_the_rows_of_tags_follow_their_leads(
    database: Database, states: list[tuple[list[str], bool, str]]
) -> None:
    lead = new_lead(new_id(), NOW)
    async with database.transaction() as connection:
        for number, (tags, is_deleted, office) in enumerate(states):
            at = NOW - timedelta(days=number)
            deleted_at = NOW if is_deleted else None
            lead = replace(lead, tags=tags, deleted_at=deleted_at, office=office, created_at=at)
            await (insert_lead if number == 0 else save_lead)(connection, lead)
            stored = [row for row in await connection.tuples(_LISTED) if row[1] == lead.id]
            expected = set[str]() if is_deleted else set(tags)
            assert sorted(stored, key=str) == [(tag, lead.id, at, office) for tag in sorted(expected)]
