"""The CRM's lists at ten times the leads, tasks and interactions: each first page, with its total as the API gives it.

Alone, where a list is made, and by GET of a server of its own. Once where the filter matches as many rows at both
sizes, once where it matches ten times as many.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx2

from benchmarks.ground import KEY, fill, fresh_database, median_times, serving, tell
from platbook.accounts import LoginSessions, NewUser, add_user, get_user
from platbook.base.actor import COMMAND_LINE, Actor, Role
from platbook.base.clock import SystemClock
from platbook.base.settings import Settings
from platbook.crm.enums import InteractionType, LeadStatus, Priority
from platbook.crm.interactions.search import InteractionSearch, find_interactions, find_timeline
from platbook.crm.interactions.statistics import get_interaction_stats
from platbook.crm.leads.search import LeadSearch, find_leads, get_lead_stats
from platbook.crm.tasks.search import TaskSearch, find_tasks, get_task_stats
from platbook.db import Database, ReadConnection, SecretBox
from platbook.db.lists import Paging

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TIMES = 10
BAR = 2.0
SQL = Path(__file__).with_name("crm.sql")

AGENT_ID = UUID("00000000-0000-7000-8000-000000000000")
SHORT_LOG, LONG_LOG, GROWING_LOG = (UUID(f"10000000-0000-7000-8000-{n:012}") for n in (17, 0, 501))
ADMIN = Actor("admin", AGENT_ID, Role.ADMIN)
AGENT = Actor("agent", AGENT_ID, Role.AGENT, "North", "Team 0")
GROWING_AGENT_ID = UUID("00000000-0000-7000-8000-000000000008")
GROWING_AGENT = Actor("growing agent", GROWING_AGENT_ID, Role.AGENT, "North", "Team 8")
MANAGER = Actor("manager", UUID(int=1), Role.MANAGER, "South")
TEAM_LEAD = Actor("manager of a team", UUID(int=1), Role.MANAGER, "South", "Team 1")

LEADS, TASKS, LOG = Paging("createdAt"), Paging("dueDate"), Paging("interactionDate", limit=50)

Ask = Callable[[ReadConnection], Awaitable[object]]


def _leads(actor: Actor, search: LeadSearch, paging: Paging = LEADS) -> Ask:
    return lambda connection: find_leads(connection, actor, search, paging)


def _tasks(actor: Actor, search: TaskSearch) -> Ask:
    return lambda connection: find_tasks(connection, actor, search, TASKS, NOW)


def _timeline(lead_id: UUID) -> Ask:
    return lambda connection: find_timeline(connection, ADMIN, lead_id, LOG)


def _log(actor: Actor, search: InteractionSearch) -> Ask:
    return lambda connection: find_interactions(connection, actor, search, LOG)


AS_MANY: dict[str, Ask] = {
    "leads of an agent, by an admin": _leads(ADMIN, LeadSearch(assigned_to=AGENT_ID)),
    "leads, by their agent": _leads(AGENT, LeadSearch()),
    "leads of a stage, by their agent": _leads(AGENT, LeadSearch(status=(LeadStatus.NEW,))),
    "leads by a rare word": _leads(ADMIN, LeadSearch(search="seldom")),
    "tasks of an agent, by an admin": _tasks(ADMIN, TaskSearch(assigned_to=AGENT_ID)),
    "tasks, by their agent": _tasks(AGENT, TaskSearch()),
    "open tasks, by their agent": _tasks(AGENT, TaskSearch(is_completed=False)),
    "tasks of a lead": _tasks(ADMIN, TaskSearch(lead_id=SHORT_LOG)),
    "timeline of 10": _timeline(SHORT_LOG),
    "timeline of 1,000": _timeline(LONG_LOG),
    "interactions, by their agent": _log(AGENT, InteractionSearch()),
}
TEN_TIMES: dict[str, Ask] = {
    "leads": _leads(ADMIN, LeadSearch()),
    "leads of a stage": _leads(ADMIN, LeadSearch(status=(LeadStatus.NEW,))),
    "leads of a source": _leads(ADMIN, LeadSearch(source=("Portal",))),
    "leads of a stage, best first": _leads(ADMIN, LeadSearch(status=(LeadStatus.NEW,)), Paging("score")),
    "leads of an office, by its manager": _leads(MANAGER, LeadSearch()),
    "leads of a team, by its manager": _leads(TEAM_LEAD, LeadSearch()),
    "leads of a team, by an admin": _leads(ADMIN, LeadSearch(team="Team 1")),
    "leads of a growing agent, by an admin": _leads(ADMIN, LeadSearch(assigned_to=GROWING_AGENT_ID)),
    "leads, by a growing agent": _leads(GROWING_AGENT, LeadSearch()),
    "leads of a priority": _leads(ADMIN, LeadSearch(priority=(Priority.HIGH,))),
    "leads of a budget": _leads(ADMIN, LeadSearch(min_budget=Decimal(990_000))),
    "leads by a common word": _leads(ADMIN, LeadSearch(search="person")),
    "leads by a name": _leads(ADMIN, LeadSearch(search="first123")),
    "leads of a tag": _leads(ADMIN, LeadSearch(tags=("tag7",))),
    "leads of a tag, best first": _leads(ADMIN, LeadSearch(tags=("tag7",)), Paging("score")),
    "leads of a tag, by a manager": _leads(MANAGER, LeadSearch(tags=("tag6",))),
    "tasks": _tasks(ADMIN, TaskSearch()),
    "open tasks": _tasks(ADMIN, TaskSearch(is_completed=False)),
    "overdue tasks": _tasks(ADMIN, TaskSearch(overdue=True)),
    "tasks of a priority": _tasks(ADMIN, TaskSearch(priority=(Priority.HIGH,))),
    "tasks of an office, by its manager": _tasks(MANAGER, TaskSearch()),
    "tasks of a team, by its manager": _tasks(TEAM_LEAD, TaskSearch()),
    "tasks, by a growing agent": _tasks(GROWING_AGENT, TaskSearch()),
    "timeline of a twentieth of all leads": _timeline(GROWING_LOG),
    "interactions": _log(ADMIN, InteractionSearch()),
    "interactions of a type": _log(ADMIN, InteractionSearch(type=(InteractionType.CALL_LOGGED,))),
}
NO_BAR: dict[str, Ask] = {
    "lead stats": partial(get_lead_stats, actor=ADMIN),
    "task stats": partial(get_task_stats, actor=ADMIN, now=NOW),
    "interaction stats": partial(get_interaction_stats, actor=ADMIN, search=InteractionSearch()),
    "interaction stats, by their agent": partial(get_interaction_stats, actor=AGENT, search=InteractionSearch()),
}


PEOPLE = {"admin": Role.ADMIN, "manager": Role.MANAGER, "agent": None}
"""Who asks over HTTP; the agent is the one who has as many leads at both sizes."""
GET_AS_MANY: dict[str, tuple[str, str]] = {
    "leads of an agent": ("admin", f"/leads?assignedTo={AGENT_ID}"),
    "leads, by their agent": ("agent", "/leads"),
    "leads by a rare word": ("admin", "/leads?search=seldom"),
    "tasks, by their agent": ("agent", "/tasks"),
    "timeline of 1,000": ("admin", f"/interactions/leads/{LONG_LOG}/timeline"),
}
GET_TEN_TIMES: dict[str, tuple[str, str]] = {
    "leads": ("admin", "/leads"),
    "leads of a stage": ("admin", "/leads?status=New"),
    "leads of a priority": ("admin", "/leads?priority=High"),
    "leads of a team": ("admin", "/leads?team=Team%201"),
    "leads of an office, by its manager": ("manager", "/leads"),
    "leads of a tag": ("admin", "/leads?tag=tag7"),
    "leads of a tag, by a manager": ("manager", "/leads?tag=tag6"),
    "leads by a name": ("admin", "/leads?search=first123"),
    "leads by a common word": ("admin", "/leads?search=person"),
    "tasks": ("admin", "/tasks"),
    "open tasks": ("admin", "/tasks?isCompleted=false"),
    "tasks of a priority": ("admin", "/tasks?priority=Urgent"),
    "tasks of an office, by its manager": ("manager", "/tasks"),
    "timeline of a twentieth of all leads": ("admin", f"/interactions/leads/{GROWING_LOG}/timeline"),
}


async def run(rows: int) -> None:
    """Print each list's time at both sizes and the ratio. The two take turns, so that both meet the same weather."""
    async with AsyncExitStack() as stack:
        connections: list[ReadConnection] = []
        callers: list[dict[str, httpx2.AsyncClient]] = []
        for size in (rows // TIMES, rows):
            url = await stack.enter_async_context(fresh_database())
            fill(url, SQL, size)
            database = await stack.enter_async_context(Database.open(url))
            connections.append(await stack.enter_async_context(database.read()))
            callers.append(await _admit(stack, database, await stack.enter_async_context(serving(url, pool=2))))
        first = await find_leads(connections[0], ADMIN, LeadSearch(), LEADS)
        deep = {
            "leads, next page by cursor": _leads(ADMIN, LeadSearch(), Paging("createdAt", cursor=first.next_cursor))
        }
        for kind, asks in (("as many", AS_MANY), ("ten times", TEN_TIMES | deep), ("no bar", NO_BAR)):
            for name, ask in asks.items():
                took = await median_times(*(partial(ask, connection) for connection in connections))
                _tell(f"{kind}: {name}, ms", took, has_bar=kind != "no bar")
        for kind, gets in (("as many", GET_AS_MANY), ("ten times", GET_TEN_TIMES)):
            for name, (who, path) in gets.items():
                took = await median_times(*(partial(_get, clients[who], path) for clients in callers))
                _tell(f"GET, {kind}: {name}, ms", took, has_bar=True)


async def _admit(stack: AsyncExitStack, database: Database, address: str) -> dict[str, httpx2.AsyncClient]:
    """Clients of a server, logged in as each of the people."""
    clock, clients = SystemClock(), dict[str, httpx2.AsyncClient]()
    sessions = LoginSessions(database, SecretBox.from_text(KEY), clock, Settings(platbook_access_token_minutes=300))
    for who, role in PEOPLE.items():
        async with database.transaction() as connection:
            if role is None:
                user = await get_user(connection, AGENT_ID)
            else:
                new = NewUser(f"{who}@example.com", "a long password", "Bench", "Mark", role, "South")
                user = await add_user(connection, new, COMMAND_LINE, clock.now())
            token = (await sessions.start_session(connection, user)).access_token
        clients[who] = await stack.enter_async_context(
            httpx2.AsyncClient(base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {token}"})
        )
    return clients


async def _get(client: httpx2.AsyncClient, path: str) -> None:
    (await client.get(path)).raise_for_status()


def _tell(name: str, took: list[float], *, has_bar: bool) -> None:
    small, large = took
    tell(name, f"{small:.2f} {large:.2f}", f"ratio {large / small:.2f}{f', bar {BAR}' if has_bar else ''}")
