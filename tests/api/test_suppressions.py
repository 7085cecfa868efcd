"""The suppression list over the API: added, found, ended with a reason, exported; and it outlives its lead."""

import csv

import pytest

from platbook.crm.suppressions.suppression import KEY_PURPOSE, hash_address
from tests.api.conftest import Api
from tests.api.crm_client import CrmClient, Json, open_crm_client

MIRA: Json = {"channel": "email", "address": " Mira@Example.com ", "reason": "asked by letter"}


@pytest.fixture
async def crm_client(api: Api) -> CrmClient:
    return await open_crm_client(api)


async def test_an_admin_adds_and_ends_a_suppression_with_a_reason(crm_client: CrmClient) -> None:
    added = await crm_client.send("/suppressions", "admin", **MIRA | {"at": "2025-12-31T10:00:00Z"})
    assert (added["address"], added["stream"], added["at"]) == ("mira@example.com", None, "2025-12-31T10:00:00Z")
    assert (added["source"], added["createdBy"], added["endedAt"]) == ("admin", "admin@example.com", None)
    again = await crm_client.request("POST", "/suppressions", "admin", json=MIRA)
    assert (again.status_code, again.json()["data"]) == (200, added)
    one_stream = await crm_client.send("/suppressions", "admin", **MIRA | {"stream": "alerts"})
    assert one_stream["stream"] == "alerts"

    path = f"/suppressions/{added['id']}/end"
    assert await crm_client.expect_error("POST", path, "admin", reason="") == (400, "VALIDATION_ERROR", ["reason"])
    ended = await crm_client.send(path, "admin", reason="signed a new form")
    assert (ended["endedBy"], ended["endedReason"]) == ("admin@example.com", "signed a new form")
    assert (await crm_client.expect_error("POST", path, "admin", reason="again"))[0] == 409
    assert await crm_client.get(f"/suppressions/{added['id']}", "auditor") == ended
    nobody = "/suppressions/01a20cc2-c827-7ea6-9dab-49ecc5a105db"
    assert (await crm_client.expect_error("GET", nobody, "admin"))[:2] == (404, "SUPPRESSION_NOT_FOUND")

    acts = [one["act"] for one in (await crm_client.get("/audit?subjectKind=suppression", "auditor"))["entries"]]
    assert acts == ["suppression ended", "suppression added", "suppression added"]
    back = await crm_client.send("/suppressions", "admin", **MIRA)
    assert back["id"] not in {added["id"], one_stream["id"]}


async def test_invalid_suppressions_are_refused(crm_client: CrmClient) -> None:
    for change, field in (
        ({"channel": "mail"}, "channel"),
        ({"address": "nobody"}, "address"),
        ({"channel": "call"}, "address"),
        ({"stream": "All Mail"}, "stream"),
        ({"reason": " "}, "reason"),
    ):
        body = {**MIRA, **change}
        assert await crm_client.expect_error("POST", "/suppressions", "admin", **body) == (
            400,
            "VALIDATION_ERROR",
            [field],
        )


async def test_the_list_is_filtered_and_paged_and_exported(crm_client: CrmClient) -> None:
    for number in range(3):
        await crm_client.send("/suppressions", "admin", channel="email", address=f"a{number}@example.com", reason="x")
    call = await crm_client.send("/suppressions", "admin", channel="call", address="(512) 555-0143", reason="=1+1")
    await crm_client.send(f"/suppressions/{call['id']}/end", "admin", reason="a mistake")
    await crm_client.send("/suppressions", "admin", channel="sms", address="(512) 555-0143", reason="=1+1")

    first = await crm_client.get("/suppressions?limit=2&sortOrder=asc", "auditor")
    cursor = first["pagination"]["nextCursor"]
    rest = await crm_client.get(f"/suppressions?limit=5&sortOrder=asc&cursor={cursor}", "auditor")
    addresses = [one["address"] for one in [*first["suppressions"], *rest["suppressions"]]]
    assert addresses == ["a0@example.com", "a1@example.com", "a2@example.com", "+15125550143", "+15125550143"]
    for query, count in (
        ("channel=email", 3),
        ("channel=call&channel=sms", 2),
        ("ended=true", 1),
        ("ended=false", 4),
        ("address=512-555-0143", 2),
        ("stream=alerts", 0),
    ):
        page = await crm_client.get(f"/suppressions?{query}", "admin")
        assert (len(page["suppressions"]), page["pagination"]["total"]) == (count, count), query

    export = await crm_client.request("GET", "/suppressions/export", "auditor")
    assert export.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.reader(export.text.splitlines()))
    assert lines[0] == ["channel", "address", "addressHash", "stream", "reason", "source", "at"]
    assert [line[:2] for line in lines[1:]] == [
        ["email", "a0@example.com"],
        ["email", "a1@example.com"],
        ["email", "a2@example.com"],
        ["sms", "'+15125550143"],
    ]
    assert lines[-1][4] == "'=1+1"


async def test_an_address_stays_unsubscribed_when_its_lead_is_erased(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead(email="mira@example.com")
    await crm_client.send(
        f"/leads/{lead['id']}",
        method="PUT",
        consents=[{"channel": "email", "given": False, "source": "her phone call"}],
    )
    assert [one["source"] for one in (await crm_client.get(f"/leads/{lead['id']}/export"))["suppressions"]] == [
        "her phone call"
    ]
    await crm_client.send(f"/leads/{lead['id']}/erase", "admin")
    (left,) = (await crm_client.get("/suppressions?address=MIRA@example.com", "admin"))["suppressions"]
    key = crm_client.api.services.box.derive(KEY_PURPOSE)
    assert (left["address"], left["addressHash"]) == (None, hash_address(key, "mira@example.com").hex())
    rows = await crm_client.api.rows("SELECT s::text AS line FROM suppressions s")
    assert "mira" not in str(rows)
    assert "phone call" not in str(rows)
