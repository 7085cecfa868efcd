"""Concurrent events of the same people over two server processes: none is lost, none duplicated."""

import asyncio
import itertools
import random
from collections import Counter

import httpx2
import psycopg
import pytest

from tests.crm.servers import add_user, log_in, served

PER_PERSON = 10
AT_ONCE = 32
AGENTS = 3


def _events(people: int) -> list[dict[str, object]]:
    """Ten of each person, named by address, by number, and by both; every tenth is sent twice."""
    events: list[dict[str, object]] = []
    for person, number in itertools.product(range(people), range(PER_PERSON)):
        contacts: dict[str, object] = {"emails": [f"Person{person}@Example.com"], "phones": [f"(512) 555-{person:04}"]}
        person_contacts = contacts if number < 4 else dict([list(contacts.items())[number % 2]])
        events.append({"eventId": f"{person}-{number}", "type": "Viewed Property", "person": person_contacts})
    events += events[::PER_PERSON]
    random.Random(7).shuffle(events)  # noqa: S311 - an order, and the same every time
    # Whoever is named by one contact alone is found by it only when an event with both has made them.
    first = [one for one in events if len(one["person"]) == 2]  # pyright: ignore[reportArgumentType] - a dict
    return first + [one for one in events if len(one["person"]) == 1]  # pyright: ignore[reportArgumentType] - a dict


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


@pytest.mark.parametrize("people", [40, pytest.param(1000, marks=pytest.mark.soak)])
async def test_each_event_counts_once_and_each_person_is_one_lead(database_url: str, people: int) -> None:
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
                " (SELECT count(*) FROM outbox WHERE kind = 'lead created')"
            ).fetchone()
            assert counts == (people, 2 * people, people * PER_PERSON, people * PER_PERSON, people, people)
            per_lead = database.execute(
                "SELECT DISTINCT count(*) FROM interactions WHERE type = 'Lead Event' GROUP BY lead_id"
            ).fetchall()
            assert per_lead == [(PER_PERSON,)]
            owned = [row[0] for row in database.execute("SELECT count(*) FROM leads GROUP BY assigned_to")]
            assert len(owned) == AGENTS
            assert max(owned) - min(owned) <= 1
