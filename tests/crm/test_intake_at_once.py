"""Concurrent events of the same people at two servers: none is lost, none duplicated, no two people mixed.

For every change with fewer people, at the pools of two servers; in the soak over HTTP, at the processes of two.
"""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import httpx2
import orjson
import pytest

from platbook.accounts import NewUser, add_user
from platbook.base.actor import COMMAND_LINE, Actor, Role
from platbook.crm.intake.events import ingest_event
from platbook.crm.intake.inbox import ProcessedEvent
from platbook.crm.intake.rules import RoutingMethod, RoutingRuleInput, RuleMember, add_rule
from platbook.db import Database, Query
from tests.crm.conftest import NOW, add_agents
from tests.crm.servers import PASSWORD, log_in, served

PER_PERSON = 10
AT_ONCE = 32
AGENTS = 3
PLACEHOLDERS = ("000-000-0000", "123-456-7890", "9999999999", "555-0107", "(512) 555-0199")


@dataclass(frozen=True)
class People:
    """So many people, of whom each two of the first share a number, and the next give placeholders for one."""

    count: int
    shared: int
    placeholders: int

    def phone(self, person: int) -> str:
        if person < 2 * self.shared:
            return f"(512) 600-{person // 2:04}"
        return PLACEHOLDERS[person % len(PLACEHOLDERS)] if self.gives_placeholder(person) else f"(737) 600-{person:04}"

    def gives_placeholder(self, person: int) -> bool:
        return 2 * self.shared <= person < 2 * self.shared + self.placeholders

    @property
    def identifying_contacts(self) -> int:
        return self.count + self.count - self.shared - self.placeholders

    def contacts(self, person: int, number: int) -> dict[str, object]:
        """As one event names them: by address and number, by address, or by a number that with a name is theirs."""
        name, emails, phones = {"firstName": f"Person{person}"}, [f"Person{person}@Example.com"], [self.phone(person)]
        if number < 4:
            return {**name, "emails": emails, "phones": phones}
        if number % 2 or self.gives_placeholder(person):
            return {"emails": emails}
        return {"phones": phones, **(name if person < 2 * self.shared else {})}


def _events(people: People) -> list[dict[str, object]]:
    """Ten of each person, every tenth sent twice."""
    events: list[dict[str, object]] = [
        {"eventId": f"{person}-{number}", "type": "Viewed Property", "person": people.contacts(person, number)}
        for person, number in itertools.product(range(people.count), range(PER_PERSON))
    ]
    events += events[::PER_PERSON]
    random.Random(7).shuffle(events)  # noqa: S311 - an order, and the same every time
    # Whoever is named by one contact alone is found by it only when an event with both has made them.
    return sorted(events, key=lambda one: not {"emails", "phones"} <= cast("dict[str, object]", one["person"]).keys())


Send = Callable[[dict[str, object]], Awaitable[bool]]
"""Send one event; whether its person is a new lead."""


@asynccontextmanager
async def _two_pools(database_url: str, admin: Actor) -> AsyncGenerator[Sequence[Send]]:
    """What two servers do with an event, each with connections of its own."""

    def send_to(database: Database, sender: Actor) -> Send:
        async def send(event: dict[str, object]) -> bool:
            async with database.transaction() as connection:
                outcome = await ingest_event(connection, sender, orjson.dumps(event), NOW)
            assert isinstance(outcome, ProcessedEvent)
            return outcome.is_new

        return send

    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(Database.open(database_url)) for _ in range(2)]
        yield [send_to(database, admin) for database in databases]


@asynccontextmanager
async def _two_processes(database_url: str, admin: Actor) -> AsyncGenerator[Sequence[Send]]:
    """Two servers, over HTTP."""

    def send_to(client: httpx2.AsyncClient, url: str) -> Send:
        async def send(event: dict[str, object]) -> bool:
            answer = await client.post(f"{url}/api/v1/leads/events", json=event)
            assert answer.status_code in {200, 201}, answer.text
            return answer.status_code == 201

        return send

    with served(database_url, 2) as urls:
        async with httpx2.AsyncClient(timeout=120, headers=log_in(urls[0], admin.name)) as client:
            yield [send_to(client, url) for url in urls]


async def _send_all(servers: Sequence[Send], events: Sequence[dict[str, object]]) -> int:
    """Send events to the servers in turn, many at once; how many made a lead."""
    answers: Counter[bool] = Counter()
    waiting = iter(enumerate(events))

    async def sender() -> None:
        for index, event in waiting:
            answers[await servers[index % len(servers)](event)] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(sender())
    assert answers.total() == len(events)
    return answers[True]


async def _prepare(database: Database) -> tuple[Actor, list[UUID]]:
    """An admin, and agents among whom new leads go round."""
    agents = list((await add_agents(database, *(f"agent{number}" for number in range(AGENTS)))).values())
    async with database.transaction() as connection:
        new = NewUser("admin@example.com", PASSWORD, "Test", "Admin", Role.ADMIN)
        admin = await add_user(connection, new, COMMAND_LINE, NOW)
        members = tuple(map(RuleMember, agents))
        await add_rule(connection, COMMAND_LINE, RoutingRuleInput("all", RoutingMethod.ROUND_ROBIN, members), NOW)
    return Actor(admin.email, admin.id, Role.ADMIN), agents


COUNTS = (
    "SELECT (SELECT count(*) FROM leads) AS leads, (SELECT count(*) FROM lead_contacts) AS contacts,"
    " (SELECT count(*) FROM lead_events WHERE state = 'taken') AS events,"
    " (SELECT count(*) FROM interactions WHERE type = 'Lead Event') AS entries, (SELECT count(*) FROM tasks) AS tasks,"
    " (SELECT count(*) FROM outbox WHERE kind = 'lead created') AS created,"
    " (SELECT count(*) FROM possible_duplicates) AS duplicates"
)
MIXED = (
    "SELECT l.first_name, l.emails, l.phones, count(*) FROM leads l JOIN interactions i ON i.lead_id = l.id"
    " WHERE i.type = 'Lead Event' GROUP BY l.id HAVING count(*) <> %(per_person)s"
    " OR bool_or(l.first_name <> 'Person' || split_part(metadata->>'eventId', '-', 1))"
    " OR l.emails <> ARRAY[lower(l.first_name) || '@example.com'] OR cardinality(l.phones) <> 1"
)


@pytest.mark.parametrize(
    ("people", "servers"),
    [
        (People(100, 20, 5), _two_pools),
        pytest.param(People(1000, 200, 50), _two_processes, marks=pytest.mark.soak),
    ],
    ids=["pools", "processes"],
)
async def test_each_event_counts_once_and_each_person_is_one_lead(
    database: Database,
    database_url: str,
    people: People,
    servers: Callable[[str, Actor], AbstractAsyncContextManager[Sequence[Send]]],
) -> None:
    admin, agents = await _prepare(database)
    async with servers(database_url, admin) as running:
        assert await _send_all(running, _events(people)) >= people.count  # the first answer is repeated with its event
    async with database.read() as connection:
        (counts,) = await connection.dicts(Query("counts", "What there is.", COUNTS))
        mixed = await connection.dicts(Query("mixed", "Leads of two people.", MIXED), {"per_person": PER_PERSON})
        by_owner = Query("owned", "Leads by owner.", "SELECT assigned_to, count(*) FROM leads GROUP BY 1")
        owned = {owner: cast("int", count) for owner, count in await connection.tuples(by_owner)}
    events = people.count * PER_PERSON
    assert counts == {
        "leads": people.count,
        "contacts": people.identifying_contacts,
        "events": events,
        "entries": events,
        "tasks": people.count,
        "created": people.count,
        "duplicates": people.shared,
    }
    assert mixed == []
    assert owned.keys() == set(agents)
    assert max(owned.values()) - min(owned.values()) <= 1
