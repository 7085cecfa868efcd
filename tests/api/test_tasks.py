"""Tasks over the API: due on somebody's calendar, done, reminded of."""

from datetime import timedelta

import pytest

from platbook.crm.tasks.store import send_reminders
from tests.api.conftest import Api, minutes
from tests.api.crm_client import CrmClient, Json, open_crm_client


@pytest.fixture
async def crm_client(api: Api) -> CrmClient:
    return await open_crm_client(api)


DUE: list[tuple[str | None, str, str | None]] = [
    ("2026-03-01T17:00:00-06:00", "America/Chicago", "2026-03-01T23:00:00Z"),
    ("2026-07-01T17:00:00", "America/Chicago", "2026-07-01T22:00:00Z"),
    ("2026-01-15", "America/Chicago", "2026-01-15"),
    ("20260115", "America/Chicago", "2026-01-15"),
    ("2026-01-15T23:59:59", "America/Chicago", "2026-01-16T05:59:59Z"),
    ("2026-01-15T08:00:00", "UTC", "2026-01-15T08:00:00Z"),
    (None, "UTC", None),
]


async def test_due_on_the_calendar_of_its_zone(crm_client: CrmClient) -> None:
    for due, zone, kept in DUE:
        task = await crm_client.send("/tasks", title=" Call  her ", dueDate=due, timeZone=zone)
        assert (task["title"], task["dueDate"], task["timeZone"], task["isOverdue"]) == ("Call her", kept, zone, False)
        assert task == await crm_client.get(f"/tasks/{task['id']}")


async def test_a_day_stays_the_day_and_ends_by_the_time_zone(crm_client: CrmClient) -> None:
    path = (
        "/tasks/"
        + (
            await crm_client.send(
                "/tasks", title="x", dueDate="2026-01-02", timeZone="Asia/Tokyo", remindMinutesBefore=60
            )
        )["id"]
    )
    assert (await crm_client.get(path))["isOverdue"] is False  # in Tokyo it is 21:00 of the day
    crm_client.api.clock.advance(minutes(3 * 60))
    assert (await crm_client.get(path))["isOverdue"] is True
    moved = await crm_client.send(path, method="PUT", timeZone="America/Chicago")
    assert (moved["dueDate"], moved["isOverdue"]) == ("2026-01-02", False)
    assert (await crm_client.send(path, method="PUT", dueDate=moved["dueDate"], priority="Low"))[
        "dueDate"
    ] == "2026-01-02"
    services = crm_client.api.services
    reminded: list[int] = []
    for hours in (13, 1):  # to 22:00 and 23:00 in Chicago
        crm_client.api.clock.advance(minutes(hours * 60) + timedelta(seconds=1 if hours == 1 else 0))
        async with services.database.transaction() as connection:
            reminded.append(await send_reminders(connection, services.clock.now()))
    assert reminded == [0, 1]
    moment = await crm_client.send(path, method="PUT", dueDate="2026-01-03T10:00:00")
    assert moment["dueDate"] == "2026-01-03T16:00:00Z"
    assert (await crm_client.send(path, method="PUT", timeZone="UTC"))["dueDate"] == "2026-01-03T16:00:00Z"
    assert (await crm_client.send(path, method="PUT", dueDate=None))["dueDate"] is None


REFUSED: list[tuple[Json, list[str]]] = [
    ({}, ["title"]),
    ({"title": " "}, ["title"]),
    ({"title": "x", "dueDate": "soon"}, ["dueDate"]),
    ({"title": "x", "dueDate": "0001-01-01T00:00:00+14:00"}, ["dueDate"]),
    ({"title": "x", "timeZone": "Mars/Base", "dueDate": "2026-01-15"}, ["timeZone"]),
    ({"title": "x", "timeZone": "../etc/passwd"}, ["timeZone"]),
    ({"title": "x", "type": "Nap"}, ["type"]),
]


async def test_what_cannot_be_is_refused_by_name(crm_client: CrmClient) -> None:
    for said, fields in REFUSED:
        assert await crm_client.expect_error("POST", "/tasks", **said) == (400, "VALIDATION_ERROR", fields)


async def test_an_unknown_lead_is_not_found(crm_client: CrmClient) -> None:
    unknown = "01a20cc2-c827-7ea6-9dab-49ecc5a105db"
    task = await crm_client.send("/tasks", title="x")
    for method, path, body in (
        ("POST", "/tasks", {"title": "x", "leadId": unknown}),
        ("PUT", f"/tasks/{task['id']}", {"leadId": unknown}),
        ("POST", "/interactions", {"type": "Call Logged", "leadId": unknown}),
        ("GET", f"/interactions/leads/{unknown}/timeline", {}),
        ("PUT", f"/leads/{unknown}", {"email": "x@example.com"}),
        ("POST", f"/leads/{unknown}/claim", {}),
    ):
        assert (await crm_client.expect_error(method, path, **body))[:2] == (404, "LEAD_NOT_FOUND"), path


async def test_done_and_not_done(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead()
    task = await crm_client.send("/tasks", title="Call", type="Call", leadId=lead["id"], dueDate="2026-01-03")
    for _ in range(2):
        done = await crm_client.send(f"/tasks/{task['id']}/complete")
        assert (done["isCompleted"], done["completedAt"]) == (True, "2026-01-02T12:00:00Z")
    log = (await crm_client.get(f"/interactions/leads/{lead['id']}/timeline"))["interactions"]
    assert [(one["type"], one["content"]) for one in log] == [("Task Completed", "Call"), ("Assigned", None)]
    again = await crm_client.send(f"/tasks/{task['id']}/incomplete")
    assert (again["isCompleted"], again["completedAt"]) == (False, None)
    put = await crm_client.send(f"/tasks/{task['id']}", method="PUT", isCompleted=True, priority="Urgent")
    assert (put["isCompleted"], put["priority"], put["title"]) == (True, "Urgent", "Call")
    assert (await crm_client.request("DELETE", f"/tasks/{task['id']}")).status_code == 204
    assert (await crm_client.expect_error("GET", f"/tasks/{task['id']}"))[:2] == (404, "TASK_NOT_FOUND")


async def test_who_sees_whose_tasks(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead()
    about = await crm_client.send("/tasks", "manager", title="about her lead", leadId=lead["id"])
    alone = await crm_client.send("/tasks", "abe", title="alone")
    given = await crm_client.send("/tasks", "manager", title="given", assignedTo=crm_client.id_of("abe"))
    names = {one["id"]: one["title"] for one in (about, alone, given)}
    seen = {
        who: sorted(names[one["id"]] for one in (await crm_client.get("/tasks", who))["tasks"])
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
    assert (await crm_client.expect_error("PUT", f"/tasks/{alone['id']}", title="x"))[:2] == (404, "TASK_NOT_FOUND")
    assert (await crm_client.expect_error("DELETE", f"/tasks/{about['id']}", "assistant"))[:2] == (403, "FORBIDDEN")
    assert (await crm_client.expect_error("POST", "/tasks", title="x", assignedTo=crm_client.id_of("abe")))[0] == 403
    assert (await crm_client.send(f"/tasks/{given['id']}/complete", "abe"))["isCompleted"] is True


async def test_filters_order_and_numbers(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead()
    tasks: dict[str, Json] = {
        "late": {"dueDate": "2026-01-02T11:00:00Z", "priority": "Low"},
        "tonight in Chicago": {"dueDate": "2026-01-03T04:00:00Z", "timeZone": "America/Chicago", "priority": "Urgent"},
        "tomorrow": {"dueDate": "2026-01-03T04:00:01Z", "timeZone": "UTC", "leadId": lead["id"]},
        "some day": {},
        "done": {"dueDate": "2026-01-01", "isCompleted": True},
    }
    for title, more in tasks.items():
        await crm_client.send("/tasks", title=title, **more)

    async def titles(query: str) -> list[str]:
        return [one["title"] for one in (await crm_client.get(f"/tasks?{query}"))["tasks"]]

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
    assert await crm_client.get("/tasks/stats") == {"completed": 1, "pending": 4, "overdue": 1, "dueToday": 2}
    first = await crm_client.get("/tasks?limit=4")
    rest = await crm_client.get(f"/tasks?limit=4&cursor={first['pagination']['nextCursor']}")
    assert [one["title"] for one in rest["tasks"]] == ["some day"]
    assert first["pagination"]["total"] == 5


async def test_a_reminder_is_given_once_and_again_when_the_task_moves(crm_client: CrmClient, api: Api) -> None:
    task = await crm_client.send("/tasks", title="x", dueDate="2026-01-02T13:00:00Z", remindMinutesBefore=30)

    async def remind() -> int:
        async with api.services.database.transaction() as connection:
            return await send_reminders(connection, api.clock.now())

    assert await remind() == 0
    api.clock.advance(minutes(30))
    assert [await remind(), await remind()] == [1, 0]
    await crm_client.send(f"/tasks/{task['id']}", method="PUT", dueDate="2026-01-02T14:00:00Z")
    api.clock.advance(timedelta(hours=1))
    assert await remind() == 1
    assert (await crm_client.outbox()).count("task due") == 2
