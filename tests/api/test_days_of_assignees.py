"""All-day tasks end by the assignee's time zone, at the date line and on days of 23 and 25 hours."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.ids import new_id
from platbook.crm.tasks.rows import insert_tasks
from platbook.crm.tasks.store import create_task, send_reminders
from platbook.crm.tasks.task import Task, to_due
from platbook.db import Database, Query
from tests.api.conftest import Api
from tests.api.crm_client import CrmClient, Json, open_crm_client

FIRST, LAST = "Pacific/Kiritimati", "Etc/GMT+12"
"""Where a day begins and ends first, at UTC+14, and last, at UTC-12."""


@pytest.fixture
async def crm_client(api: Api) -> CrmClient:
    """It is 12:00 UTC on 2 January 2026: 02:00 on the 3rd in Kiritimati, 00:00 on the 2nd at UTC-12."""
    return await open_crm_client(api)


async def _set_zone(crm_client: CrmClient, zone: str | None, who: str = "ann") -> None:
    assert (await crm_client.send("/auth/me", who, method="PUT", timeZone=zone))["timeZone"] == zone


async def _see(crm_client: CrmClient, task: Json) -> tuple[bool, bool, bool, str]:
    """Whether ann's only task is overdue, whether the filter finds it, whether it is due today, and the day it has."""
    found = (await crm_client.get("/tasks?overdue=true", "admin"))["tasks"]
    stats = await crm_client.get("/tasks/stats", "admin")
    read = await crm_client.get(f"/tasks/{task['id']}", "admin")
    assert stats["overdue"] == len(found)
    return read["isOverdue"], found == [read], stats["dueToday"] == 1, read["dueDate"]


DAYS = [
    ("2026-01-02", FIRST, LAST, (True, True, False)),
    ("2026-01-02", LAST, FIRST, (False, False, True)),
    ("2026-01-02", None, FIRST, (True, True, False)),
    ("2026-01-02", None, LAST, (False, False, True)),
    ("2026-01-03", FIRST, "UTC", (False, False, True)),
    ("2026-01-01", LAST, "UTC", (True, True, False)),
    ("2026-01-03", LAST, "UTC", (False, False, False)),
]


async def test_a_day_is_over_when_it_is_over_for_the_assignee(crm_client: CrmClient) -> None:
    for day, zone, own_zone, seen in DAYS:
        await _set_zone(crm_client, zone)
        task = await crm_client.send("/tasks", title="x", dueDate=day, timeZone=own_zone)
        assert (task["dueDate"], task["isOverdue"]) == (day, seen[0])
        assert await _see(crm_client, task) == (*seen, day), (day, zone, own_zone)
        await crm_client.request("DELETE", f"/tasks/{task['id']}")


async def test_a_moment_is_the_moment_whatever_the_zone(crm_client: CrmClient) -> None:
    task = await crm_client.send("/tasks", title="x", dueDate="2026-01-02T13:00:00", timeZone="UTC")
    for zone in (FIRST, LAST):
        await _set_zone(crm_client, zone)
        assert await _see(crm_client, task) == (False, False, True, "2026-01-02T13:00:00Z")


async def test_a_day_follows_whoever_it_is_assigned_to_and_their_time_zone(crm_client: CrmClient) -> None:
    over, today = (True, True, False, "2026-01-02"), (False, False, True, "2026-01-02")
    lead = await crm_client.add_lead()
    task = await crm_client.send("/tasks", title="x", leadId=lead["id"], dueDate="2026-01-02", timeZone=LAST)
    assert await _see(crm_client, task) == today
    await _set_zone(crm_client, FIRST)
    assert await _see(crm_client, task) == over
    await crm_client.send(f"/tasks/{task['id']}", method="PUT", timeZone="UTC", title="y")
    assert await _see(crm_client, task) == over, "ann's time zone stands above the task's"
    await crm_client.send(f"/users/{crm_client.id_of('ann')}", "admin", method="PUT", timeZone=LAST)
    assert await _see(crm_client, task) == today
    await _set_zone(crm_client, FIRST, "abe")
    await crm_client.send(f"/leads/{lead['id']}/assign", "manager", userId=crm_client.id_of("abe"))
    assert await _see(crm_client, task) == over, "the lead's tasks follow its owner"
    await crm_client.send(f"/tasks/{task['id']}", "admin", method="PUT", assignedTo=crm_client.id_of("ann"))
    assert await _see(crm_client, task) == today
    await crm_client.send(f"/tasks/{task['id']}", "admin", method="PUT", assignedTo=None, timeZone=FIRST)
    assert await _see(crm_client, task) == over, "without an assignee by its own"
    await crm_client.send(f"/tasks/{task['id']}", "admin", method="PUT", assignedTo=crm_client.id_of("ann"))
    await _set_zone(crm_client, None)
    assert await _see(crm_client, task) == over, "without a time zone of the assignee by its own"


async def test_a_reminder_moves_with_the_day_and_is_sent_once(crm_client: CrmClient, api: Api) -> None:
    sent: list[int] = []

    async def remind_at(now: datetime) -> None:
        async with api.services.database.transaction() as connection:
            sent.append(await send_reminders(connection, now))

    ends = {zone: datetime(2026, 1, 4, tzinfo=ZoneInfo(zone)).astimezone(UTC) for zone in (FIRST, LAST)}
    await crm_client.send("/tasks", title="x", dueDate="2026-01-03", timeZone=FIRST, remindMinutesBefore=60)
    await _set_zone(crm_client, LAST)
    for moment in (ends[FIRST], ends[LAST] - timedelta(hours=1, seconds=2), ends[LAST] - timedelta(hours=1, seconds=1)):
        await remind_at(moment)
    await _set_zone(crm_client, FIRST)
    await remind_at(ends[LAST])
    assert sent == [0, 0, 1, 0]


ZONES = (
    FIRST,
    LAST,
    "America/Chicago",
    "America/Havana",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
)
CHANGES = tuple(
    map(
        date.fromisoformat,
        (
            "2011-12-29",
            "2011-12-30",  # Samoa moves over the date line: the day is left out
            "2018-02-17",  # Brazil: 23:59:59 comes twice
            "2025-11-01",  # Cuba: 00:00 of the next day comes twice
            "2026-03-07",  # Cuba: the next day begins at 01:00
            "2026-03-08",  # North America: 23 hours
            "2026-03-29",  # Europe
            "2026-04-05",  # Lord Howe Island: half an hour
            "2026-11-01",  # North America: 25 hours
        ),
    )
)


async def test_the_database_ends_days_as_python_does(database: Database) -> None:
    """Each by its own release of the time zone database, of which these zones are the same in all that are in use."""
    now = datetime(2026, 1, 2, tzinfo=UTC)
    tasks = [
        Task(new_id(), f"{zone} {day}", "x", now, now, due_on=day, due_date=now, time_zone=zone)
        for zone in ZONES
        for day in CHANGES
    ]
    async with database.transaction() as connection:
        await insert_tasks(connection, tasks)
        look = Query("look", "The ends of days.", "SELECT title, due_date FROM tasks")
        found = {str(title): due for title, due in await connection.tuples(look)}
    assert found == {f"{zone} {day}": to_due(day.isoformat(), zone)[0] for zone in ZONES for day in CHANGES}


LONG_AND_SHORT = [
    ("2026-03-07", "2026-03-08T05:59:59Z"),
    ("2026-03-08", "2026-03-09T04:59:59Z"),
    ("2026-10-31", "2026-11-01T04:59:59Z"),
    ("2026-11-01", "2026-11-02T05:59:59Z"),
]


async def test_days_of_23_and_of_25_hours_end_with_their_last_second(crm_client: CrmClient, api: Api) -> None:
    await _set_zone(crm_client, "America/Chicago")
    for day, end in LONG_AND_SHORT:
        task = await crm_client.send("/tasks", title="x", dueDate=day)
        last = datetime.fromisoformat(end)
        for moment, seen in ((last, (False, False, True)), (last + timedelta(seconds=1), (True, True, False))):
            api.clock.advance(moment - api.clock.now())
            for who in ("admin", "ann"):
                api.log_in_anew(f"{who}@example.com")
            assert await _see(crm_client, task) == (*seen, day)
        await crm_client.request("DELETE", f"/tasks/{task['id']}")


async def test_a_task_that_is_assigned_while_the_zone_changes_ends_by_the_new_one(
    crm_client: CrmClient, api: Api
) -> None:
    database, ann = api.services.database, crm_client.id_of("ann")
    async with asyncio.TaskGroup() as group, database.transaction() as connection:
        task = await create_task(
            connection,
            COMMAND_LINE,
            {
                "title": "x",
                "due_date": "2026-01-02",
                "time_zone": LAST,
                "assigned_to": api.users["ann@example.com"].id,
            },
            api.clock.now(),
        )
        change = group.create_task(
            api.run_sql("UPDATE users SET time_zone = %(zone)s WHERE id = %(ann)s", zone=FIRST, ann=ann)
        )
        waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
        while not await api.rows(waiting):
            assert not change.done()
            await asyncio.sleep(0.01)
    assert (await crm_client.get(f"/tasks/{task.id}"))["isOverdue"] is True


async def test_a_time_zone_has_a_name_of_the_database(crm_client: CrmClient) -> None:
    for name in ("Mars/Base", "../etc/passwd", "localtime", "America", "utc+2"):
        for method, path, body in (
            ("PUT", "/auth/me", {}),
            ("PUT", f"/users/{crm_client.id_of('ann')}", {}),
            ("POST", "/users/invitations", {"email": "new@example.com"}),
            ("POST", "/tasks", {"title": "x"}),
        ):
            refused = await crm_client.expect_error(method, path, "admin", **body, timeZone=name)
            assert refused == (400, "VALIDATION_ERROR", ["timeZone"]), (path, name)
    assert (await crm_client.get("/auth/me"))["timeZone"] is None
