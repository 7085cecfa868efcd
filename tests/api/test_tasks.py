"""Tasks over the API: due on somebody's calendar, done, reminded of."""

from datetime import timedelta

import pytest

from platbook.crm.tasks.store import send_reminders
from tests.api.brokerage import Brokerage, Json, open_brokerage
from tests.api.conftest import Api, minutes


@pytest.fixture
async def brokerage(api: Api) -> Brokerage:
    return await open_brokerage(api)


DUE: list[tuple[str | None, str, str | None]] = [
    ("2026-03-01T17:00:00-06:00", "America/Chicago", "2026-03-01T23:00:00Z"),
    ("2026-07-01T17:00:00", "America/Chicago", "2026-07-01T22:00:00Z"),
    ("2026-01-15", "America/Chicago", "2026-01-16T05:59:59Z"),
    ("2026-01-15T08:00:00", "UTC", "2026-01-15T08:00:00Z"),
    (None, "UTC", None),
]


async def test_due_on_the_calendar_of_its_zone(brokerage: Brokerage) -> None:
    for due, zone, kept in DUE:
        task = await brokerage.send("/tasks", title=" Call  her ", dueDate=due, timeZone=zone)
        assert (task["title"], task["dueDate"], task["timeZone"], task["isOverdue"]) == ("Call her", kept, zone, False)
        assert task == await brokerage.get(f"/tasks/{task['id']}")


REFUSED: list[tuple[Json, list[str]]] = [
    ({}, ["title"]),
    ({"title": " "}, ["title"]),
    ({"title": "x", "dueDate": "soon"}, ["dueDate"]),
    ({"title": "x", "dueDate": "0001-01-01T00:00:00+14:00"}, ["dueDate"]),
    ({"title": "x", "timeZone": "Mars/Base", "dueDate": "2026-01-15"}, ["timeZone"]),
    ({"title": "x", "timeZone": "../etc/passwd"}, ["timeZone"]),
    ({"title": "x", "leadId": "01a20cc2-c827-7ea6-9dab-49ecc5a105db"}, ["leadId"]),
    ({"title": "x", "type": "Nap"}, ["type"]),
]


async def test_what_cannot_be_is_refused_by_name(brokerage: Brokerage) -> None:
    for said, fields in REFUSED:
        assert await brokerage.refused("POST", "/tasks", **said) == (400, "VALIDATION_ERROR", fields)


async def test_done_and_not_done(brokerage: Brokerage) -> None:
    lead = await brokerage.add_lead()
    task = await brokerage.send("/tasks", title="Call", type="Call", leadId=lead["id"], dueDate="2026-01-03")
    for _ in range(2):
        done = await brokerage.send(f"/tasks/{task['id']}/complete")
        assert (done["isCompleted"], done["completedAt"]) == (True, "2026-01-02T12:00:00Z")
    log = (await brokerage.get(f"/interactions/leads/{lead['id']}/timeline"))["interactions"]
    assert [(one["type"], one["content"]) for one in log] == [("Task Completed", "Call"), ("Assigned", None)]
    again = await brokerage.send(f"/tasks/{task['id']}/incomplete")
    assert (again["isCompleted"], again["completedAt"]) == (False, None)
    put = await brokerage.send(f"/tasks/{task['id']}", method="PUT", isCompleted=True, priority="Urgent")
    assert (put["isCompleted"], put["priority"], put["title"]) == (True, "Urgent", "Call")
    assert (await brokerage.ask("DELETE", f"/tasks/{task['id']}")).status_code == 204
    assert (await brokerage.refused("GET", f"/tasks/{task['id']}"))[:2] == (404, "TASK_NOT_FOUND")


async def test_who_sees_whose_tasks(brokerage: Brokerage) -> None:
    lead = await brokerage.add_lead()
    about = await brokerage.send("/tasks", "manager", title="about her lead", leadId=lead["id"])
    alone = await brokerage.send("/tasks", "abe", title="alone")
    given = await brokerage.send("/tasks", "manager", title="given", assignedTo=brokerage.id_of("abe"))
    names = {one["id"]: one["title"] for one in (about, alone, given)}
    seen = {
        who: sorted(names[one["id"]] for one in (await brokerage.get("/tasks", who))["tasks"])
        for who in ("admin", "auditor", "manager", "lead", "ann", "abe", "sue", "assistant")
    }
    assert seen == {
        "admin": ["about her lead", "alone", "given"],
        "auditor": ["about her lead", "alone", "given"],
        "manager": ["about her lead", "alone", "given"],
        "lead": ["about her lead"],
        "ann": ["about her lead"],
        "abe": ["alone", "given"],
        "sue": [],
        "assistant": ["about her lead"],
    }
    assert (await brokerage.refused("PUT", f"/tasks/{alone['id']}", title="x"))[:2] == (404, "TASK_NOT_FOUND")
    assert (await brokerage.refused("DELETE", f"/tasks/{about['id']}", "assistant"))[:2] == (403, "FORBIDDEN")
    assert (await brokerage.refused("POST", "/tasks", title="x", assignedTo=brokerage.id_of("abe")))[0] == 403
    assert (await brokerage.send(f"/tasks/{given['id']}/complete", "abe"))["isCompleted"] is True


async def test_filters_order_and_numbers(brokerage: Brokerage) -> None:
    lead = await brokerage.add_lead()
    tasks: dict[str, Json] = {
        "late": {"dueDate": "2026-01-02T11:00:00Z", "priority": "Low"},
        "tonight in Chicago": {"dueDate": "2026-01-03T04:00:00Z", "timeZone": "America/Chicago", "priority": "Urgent"},
        "tomorrow": {"dueDate": "2026-01-03T04:00:01Z", "timeZone": "UTC", "leadId": lead["id"]},
        "some day": {},
        "done": {"dueDate": "2026-01-01", "isCompleted": True},
    }
    for title, more in tasks.items():
        await brokerage.send("/tasks", title=title, **more)

    async def titles(query: str) -> list[str]:
        return [one["title"] for one in (await brokerage.get(f"/tasks?{query}"))["tasks"]]

    assert await titles("") == ["done", "late", "tonight in Chicago", "tomorrow", "some day"]
    assert (await titles("sortBy=priority"))[0] == "tonight in Chicago"
    assert await titles("isCompleted=true") == ["done"]
    assert await titles("overdue=true") == ["late"]
    assert await titles("overdue=false&isCompleted=false") == ["tonight in Chicago", "tomorrow", "some day"]
    assert await titles("dueAfter=2026-01-03T00:00:00") == ["tonight in Chicago", "tomorrow"]
    assert await titles("dueBefore=2026-01-02T00:00:00Z") == ["done"]
    assert await titles("priority=Low&priority=Urgent") == ["late", "tonight in Chicago"]
    assert await titles(f"leadId={lead['id']}") == ["tomorrow"]
    assert len(await titles("assignedTo=me")) == 5
    assert await brokerage.get("/tasks/stats") == {"completed": 1, "pending": 4, "overdue": 1, "dueToday": 2}
    first = await brokerage.get("/tasks?limit=4")
    rest = await brokerage.get(f"/tasks?limit=4&cursor={first['pagination']['nextCursor']}")
    assert [one["title"] for one in rest["tasks"]] == ["some day"]
    assert first["pagination"]["total"] == 5


async def test_a_reminder_is_given_once_and_again_when_the_task_moves(brokerage: Brokerage, api: Api) -> None:
    task = await brokerage.send("/tasks", title="x", dueDate="2026-01-02T13:00:00Z", remindMinutesBefore=30)

    async def remind() -> int:
        async with api.services.database.transaction() as connection:
            return await send_reminders(connection, api.clock.now())

    assert await remind() == 0
    api.clock.advance(minutes(30))
    assert [await remind(), await remind()] == [1, 0]
    await brokerage.send(f"/tasks/{task['id']}", method="PUT", dueDate="2026-01-02T14:00:00Z")
    api.clock.advance(timedelta(hours=1))
    assert await remind() == 1
    assert (await brokerage.outbox()).count("task due") == 2
