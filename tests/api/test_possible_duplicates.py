"""Possible duplicates over the API: found with evidence, seen by those who see both leads, merged or dismissed."""

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.crm_client import CrmClient, Json, open_crm_client

PHONE = "+15125550243"


@pytest.fixture
async def crm_client(api: Api) -> CrmClient:
    return await open_crm_client(api)


async def _two(crm_client: CrmClient, second: str = "ann") -> tuple[Json, Json]:
    one = await crm_client.add_lead(firstName="Ann", email="a@example.com", phoneNumber=PHONE)
    other = await crm_client.add_lead(second, firstName="Bob", email="b@example.com", phoneNumber=PHONE)
    return one, other


async def _open(crm_client: CrmClient, who: str = "ann", query: str = "") -> list[Any]:
    return (await crm_client.get(f"/leads/duplicates?{query}", who))["duplicates"]


async def test_a_likeness_that_does_not_join_is_listed_with_its_evidence(crm_client: CrmClient) -> None:
    one, other = await _two(crm_client)
    (pair,) = await _open(crm_client)
    assert sorted(lead["id"] for lead in pair["leads"]) == sorted([one["id"], other["id"]])
    assert pair["evidence"] == {"emails": [], "phones": [PHONE], "name": "different"}
    assert (pair["state"], pair["decidedBy"], pair["foundAt"]) == ("open", None, "2026-01-02T12:00:00Z")
    (like,) = (await crm_client.get(f"/leads/{one['id']}"))["possibleDuplicates"]
    assert (like["id"], like["leadId"], like["evidence"]) == (pair["id"], other["id"], pair["evidence"])
    assert [one["id"] for one in await _open(crm_client, query=f"leadId={other['id']}")] == [pair["id"]]
    third = await crm_client.add_lead(email="c@example.com")
    assert await _open(crm_client, query=f"leadId={third['id']}") == []


@pytest.mark.parametrize(
    ("lead", "event"),
    [
        ({"email": "a@example.com", "phoneNumber": PHONE}, {"emails": ["b@example.com"], "phones": [PHONE]}),
        ({"firstName": "Ann", "phoneNumber": PHONE}, {"firstName": "Bob", "phones": [PHONE]}),
    ],
)
async def test_an_event_of_somebody_alike_is_a_new_lead_and_a_possible_duplicate(
    crm_client: CrmClient, lead: Json, event: Json
) -> None:
    one = await crm_client.add_lead(**lead)
    outcome = await crm_client.send("/leads/events", eventId="1", type="Inquiry", person=event)
    (pair,) = await _open(crm_client)
    assert sorted(like["id"] for like in pair["leads"]) == sorted([one["id"], outcome["lead"]["id"]])


async def test_a_number_that_a_lead_gets_later_is_compared_too(crm_client: CrmClient) -> None:
    await crm_client.add_lead(email="a@example.com", phoneNumber=PHONE)
    bob = await crm_client.add_lead(email="b@example.com")
    eve = await crm_client.add_lead(email="c@example.com")
    await crm_client.send(f"/leads/{bob['id']}", method="PUT", phoneNumber=PHONE)
    assert len(await _open(crm_client)) == 1
    person = {"emails": ["c@example.com"], "phones": [PHONE]}
    assert (await crm_client.send("/leads/events", eventId="1", type="Inquiry", person=person))["lead"]["id"] == eve[
        "id"
    ]
    assert len(await _open(crm_client, query=f"leadId={eve['id']}")) == 2


async def test_two_known_addresses_of_one_event_are_evidence(crm_client: CrmClient) -> None:
    for email in ("a@example.com", "b@example.com"):
        await crm_client.add_lead(email=email)
    person = {"emails": ["a@example.com", "b@example.com"]}
    await crm_client.send("/leads/events", eventId="1", type="Inquiry", person=person)
    (pair,) = await _open(crm_client)
    assert pair["evidence"] == {"emails": ["b@example.com"], "phones": [], "name": None}


async def test_only_those_who_see_both_leads_see_that_they_are_alike(crm_client: CrmClient) -> None:
    one, _ = await _two(crm_client, "sue")
    seen = {who: len(await _open(crm_client, who)) for who in ("admin", "auditor", "manager", "ann", "sue", "boss")}
    assert seen == {"admin": 1, "auditor": 1, "manager": 0, "ann": 0, "sue": 0, "boss": 0}
    assert (await crm_client.get(f"/leads/{one['id']}"))["possibleDuplicates"] == []
    (pair,) = await _open(crm_client, "admin")
    path = f"/leads/duplicates/{pair['id']}"
    hidden = (404, "POSSIBLE_DUPLICATE_NOT_FOUND")
    assert (await crm_client.expect_error("POST", f"{path}/dismiss"))[:2] == hidden
    assert (await crm_client.expect_error("POST", f"{path}/merge", intoId=one["id"]))[:2] == hidden
    assert (await crm_client.expect_error("POST", f"{path}/dismiss", "auditor"))[0] == 403


async def test_a_dismissed_pair_stays_dismissed(crm_client: CrmClient) -> None:
    one, _ = await _two(crm_client)
    (pair,) = await _open(crm_client)
    dismissed = await crm_client.send(f"/leads/duplicates/{pair['id']}/dismiss")
    assert (dismissed["state"], dismissed["decidedBy"]) == ("dismissed", "ann@example.com")
    assert (await crm_client.expect_error("POST", f"/leads/duplicates/{pair['id']}/dismiss"))[0] == 409
    assert await _open(crm_client) == []
    assert [one["id"] for one in await _open(crm_client, query="state=dismissed")] == [pair["id"]]
    person = {"emails": ["a@example.com", "b@example.com"]}
    await crm_client.send("/leads/events", eventId="1", type="Inquiry", person=person)
    assert await _open(crm_client) == []
    acts = (await crm_client.get("/audit?act=possible%20duplicate%20dismissed", "admin"))["entries"]
    assert [entry["actor"] for entry in acts] == ["ann@example.com"]
    assert (await crm_client.get(f"/leads/{one['id']}"))["possibleDuplicates"] == []


async def test_merging_closes_the_pair_and_carries_the_others(crm_client: CrmClient) -> None:
    one, other = await _two(crm_client)
    third = await crm_client.add_lead(firstName="Eve", email="c@example.com", phoneNumber=PHONE)
    assert len(await _open(crm_client)) == 3
    (pair,) = [
        one_pair
        for one_pair in await _open(crm_client)
        if third["id"] not in {lead["id"] for lead in one_pair["leads"]}
    ]
    path = f"/leads/duplicates/{pair['id']}/merge"
    assert (await crm_client.expect_error("POST", path, intoId=third["id"]))[2] == ["intoId"]
    merged = await crm_client.send(path, intoId=one["id"])
    assert (merged["id"], merged["emails"]) == (one["id"], ["a@example.com", "b@example.com"])
    (left,) = await _open(crm_client)
    assert {lead["id"] for lead in left["leads"]} == {one["id"], third["id"]}
    (closed,) = await _open(crm_client, query="state=merged")
    assert (closed["id"], closed["decidedBy"]) == (pair["id"], "ann@example.com")
    assert (await crm_client.expect_error("POST", path, intoId=one["id"]))[0] == 409
    assert (await crm_client.request("GET", f"/leads/{other['id']}")).status_code == 410


async def test_a_pair_that_only_the_merged_lead_had_is_carried(crm_client: CrmClient) -> None:
    one, other = await _two(crm_client)
    stays = await crm_client.add_lead(email="stays@example.com")
    await crm_client.send(f"/leads/{one['id']}/merge", intoId=stays["id"])
    (pair,) = await _open(crm_client)
    assert {lead["id"] for lead in pair["leads"]} == {other["id"], stays["id"]}


async def test_deleting_closes_and_erasing_removes(crm_client: CrmClient) -> None:
    one, other = await _two(crm_client)
    await crm_client.request("DELETE", f"/leads/{one['id']}")
    assert await _open(crm_client) == []
    assert len(await _open(crm_client, query="state=dismissed")) == 1
    await crm_client.send(f"/leads/{other['id']}/erase", "admin")
    assert await _open(crm_client, "admin", "state=dismissed") == []
