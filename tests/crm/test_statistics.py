"""Statistics from pre-aggregated counts equal a count of every row, whatever happens."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platbook.accounts.users import update_user
from platbook.base.actor import Actor, Role
from platbook.base.errors import CallerError
from platbook.base.rights import Ownership, Right, record_access
from platbook.crm.enums import InteractionType, UserInteractionType
from platbook.crm.interactions.log import add_interaction, delete_interaction
from platbook.crm.interactions.search import InteractionSearch
from platbook.crm.interactions.statistics import MonthRange, compact_counts, get_interaction_stats, to_month_range
from platbook.crm.lifecycle.deletion import delete_lead
from platbook.crm.lifecycle.editing import create_lead
from platbook.crm.lifecycle.ownership import assign_lead
from platbook.crm.merging import merge_lead
from platbook.crm.transfer.person import erase_person
from platbook.db import Database, Query, ReadConnection, WriteConnection

NOW = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
DAYS = (0, 1, 29, 31, 60, 90, 400)
ADMIN = Actor("admin", role=Role.ADMIN)
WRITTEN = [UserInteractionType.NOTE_ADDED, UserInteractionType.CALL_LOGGED]

LEADS = st.integers(0, 3)
ACTS = st.one_of(
    st.tuples(st.just("add"), LEADS, st.sampled_from(WRITTEN), st.sampled_from(DAYS)),
    st.tuples(st.just("delete entry"), st.integers(0, 20)),
    st.tuples(st.just("assign"), LEADS, st.sampled_from(["ann", "abe"])),
    st.tuples(st.just("move"), st.sampled_from(["ann", "abe"]), st.sampled_from(["North", "South"])),
    st.tuples(st.just("merge"), LEADS, LEADS),
    st.tuples(st.sampled_from(["delete", "erase"]), LEADS),
    st.tuples(st.just("compact")),
)
TIMES = st.none() | st.sampled_from([NOW - timedelta(days=days, hours=hours) for days in DAYS for hours in (0, 23)])
SEARCHES = st.builds(
    InteractionSearch,
    type=st.sampled_from([(), (InteractionType.NOTE_ADDED,), (InteractionType.ASSIGNED, InteractionType.CALL_LOGGED)]),
    start=TIMES,
    end=TIMES,
)

_ENTRIES = Query(
    "entries",
    "Every entry.",
    "SELECT i.type, i.user_id, i.interaction_date, l.assigned_to, l.office, l.team FROM interactions i"
    " JOIN leads l ON l.id = i.lead_id WHERE i.deleted_at IS NULL",
)
_IDS = Query("ids", "Entries that can be deleted.", "SELECT id FROM interactions WHERE deleted_at IS NULL ORDER BY id")
_WAITING = Query(
    "waiting", "Count rows that are not summed.", "SELECT count(*) FROM interaction_numbers WHERE NOT is_sum"
)


async def count_rows(
    connection: ReadConnection, actor: Actor, search: InteractionSearch
) -> tuple[dict[str, int], dict[str, int]]:
    kinds, users, access = Counter[str](), Counter[str](), record_access(actor, Right.READ_CRM)
    for kind, user, at, owner, office, team in await connection.tuples(_ENTRIES):
        assert isinstance(at, datetime)
        is_visible = access.holds(Ownership(owner, office, team))  # pyright: ignore[reportArgumentType] - as the columns are
        matches = (not search.type or kind in search.type) and (search.start is None or at >= search.start)
        if is_visible and matches and (search.end is None or at < search.end):
            kinds[str(kind)] += 1
            if user is not None:
                users[str(user)] += 1
    return dict(kinds), dict(users)


async def perform(database: Database, acts: list[tuple[object, ...]], users: dict[str, UUID]) -> None:
    """Perform all actions; a refused one (a merged lead cannot be assigned) changes nothing."""
    async with database.transaction() as connection:
        leads = [
            (await create_lead(connection, ADMIN, {"last_name": "x", "assigned_to": users[name]}, NOW)).id
            for name in ("ann", "abe", "ann", "abe")
        ]
    for act in acts:
        with suppress(CallerError):
            async with database.transaction() as connection:
                await _act(connection, act, leads, users)


async def _act(connection: WriteConnection, act: tuple[object, ...], leads: list[UUID], users: dict[str, UUID]) -> None:
    match act:
        case "add", int(lead), UserInteractionType() as kind, int(days):
            author, happened = Actor("ann", users["ann"], Role.ADMIN), NOW - timedelta(days=days)
            await add_interaction(connection, author, leads[lead], kind, NOW, happened_at=happened)
        case "delete entry", int(index):
            ids = await connection.column(UUID, _IDS)
            if ids:
                await delete_interaction(connection, ADMIN, ids[index % len(ids)], NOW)
        case "assign", int(lead), str(name):
            await assign_lead(connection, ADMIN, leads[lead], users[name], NOW)
        case "move", str(name), str(office):
            await update_user(connection, users[name], {"office": office}, ADMIN, NOW)
        case "merge", int(lead), int(into):
            await merge_lead(connection, ADMIN, leads[lead], leads[into], NOW)
        case "delete", int(lead):
            await delete_lead(connection, ADMIN, leads[lead], NOW)
        case "erase", int(lead):
            await erase_person(connection, ADMIN, leads[lead], NOW, suppression_key=b"key")
        case _:
            await compact_counts(connection, threshold=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.lists(ACTS, max_size=12), st.lists(SEARCHES, min_size=1, max_size=4))
async def test_statistics_equal_a_count_of_every_row(
    database: Database, agents: dict[str, UUID], acts: list[tuple[object, ...]], searches: list[InteractionSearch]
) -> None:
    await perform(database, acts, agents)
    actors = [
        ADMIN,
        Actor("agent", agents["ann"], Role.AGENT, "North"),
        Actor("manager", None, Role.MANAGER, "North"),
        Actor("manager of a team", agents["abe"], Role.MANAGER, "South", "Elm"),
        Actor("assistant", None, Role.ASSISTANT, agents=frozenset({agents["abe"]})),
    ]
    async with database.read() as connection:
        for actor in actors:
            for search in (InteractionSearch(), *searches):
                stats = await get_interaction_stats(connection, actor, search)
                assert (stats.by_type, stats.by_user) == await count_rows(connection, actor, search)
                assert stats.total == sum(stats.by_type.values())


async def test_concurrent_writes_lose_no_count(database: Database, agents: dict[str, UUID]) -> None:
    """Entries are written while their lead changes owners, and while counts are compacted."""
    async with database.transaction() as connection:
        lead = await create_lead(connection, ADMIN, {"last_name": "x", "assigned_to": agents["ann"]}, NOW)

    async def write() -> None:
        async with database.transaction() as connection:
            await add_interaction(connection, ADMIN, lead.id, UserInteractionType.NOTE_ADDED, NOW)

    async def assign(name: str) -> None:
        async with database.transaction() as connection:
            await assign_lead(connection, ADMIN, lead.id, agents[name], NOW)

    async def compact() -> None:
        async with database.transaction() as connection:
            await compact_counts(connection, threshold=1)

    await asyncio.gather(
        *(part for _ in range(10) for part in (write(), assign("abe"), compact(), write(), assign("ann")))
    )
    async with database.read() as connection:
        notes: list[int] = []
        for actor in (ADMIN, Actor("ann", agents["ann"], Role.AGENT), Actor("abe", agents["abe"], Role.AGENT)):
            stats = await get_interaction_stats(connection, actor, InteractionSearch())
            assert (stats.by_type, stats.by_user) == await count_rows(connection, actor, InteractionSearch())
            notes.append(stats.by_type.get("Note Added", 0))
    assert notes in ([20, 20, 0], [20, 0, 20]), "all of them, and all with whoever has the lead"


async def test_few_new_count_rows_are_not_compacted(database: Database, agents: dict[str, UUID]) -> None:
    async with database.transaction() as connection:
        await create_lead(connection, ADMIN, {"last_name": "x", "assigned_to": agents["ann"]}, NOW)
        await compact_counts(connection, threshold=2)
        assert await connection.value(int, _WAITING) == 1
        await compact_counts(connection, threshold=1)
        assert await connection.value(int, _WAITING) == 0


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "months", "parts"),
    [
        ("2026-01-01", "2026-02-01", ("2026-01-01", "2026-02-01"), []),
        ("2025-12-02", "2026-02-01", ("2026-01-01", "2026-02-01"), [("2025-12-02", "2026-01-01")]),
        (
            "2025-12-31T23:59",
            "2026-02-03",
            ("2026-01-01", "2026-02-01"),
            [("2025-12-31T23:59", "2026-01-01"), ("2026-02-01", "2026-02-03")],
        ),
        ("2026-01-02", "2026-02-03", None, []),
        ("2026-01-02", "2025-02-03", None, []),
        ("9999-12-31", "9999-12-31", None, []),
    ],
)
def test_a_time_range_is_whole_months_and_parts(
    start: str, end: str, months: tuple[str, str] | None, parts: list[tuple[str, str]]
) -> None:
    month_range = to_month_range(_at(start), _at(end))
    if months is None:
        assert month_range is None
    else:
        first, before = (_at(one).date() for one in months)
        assert month_range == MonthRange(first, before, tuple((_at(one), _at(other)) for one, other in parts))
