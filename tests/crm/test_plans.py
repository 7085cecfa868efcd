"""The CRM's hot statements walk the indexes made for them, at a size where anything else would hurt."""

import os
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL as TEXT
from psycopg.sql import Identifier as Name

from benchmarks.crm import ADMIN, AGENT, AGENT_ID, GROWING_LOG, MANAGER, NOW, TEAM_LEAD
from platbook.crm.enums import InteractionType, LeadStatus, Priority
from platbook.crm.intake.inbox import REJECTED
from platbook.crm.interactions import search as log
from platbook.crm.leads import search as leads
from platbook.crm.tasks import search as tasks
from platbook.db import Database, Query, ReadConnection, load_queries
from platbook.db.embedded import EmbeddedPostgres
from platbook.db.lists import (
    COUNT_BOUND,
    Conditions,
    CursorPosition,
    Paging,
    to_count_statement,
    to_numbered_statement,
    to_page_statement,
    to_selective_page_statement,
)

_MOST_VACUUMS = 50
ROWS = int(os.environ.get("PLATBOOK_TEST_LEADS", "30000"))
FILL = Path(__file__).parents[2] / "benchmarks/crm.sql"

StatementWithParams = tuple[Query, Mapping[str, object]]


@pytest.fixture(scope="module")
def crm_url(postgres: EmbeddedPostgres, template: str) -> Generator[str]:
    """A database with a large brokerage in it, for all tests of this file."""
    name = f"test_{os.getpid()}_crm"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(TEXT("CREATE DATABASE {} TEMPLATE {}").format(Name(name), Name(template)))
        with psycopg.connect(postgres.url(name), autocommit=True) as connection:
            for statement in FILL.read_text().replace("%(rows)s", str(ROWS)).split(";\n"):
                if statement.strip():
                    connection.execute(statement.encode())
            _settle(connection)
        yield postgres.url(name)
        admin.execute(TEXT("DROP DATABASE {} WITH (FORCE)").format(Name(name)))


def _settle(connection: psycopg.Connection) -> None:
    """Vacuum until every page counts as visible to everybody: while the server's own analysis runs, new rows do not."""
    for _ in range(_MOST_VACUUMS):
        connection.execute("VACUUM leads, lead_tags, tasks, interactions")
        hidden = connection.execute(
            "SELECT sum(relpages - relallvisible) FROM pg_class WHERE oid IN"
            " ('leads'::regclass, 'lead_tags'::regclass, 'tasks'::regclass, 'interactions'::regclass)"
        ).fetchone()
        if hidden == (0,):
            return
        time.sleep(0.2)


@pytest.fixture
async def crm_connection(crm_url: str) -> AsyncGenerator[ReadConnection]:
    async with Database.open(crm_url, size=1) as database, database.read() as connection:
        yield connection


def lead_page(
    search: leads.LeadSearch, sort: str = "createdAt", *, few: bool = False, agent: bool = False
) -> StatementWithParams:
    conditions = leads.to_conditions(AGENT if agent else ADMIN, search)
    return (to_selective_page_statement if few else to_page_statement)(leads.SOURCE, conditions, Paging(sort))


def task_page(search: tasks.TaskSearch, sort: str = "dueDate", *, agent: bool = False) -> StatementWithParams:
    conditions = tasks.to_conditions(AGENT if agent else ADMIN, search, NOW)
    return to_page_statement(tasks.SOURCE, conditions, Paging(sort))


def log_page(conditions: Conditions, after: CursorPosition | None = None) -> StatementWithParams:
    return to_page_statement(log.SOURCE, conditions, Paging("interactionDate", limit=50), after)


def count(conditions: Conditions) -> StatementWithParams:
    return to_count_statement(conditions, COUNT_BOUND), conditions.params


_LEADS, _TASKS = leads.LeadSearch, tasks.TaskSearch
_AFTER = CursorPosition(datetime(2026, 5, 1, tzinfo=UTC), UUID(int=7))

PLANS: dict[str, tuple[StatementWithParams, str]] = {
    "leads, newest first": (lead_page(_LEADS()), "leads_created"),
    "leads by score": (lead_page(_LEADS(), "score"), "leads_score"),
    "leads by name": (lead_page(_LEADS(), "lastName"), "leads_name"),
    "leads by activity": (lead_page(_LEADS(), "lastActivityAt"), "leads_active"),
    "leads by change": (lead_page(_LEADS(), "updatedAt"), "leads_updated"),
    "leads of a stage": (lead_page(_LEADS(status=(LeadStatus.NEW,))), "leads_"),
    "leads of a source": (lead_page(_LEADS(source=("Portal",))), "leads_"),
    "leads of an owner": (lead_page(_LEADS(assigned_to=AGENT_ID)), "leads_owner"),
    "leads, by their agent": (lead_page(_LEADS(), agent=True), "leads_"),
    "leads by a rare word": (lead_page(_LEADS(search="seldom"), few=True), "leads_search"),
    "leads by a short word": (lead_page(_LEADS(search="se"), few=True), "leads_search"),
    "leads of a tag, best first": (lead_page(_LEADS(tags=("tag7",)), "score", few=True), "leads_tags"),
    "leads of a tag": (
        to_page_statement(
            leads.SOURCE, leads.to_conditions(ADMIN, _LEADS(tags=("tag7",)), by_tag=True), Paging("createdAt")
        ),
        "lead_tags_tag",
    ),
    "leads of a team": (lead_page(_LEADS(team="Team 1")), "leads_team"),
    "count of a stage": (count(leads.to_conditions(ADMIN, _LEADS(status=(LeadStatus.NURTURE,)))), "leads_"),
    "count of an owner": (count(leads.to_conditions(ADMIN, _LEADS(assigned_to=AGENT_ID))), "leads_owner"),
    "tasks, next due first": (task_page(_TASKS()), "tasks_due"),
    "open tasks": (task_page(_TASKS(is_completed=False)), "tasks_"),
    "overdue tasks": (task_page(_TASKS(overdue=True)), "tasks_"),
    "tasks by priority": (task_page(_TASKS(), "priority"), "tasks_urgency"),
    "tasks of a priority": (task_page(_TASKS(priority=(Priority.URGENT,))), "tasks_"),
    "tasks of a lead": (task_page(_TASKS(lead_id=GROWING_LOG)), "tasks_lead"),
    "tasks, by their agent": (task_page(_TASKS(), agent=True), "tasks_"),
    "a lead's log": (log_page(log.to_timeline(GROWING_LOG)), "interactions_lead"),
    "a lead's log, by cursor": (log_page(log.to_timeline(GROWING_LOG), _AFTER), "interactions_lead"),
    "count of a lead's log": (count(log.to_timeline(GROWING_LOG)), "interactions_lead"),
    "the log": (log_page(log.to_conditions(ADMIN, log.InteractionSearch())), "interactions_recent"),
    "the log of a type": (
        log_page(log.to_conditions(ADMIN, log.InteractionSearch(type=(InteractionType.CALL_LOGGED,)))),
        "interactions_",
    ),
    "leads of an office, by its manager": (
        to_page_statement(leads.SOURCE, leads.to_conditions(MANAGER, _LEADS()), Paging("createdAt")),
        "leads_office",
    ),
    "tasks of an office, by its manager": (
        to_page_statement(tasks.SOURCE, tasks.to_conditions(MANAGER, _TASKS(), NOW), Paging("dueDate")),
        "tasks_office",
    ),
}

COUNTS: dict[str, Conditions] = {
    **{f"leads, by {actor.name}": leads.to_conditions(actor, _LEADS()) for actor in (ADMIN, AGENT, MANAGER, TEAM_LEAD)},
    **{f"tasks, by {actor.name}": tasks.to_conditions(actor, _TASKS(), NOW) for actor in (AGENT, MANAGER, TEAM_LEAD)},
    "open tasks of an office, by its manager": tasks.to_conditions(MANAGER, _TASKS(is_completed=False), NOW),
    "open tasks, by their agent": tasks.to_conditions(AGENT, _TASKS(is_completed=False), NOW),
    "leads of a stage": leads.to_conditions(ADMIN, _LEADS(status=(LeadStatus.NURTURE,))),
    "leads of a source": leads.to_conditions(ADMIN, _LEADS(source=("Portal",))),
    "leads of a team": leads.to_conditions(ADMIN, _LEADS(team="Team 1")),
    "leads of a budget": leads.to_conditions(ADMIN, _LEADS(min_budget=Decimal(990_000))),
    "leads of a tag": leads.to_conditions(ADMIN, _LEADS(tags=("tag7",)), by_tag=True),
    "leads of a tag, by a manager": leads.to_conditions(MANAGER, _LEADS(tags=("tag6",)), by_tag=True),
    "a lead's log": log.to_timeline(GROWING_LOG),
}
_SCANS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan"}
_HARDLY_ANY = 5


@pytest.mark.parametrize(("statement", "index"), PLANS.values(), ids=list(PLANS))
async def test_a_hot_statement_walks_its_index(
    crm_connection: ReadConnection, statement: StatementWithParams, index: str
) -> None:
    nodes = await _explain(crm_connection, *statement)
    used = {str(node["Index Name"]) for node in nodes if "Index Name" in node}
    assert any(name.startswith(index) for name in used), nodes
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan"]


@pytest.mark.parametrize("conditions", COUNTS.values(), ids=list(COUNTS))
async def test_a_total_is_counted_by_indexes_alone(crm_connection: ReadConnection, conditions: Conditions) -> None:
    """Rows are looked at where hardly any are expected."""
    scans = [node for node in await _explain(crm_connection, *count(conditions)) if str(node["Node Type"]) in _SCANS]
    assert "Index Only Scan" in {node["Node Type"] for node in scans}
    looked_at = [node for node in scans if node["Node Type"] != "Index Only Scan"]
    assert all(cast("int", node["Plan Rows"]) <= _HARDLY_ANY for node in looked_at), looked_at


@pytest.mark.parametrize(
    ("package", "name", "params", "index"),
    [
        ("platbook.crm.leads", "find_stale_scores", {"at": NOW, "most": 10}, "leads_score_until"),
        ("platbook.crm.leads", "find_lapsed_claims", {"at": NOW, "most": 10}, "leads_claim_until"),
        ("platbook.crm.leads", "find_contacts", {"kinds": ["email"], "values": ["a@b.example"]}, "lead_contacts_pkey"),
        ("platbook.crm.leads", "find_by_phones", {"phones": ["+15125550143"]}, "leads_search"),
        ("platbook.crm.tasks", "take_due_reminders", {"at": NOW, "most": 10}, "tasks_remind"),
    ],
)
async def test_a_frequent_statement_scans_few_rows(
    crm_url: str, package: str, name: str, params: Mapping[str, object], index: str
) -> None:
    _assert_index(crm_url, getattr(load_queries(package), name), params, index)


def test_the_list_of_refused_events_walks_its_index(crm_url: str) -> None:
    _assert_index(crm_url, to_numbered_statement(REJECTED), {"limit": 10, "offset": 0}, "lead_events_refused")


def _assert_index(url: str, query: Query, params: Mapping[str, object], index: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SET enable_seqscan = off")  # where a table is empty the planner reads it whole
        plan = connection.execute(f"EXPLAIN {query.sql}".encode(), params).fetchall()
    assert any(index in str(row[0]) for row in plan), plan


async def _explain(
    connection: ReadConnection, statement: Query, params: Mapping[str, object]
) -> list[dict[str, object]]:
    explain = Query(statement.name, "How it would be done.", f"EXPLAIN (FORMAT JSON) {statement.sql}")
    ((plans,),) = await connection.tuples(explain, params)
    return list(_nodes(cast("list[dict[str, dict[str, object]]]", plans)[0]["Plan"]))


def _nodes(plan: dict[str, object]) -> Generator[dict[str, object]]:
    yield plan
    for child in cast("list[dict[str, object]]", plan.get("Plans", [])):
        yield from _nodes(child)
