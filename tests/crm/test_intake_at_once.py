"""Concurrent events of the same people over two server processes: none is lost, none duplicated, no two mixed."""

import asyncio
import itertools
import random
from collections import Counter
from dataclasses import dataclass
from typing import cast

import httpx2
import psycopg
import pytest

from tests.crm.servers import add_user, log_in, served

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


async def _send(urls: list[str], headers: dict[str, str], events: list[dict[str, object]]) -> Counter[int]:
    statuses: Counter[int] = Counter()
    waiting = iter(enumerate(events))

    async def sender(client: httpx2.AsyncClient) -> None:
        for index, event in waiting:
            url = urls[index % len(urls)]
            answer = await client.post(f"{url}/api/v1/leads/events", json=event, headers=headers)
            statuses[answer.status_code] += 1

    async with httpx2.AsyncClient(timeout=120) as client, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(sender(client))
    return statuses


@pytest.mark.parametrize(
    "people", [People(100, 20, 5), pytest.param(People(1000, 200, 50), marks=pytest.mark.soak)], ids=str
)
async def test_each_event_counts_once_and_each_person_is_one_lead(database_url: str, people: People) -> None:
    with served(database_url, 2) as urls:
        add_user(database_url, "admin@example.com", "admin")
        for number in range(AGENTS):
            add_user(database_url, f"agent{number}@example.com")
        headers = log_in(urls[0], "admin@example.com")
        with psycopg.connect(database_url, autocommit=True) as database:
            agents = [row[0] for row in database.execute("SELECT id FROM users WHERE role = 'agent' ORDER BY email")]
            rule = {"name": "all", "method": "round_robin", "members": [{"userId": str(one)} for one in agents]}
            made = httpx2.post(f"{urls[0]}/api/v1/leads/rules", json=rule, headers=headers)
            assert made.status_code == 201, made.text
            statuses = await _send(urls, headers, _events(people))
            assert set(statuses) == {200, 201}
            counts = database.execute(
                "SELECT (SELECT count(*) FROM leads), (SELECT count(*) FROM lead_contacts),"
                " (SELECT count(*) FROM lead_events WHERE state = 'taken'),"
                " (SELECT count(*) FROM interactions WHERE type = 'Lead Event'), (SELECT count(*) FROM tasks),"
                " (SELECT count(*) FROM outbox WHERE kind = 'lead created'), (SELECT count(*) FROM possible_duplicates)"
            ).fetchone()
            events = people.count * PER_PERSON
            assert counts == (
                people.count,
                people.identifying_contacts,
                events,
                events,
                people.count,
                people.count,
                people.shared,
            )
            mixed = database.execute(
                "SELECT l.first_name, l.emails, l.phones, count(*) FROM leads l JOIN interactions i ON i.lead_id = l.id"
                " WHERE i.type = 'Lead Event' GROUP BY l.id HAVING count(*) <> %s"
                " OR bool_or(l.first_name <> 'Person' || split_part(metadata->>'eventId', '-', 1))"
                " OR l.emails <> ARRAY[lower(l.first_name) || '@example.com'] OR cardinality(l.phones) <> 1",
                [PER_PERSON],
            ).fetchall()
            assert mixed == []
            owned = [row[0] for row in database.execute("SELECT count(*) FROM leads GROUP BY assigned_to")]
            assert len(owned) == AGENTS
            assert max(owned) - min(owned) <= 1
