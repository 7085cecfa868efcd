"""Stages over the API: named, ordered and retired by admins; leads keep their key, programs ask the kind."""

import pytest

from platbook.crm.enums import LeadStatus
from tests.api.conftest import Api
from tests.api.crm_client import CrmClient, open_crm_client

TEN = [one.value for one in LeadStatus]


@pytest.fixture
async def crm_client(api: Api) -> CrmClient:
    return await open_crm_client(api)


async def _keys(crm_client: CrmClient) -> list[object]:
    return [one["key"] for one in (await crm_client.get("/leads/stages"))["stages"]]


async def test_the_ten_stages_are_there_by_default(crm_client: CrmClient) -> None:
    stages = (await crm_client.get("/leads/stages"))["stages"]
    assert [(one["key"], one["name"]) for one in stages] == [(name, name) for name in TEN]
    assert [one["kind"] for one in stages] == ["open"] * 7 + ["won", "lost", "archived"]
    assert not any(one["isRetired"] for one in stages)


async def test_a_stage_of_ones_own_takes_leads_and_its_kind_counts(crm_client: CrmClient) -> None:
    added = await crm_client.send("/leads/stages", "admin", name="Past Client", kind="won", key="past-client")
    assert (added["key"], added["name"], added["kind"]) == ("past-client", "Past Client", "won")
    assert await _keys(crm_client) == [*TEN[:8], "past-client", *TEN[8:]]
    await crm_client.send("/leads/stages", "admin", name="Hot", kind="open")
    won = await crm_client.add_lead(status="past-client")
    assert (won["status"], won["stageKind"], won["score"], won["scoreReasons"]) == (
        "past-client",
        "won",
        100,
        ["past-client: 100"],
    )
    hot = await crm_client.add_lead(status="Hot")
    assert (hot["stageKind"], hot["scoreReasons"]) == ("open", ["stage Hot: +20"])
    moved = await crm_client.send(f"/leads/{hot['id']}", method="PUT", status="Closed Lost")
    assert (moved["stageKind"], moved["score"]) == ("lost", 0)
    stats = await crm_client.get("/leads/stats")
    assert (stats["byKind"], stats["byStatus"]) == ({"won": 1, "lost": 1}, {"past-client": 1, "Closed Lost": 1})
    found = await crm_client.get("/leads?status=past-client")
    assert [one["id"] for one in found["leads"]] == [won["id"]]


async def test_a_stage_is_renamed_and_retired_and_keeps_its_leads(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead(status="Nurture")
    renamed = await crm_client.send("/leads/stages/Nurture", "admin", method="PUT", name="Long term", isRetired=True)
    assert (renamed["key"], renamed["name"], renamed["isRetired"]) == ("Nurture", "Long term", True)
    kept = await crm_client.send(f"/leads/{lead['id']}", method="PUT", status="Nurture", notes="still there")
    assert kept["status"] == "Nurture"
    refused = await crm_client.expect_error("POST", "/leads", lastName="x", status="Nurture")
    assert refused == (400, "VALIDATION_ERROR", ["status"])
    assert len((await crm_client.get("/leads?status=Nurture"))["leads"]) == 1
    await crm_client.send("/leads/stages/Nurture", "admin", method="PUT", isRetired=False)
    assert (await crm_client.add_lead(status="Nurture"))["status"] == "Nurture"
    acts = [one["act"] for one in (await crm_client.get("/audit?subjectKind=lead%20stage", "auditor"))["entries"]]
    assert acts == ["lead stage edited", "lead stage edited"]


async def test_stages_are_put_in_order(crm_client: CrmClient) -> None:
    order = [*TEN[1:], TEN[0]]
    put = await crm_client.send("/leads/stages", "admin", method="PUT", keys=order)
    assert [one["key"] for one in put["stages"]] == order == await _keys(crm_client)
    for keys in (TEN[1:], [*TEN, "New"], [*TEN[1:], "Odd"]):
        refused = await crm_client.expect_error("PUT", "/leads/stages", "admin", keys=keys)
        assert refused == (400, "VALIDATION_ERROR", ["keys"])


async def test_what_is_no_stage_is_refused(crm_client: CrmClient) -> None:
    for body, status in (
        ({"name": "new", "kind": "open"}, 409),
        ({"name": "Fresh", "kind": "open", "key": "closed won"}, 409),
        ({"name": "Ä", "kind": "open"}, 400),
        ({"name": "Fresh", "kind": "odd"}, 400),
    ):
        assert (await crm_client.expect_error("POST", "/leads/stages", "admin", **body))[0] == status, body
    assert (await crm_client.expect_error("PUT", "/leads/stages/New", "admin", isRetired=True))[0] == 409
    assert (await crm_client.expect_error("PUT", "/leads/stages/Odd", "admin", name="x"))[1] == "STAGE_NOT_FOUND"
    assert (await crm_client.expect_error("GET", "/leads?status=New&status=Odd"))[2] == ["status.1"]
    assert (await crm_client.expect_error("POST", "/leads/stages", "manager", name="x", kind="open"))[0] == 403
