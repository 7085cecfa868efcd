"""A disabled user owns nothing new, and their open work goes to somebody who can log in."""

from pathlib import Path

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.crm.intake.reassignment import reassign_leads, reassign_tasks
from platbook.crm.transfer.csv_import import ImportFiles, import_files
from platbook.crm.transfer.mapping import FileKind
from tests.api.conftest import Api
from tests.api.crm_client import CrmClient, Json, open_crm_client


@pytest.fixture
async def crm_client(api: Api) -> CrmClient:
    return await open_crm_client(api)


async def _disable(crm_client: CrmClient, who: str) -> Json:
    return await crm_client.send(f"/users/{crm_client.id_of(who)}/disable", "admin")


async def _inquire(crm_client: CrmClient, email: str, who: str = "admin") -> Json:
    person = {"emails": [email]}
    return await crm_client.send("/leads/events", who, eventId=email, type="Inquiry", person=person, message="call me")


async def _reassign(crm_client: CrmClient) -> tuple[int, int]:
    services = crm_client.api.services
    async with services.database.transaction() as connection:
        now = services.clock.now()
        return await reassign_leads(connection, now), await reassign_tasks(connection, now)


@pytest.mark.parametrize(
    ("members", "disabled", "assignee"),
    [
        (("ann", "abe"), ("ann",), "abe"),
        ((), ("ann",), "lead"),
        ((), ("ann", "manager", "lead"), None),
    ],
)
async def test_an_inquiry_of_a_disabled_user_s_lead_is_answered_by_another(
    crm_client: CrmClient, members: tuple[str, ...], disabled: tuple[str, ...], assignee: str | None
) -> None:
    lead = await crm_client.add_lead("ann", email="pat@example.com")
    if members:
        users = [{"userId": crm_client.id_of(who)} for who in members]
        rule = {"name": "all", "method": "round_robin", "members": users}
        assert (await crm_client.request("POST", "/leads/rules", "admin", json=rule)).status_code == 201
    for who in disabled:
        await _disable(crm_client, who)
    outcome = await _inquire(crm_client, "pat@example.com")
    expected = None if assignee is None else crm_client.id_of(assignee)
    assert (outcome["lead"]["id"], outcome["lead"]["assignedTo"]) == (lead["id"], expected)
    assert (outcome["task"]["assignedTo"], outcome["lead"]["office"]) == (expected, "North")
    entries = (await crm_client.get("/audit?act=lead%20reassigned", "admin"))["entries"]
    assert [one["details"] for one in entries] == [{"from": crm_client.id_of("ann"), "to": expected}]


async def test_disabling_says_what_is_left_and_it_goes_to_others(crm_client: CrmClient) -> None:
    open_lead = await crm_client.add_lead("ann", email="a@example.com")
    won = await crm_client.add_lead("ann", email="b@example.com", status="Closed Won")
    about = await crm_client.send("/tasks", title="About", leadId=open_lead["id"])
    own = await crm_client.send("/tasks", title="Own")
    abes = await crm_client.add_lead("abe", email="c@example.com")
    helping = await crm_client.send(
        "/tasks", "manager", title="Help", leadId=abes["id"], assignedTo=crm_client.id_of("ann")
    )
    done = await crm_client.send("/tasks", title="Done", isCompleted=True)
    told = await _disable(crm_client, "ann")
    assert (told["isActive"], told["openLeads"], told["openTasks"]) == (False, 1, 3)
    assert await _reassign(crm_client) == (1, 2)
    assert await _reassign(crm_client) == (0, 0)
    lead, ann = crm_client.id_of("lead"), crm_client.id_of("ann")
    owners = [(await crm_client.get(f"/leads/{one['id']}", "admin"))["assignedTo"] for one in (open_lead, won)]
    assert owners == [lead, ann]
    assignees = {
        task["title"]: (await crm_client.get(f"/tasks/{task['id']}", "admin"))["assignedTo"]
        for task in (about, own, helping, done)
    }
    assert assignees == {"About": lead, "Own": lead, "Help": crm_client.id_of("abe"), "Done": ann}
    log = (await crm_client.get(f"/interactions/leads/{open_lead['id']}/timeline", "admin"))["interactions"]
    assert log[0]["metadata"] == {"from": ann, "to": lead}


async def test_nothing_new_is_given_to_a_disabled_user(crm_client: CrmClient, tmp_path: Path) -> None:
    await _disable(crm_client, "ann")
    gone = crm_client.id_of("ann")
    for path, body in (("/leads", {"lastName": "x"}), ("/tasks", {"title": "x"})):
        refused = await crm_client.expect_error("POST", path, "admin", **body, assignedTo=gone)
        assert (refused[0], refused[2]) == (400, ["assignedTo"])
    outcome = await _inquire(crm_client, "new@example.com", "assistant")  # who works for ann alone
    assert "assignedTo" not in outcome["lead"] or outcome["lead"]["assignedTo"] != gone
    offered = await crm_client.add_lead("manager", email="offered@example.com")
    assert (await crm_client.expect_error("POST", f"/leads/{offered['id']}/claim", "assistant"))[0] == 403
    people, tasks = tmp_path / "people.csv", tmp_path / "tasks.csv"
    people.write_text("id,name,email,owner\n1,Mira Lane,mira@example.com,ann@example.com\n")
    tasks.write_text("id,person,title,owner\n1,1,Call,ann@example.com\n2,1,Write,\n")
    files = ImportFiles({FileKind.PEOPLE: people, FileKind.TASKS: tasks}, {})
    services = crm_client.api.services
    report = await import_files(services.database, COMMAND_LINE, files, services.clock.now(), system="old")
    assert [report.counts[kind].added for kind in (FileKind.PEOPLE, FileKind.TASKS)] == [1, 2]
    (mira,) = (await crm_client.get("/leads?search=mira", "admin"))["leads"]
    assert mira["assignedTo"] is None
    imported = (await crm_client.get(f"/tasks?leadId={mira['id']}", "admin"))["tasks"]
    assert [one["assignedTo"] for one in imported] == [None, None]
