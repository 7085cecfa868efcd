"""The log over the API: people write some of it, the system the rest, and nobody changes it."""

import pytest

from tests.api.conftest import Api, minutes
from tests.api.crm_client import CrmClient, Json, open_crm_client

HOUSE: Json = {"standardStatus": "Active", "propertyType": "Land", "listPrice": 1000, "address": {"city": "Waco"}}


@pytest.fixture
async def crm_client(api: Api) -> CrmClient:
    return await open_crm_client(api)


async def test_what_a_person_did_is_kept_and_counts(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead()
    house = await crm_client.send("/properties", **HOUSE)
    crm_client.api.clock.advance(minutes(10))
    said: Json = {
        "leadId": lead["id"],
        "type": "Showing",
        "content": "liked the trees",
        "interactionDate": "2026-01-02T11:30:00-01:00",
        "propertyId": house["id"],
        "metadata": {"minutes": 20},
    }
    entry = await crm_client.send("/interactions", **said)
    assert {word: entry[word] for word in said} == said | {"interactionDate": "2026-01-02T12:30:00Z"}
    assert (entry["userId"], entry["actor"]) == (crm_client.id_of("ann"), "ann@example.com")
    assert entry == await crm_client.get(f"/interactions/{entry['id']}")
    after = await crm_client.get(f"/leads/{lead['id']}")
    assert "Showing 1 time: +6" in after["scoreReasons"]
    assert after["lastActivityAt"] == "2026-01-02T12:10:00Z"  # what is still to come counts as of now


REFUSED: list[tuple[Json, list[str]]] = [
    ({"type": "Status Change"}, ["type"]),
    ({"type": "Merged"}, ["type"]),
    ({"type": "Note Added", "interactionDate": "soon"}, ["interactionDate"]),
    ({"type": "Note Added", "propertyId": "01a20cc2-c827-7ea6-9dab-49ecc5a105db"}, ["propertyId"]),
    ({"type": "Note Added", "userId": "01a20cc2-c827-7ea6-9dab-49ecc5a105db"}, ["userId"]),
]


async def test_what_cannot_be_is_refused_by_name(crm_client: CrmClient) -> None:
    for said, fields in REFUSED:
        lead = await crm_client.add_lead()
        assert await crm_client.expect_error("POST", "/interactions", leadId=lead["id"], **said) == (
            400,
            "VALIDATION_ERROR",
            fields,
        )


async def test_others_logs_are_not_there(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead()
    entry = await crm_client.send("/interactions", leadId=lead["id"], type="Note Added", content="secret")
    said: Json = {"leadId": lead["id"], "type": "Note Added"}
    assert (await crm_client.expect_error("POST", "/interactions", "abe", **said))[:2] == (404, "LEAD_NOT_FOUND")
    assert (await crm_client.expect_error("GET", f"/interactions/{entry['id']}", "abe"))[:2] == (
        404,
        "INTERACTION_NOT_FOUND",
    )
    assert (await crm_client.expect_error("DELETE", f"/interactions/{entry['id']}", "abe"))[0] == 404
    assert (await crm_client.expect_error("GET", f"/interactions/leads/{lead['id']}/timeline", "abe"))[0] == 404
    counts = {
        who: (await crm_client.get("/interactions", who))["pagination"]["total"]
        for who in ("admin", "auditor", "manager", "lead", "ann", "assistant", "abe", "sue", "boss")
    }
    assert counts == dict.fromkeys(("admin", "auditor", "manager", "lead", "ann", "assistant"), 2) | dict.fromkeys(
        ("abe", "sue", "boss"), 0
    )


async def test_deleting_marks_and_only_by_author_or_admin(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead()
    said: Json = {"leadId": lead["id"], "type": "Note Added"}
    mine, other = [await crm_client.send("/interactions", **said) for _ in range(2)]
    path = f"/interactions/{mine['id']}"
    assert (await crm_client.expect_error("DELETE", path, "manager"))[:2] == (403, "FORBIDDEN")
    assert (await crm_client.expect_error("DELETE", path, "assistant"))[:2] == (403, "FORBIDDEN")
    assert (await crm_client.request("DELETE", path)).status_code == 204
    assert (await crm_client.expect_error("DELETE", path))[:2] == (404, "INTERACTION_NOT_FOUND")
    assert (await crm_client.request("DELETE", f"/interactions/{other['id']}", "admin")).status_code == 204
    (assigned,) = (await crm_client.get("/interactions"))["interactions"]
    assert (await crm_client.expect_error("DELETE", f"/interactions/{assigned['id']}", "admin"))[:2] == (
        409,
        "CONFLICT",
    )
    kept = await crm_client.api.rows("SELECT deleted_by, deleted_at FROM interactions WHERE id = %(id)s", id=mine["id"])
    assert (kept[0]["deleted_by"], kept[0]["deleted_at"]) == ("ann@example.com", crm_client.api.clock.now())


async def test_filters_pages_and_numbers(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead()
    for day, kind in enumerate(["Call Logged", "Note Added", "Note Added", "SMS Sent"], start=1):
        await crm_client.send(
            "/interactions", leadId=lead["id"], type=kind, content=str(day), interactionDate=f"2025-06-0{day}T00:00:00Z"
        )

    async def contents(query: str) -> list[str]:
        return [one["content"] for one in (await crm_client.get(f"/interactions?{query}"))["interactions"]]

    assert await contents("") == [None, "4", "3", "2", "1"]
    assert await contents("type=Note%20Added&type=SMS%20Sent&sortOrder=asc") == ["2", "3", "4"]
    assert await contents("startDate=2025-06-02T00:00:00Z&endDate=2025-06-04T00:00:00Z") == ["3", "2"]
    assert await contents("leadId=01a20cc2-c827-7ea6-9dab-49ecc5a105db") == []
    stats = await crm_client.get("/interactions/stats?startDate=2025-06-02T00:00:00Z&endDate=2025-07-01T00:00:00Z")
    assert stats == {
        "total": 3,
        "byType": {"Note Added": 2, "SMS Sent": 1},
        "byUser": {crm_client.id_of("ann"): 3},
    }
    timeline = f"/interactions/leads/{lead['id']}/timeline"
    first = await crm_client.get(f"{timeline}?limit=3")
    rest = await crm_client.get(f"{timeline}?limit=3&cursor={first['pagination']['nextCursor']}")
    second = await crm_client.get(f"{timeline}?limit=3&page=2")
    assert rest["interactions"] == second["interactions"]
    assert [one["content"] for one in first["interactions"] + rest["interactions"]] == [None, "4", "3", "2", "1"]
    assert (await crm_client.get(timeline))["pagination"]["limit"] == 50
    assert (await crm_client.expect_error("PUT", f"/interactions/{first['interactions'][0]['id']}"))[:2] == (
        405,
        "METHOD_NOT_ALLOWED",
    )
