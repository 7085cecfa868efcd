"""Events over the API: each taken once, each person one lead, given to somebody by rule."""

import asyncio
from collections import Counter
from typing import Any, cast
from uuid import uuid4

import pytest

from platbook.crm.lifecycle.maintenance import expire_claims
from tests.api.conftest import Api, minutes
from tests.api.crm_client import CrmClient, Json, open_crm_client

HOUSE: Json = {
    "standardStatus": "Active",
    "propertyType": "Land",
    "listPrice": 750000,
    "address": {"city": "Waco", "state": "TX", "postalCode": "76701"},
}


@pytest.fixture
async def crm_client(api: Api) -> CrmClient:
    return await open_crm_client(api)


def event(name: str, kind: str = "Inquiry", **said: object) -> Json:
    person = {"firstName": "Mira", "emails": ["Mira@Example.com"], "phones": ["(512) 555-0243"]}
    return {"eventId": name, "type": kind, "source": "Website", "person": person} | said


@pytest.mark.parametrize("reference", [{"id": str(uuid4())}, {"providerId": "board", "listingKey": "none"}])
async def test_an_event_for_a_listing_that_nobody_has_says_so_each_time(crm_client: CrmClient, reference: Json) -> None:
    for _ in range(2):
        taken = await crm_client.send("/leads/events", **event("1", property=reference))
        assert taken["unknownListing"] is True
        assert taken["interaction"]["metadata"]["unknownListing"] is True
        assert taken["interaction"]["propertyId"] is None
    without = await crm_client.send("/leads/events", **event("2"))
    assert without["unknownListing"] is False
    assert "unknownListing" not in without["interaction"]["metadata"]


async def test_the_first_event_makes_a_lead_and_later_ones_find_it(crm_client: CrmClient) -> None:
    house = await crm_client.send("/properties", "admin", **HOUSE)
    first = await crm_client.request(
        "POST", "/leads/events", json=event("1", message="still there?", property={"id": house["id"]})
    )
    assert first.status_code == 201
    made: Json = first.json()["data"]
    lead = made["lead"]
    assert (lead["firstName"], lead["email"], lead["phoneNumber"]) == ("Mira", "mira@example.com", "+15125550243")
    assert (lead["source"], lead["assignedTo"]) == ("Website", crm_client.id_of("ann"))
    assert (made["interaction"]["type"], made["interaction"]["content"]) == ("Lead Event", "still there?")
    assert made["interaction"]["propertyId"] == house["id"]
    assert made["unknownListing"] is False
    assert made["interaction"]["metadata"]["event"] == "Inquiry"
    assert (made["task"]["type"], made["task"]["dueDate"]) == ("Call", "2026-01-02T13:00:00Z")
    assert made["task"]["assignedTo"] == crm_client.id_of("ann")

    person = {"lastName": "Lane", "emails": ["mira@example.com", "new@example.com"], "phones": ["512-555-0243"]}
    later = await crm_client.request(
        "POST", "/leads/events", json=event("2", "Viewed Property", source="Portal", person=person)
    )
    assert later.status_code == 200
    known: Json = later.json()["data"]
    assert known["lead"]["id"] == lead["id"]
    assert (known["lead"]["lastName"], known["lead"]["source"]) == ("Lane", "Website")
    assert known["lead"]["emails"] == ["mira@example.com", "new@example.com"]
    assert "task" not in known
    inquiry = await crm_client.send("/leads/events", **event("3"))
    assert inquiry["task"]["id"] != made["task"]["id"]
    assert (await crm_client.get(f"/leads/{lead['id']}"))["scoreReasons"][2:4] == [
        "Inquiry 2 times: +16",
        "Viewed Property 1 time: +1",
    ]


async def test_a_repeat_is_answered_as_the_first_time(crm_client: CrmClient) -> None:
    first = await crm_client.request("POST", "/leads/events", json=event("1"))
    again = await crm_client.request("POST", "/leads/events", json=event("1"))
    other = await crm_client.request("POST", "/leads/events", "admin", json=event("1"))
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 200)
    assert again.json() == first.json()
    assert other.json()["data"]["interaction"]["id"] != first.json()["data"]["interaction"]["id"]
    assert (await crm_client.api.rows("SELECT count(*) AS n FROM interactions WHERE type = 'Lead Event'"))[0]["n"] == 2


async def test_at_once_they_are_one_lead(crm_client: CrmClient) -> None:
    answers = await asyncio.gather(
        *(crm_client.request("POST", "/leads/events", "admin", json=event(f"{number % 20}")) for number in range(40)),
        *(crm_client.request("POST", "/leads", "admin", json={"email": "mira@example.com"}) for _ in range(5)),
    )
    statuses = Counter(one.status_code for one in answers)
    assert set(statuses) <= {200, 201, 409}, [one.text for one in answers if one.status_code >= 500]
    counted = await crm_client.api.rows(
        "SELECT (SELECT count(*) FROM leads) AS leads,"
        " (SELECT count(*) FROM interactions WHERE type = 'Lead Event') AS events"
    )
    assert counted == [{"leads": 1, "events": 20}]


async def test_what_the_sender_does_not_see_is_told_by_its_id(crm_client: CrmClient) -> None:
    anns = await crm_client.add_lead(email="mira@example.com")
    person = {"emails": ["mira@example.com", "sues.own@example.com"], "firstName": "X"}
    told = await crm_client.send("/leads/events", "sue", **event("1", person=person))
    assert told["lead"] == {"id": anns["id"]}
    assert set(told["interaction"]) == set(told["task"]) == {"id"}
    lead = await crm_client.get(f"/leads/{anns['id']}")
    assert (lead["emails"], lead["firstName"]) == (["mira@example.com"], "")
    log = (await crm_client.get(f"/interactions/leads/{anns['id']}/timeline"))["interactions"]
    assert log[0]["metadata"]["person"]["emails"] == person["emails"]
    assert (await crm_client.expect_error("POST", "/leads/events", "auditor", **event("2")))[:2] == (403, "FORBIDDEN")


_WITH_TIME = b'{"eventId": "e", "type": "Unsubscribed", "person": {"emails": ["a@example.com"]}, "occurredAt": "%s"}'
REFUSED: list[tuple[bytes, list[str]]] = [
    (b"not json", ["body"]),
    (b"[]", ["body"]),
    (b'{"eventId": "a", "type": "Nap", "person": {"emails": ["a@example.com"]}}', ["type"]),
    (b'{"eventId": "b", "type": "Inquiry", "person": {"emails": ["nobody"], "phones": ["1"]}}', ["person"]),
    (b'{"eventId": "c", "type": "Inquiry"}', ["person"]),
    (b'{"eventId": "d", "type": "Inquiry", "person": {"emails": ["a@example.com"]}, "x": 1}', ["x"]),
    (_WITH_TIME % b"0001-01-01T00:00:00+14:00", ["occurredAt"]),
]


async def test_what_cannot_be_understood_is_kept_and_replayed(crm_client: CrmClient) -> None:
    for raw, fields in REFUSED:
        for _ in range(2):  # sent again, it is kept once
            answer = await crm_client.api.client.post(
                "/api/v1/leads/events",
                content=raw,
                headers={"Authorization": f"Bearer {await crm_client.api.token('ann@example.com')}"},
            )
            assert answer.status_code == 400
            assert [one["field"] for one in answer.json()["error"]["details"]] == fields
    kept = await crm_client.get("/leads/events?limit=3", "admin")
    assert kept["pagination"]["total"] == len(REFUSED)
    assert [one["raw"] for one in kept["events"]] == [raw.decode() for raw, _ in REFUSED[:3]]
    nap = kept["events"][2]
    assert nap["eventId"] == "a"
    assert "type" in nap["reason"]
    path = f"/leads/events/{nap['id']}/replay"
    assert (await crm_client.expect_error("POST", path, "ann", **event("a")))[0] == 403
    assert (await crm_client.expect_error("POST", path, "admin"))[2] == ["eventId", "type", "person"]
    taken = await crm_client.send(path, "admin", **event("a"))
    assert taken["lead"]["assignedTo"] == crm_client.id_of("ann")  # as ann had sent it
    assert (await crm_client.expect_error("POST", path, "admin", **event("a")))[:2] == (409, "CONFLICT")
    mended = await crm_client.request("POST", "/leads/events", json=event("b"))  # or the sender mends it
    assert mended.status_code == 200
    assert (await crm_client.get("/leads/events", "admin"))["pagination"]["total"] == len(REFUSED) - 2


async def test_a_replayed_event_of_an_assistant_is_the_lead_of_their_agent(crm_client: CrmClient) -> None:
    assert (await crm_client.expect_error("POST", "/leads/events", "assistant", **event("1", "Nap")))[0] == 400
    (kept,) = (await crm_client.get("/leads/events", "admin"))["events"]
    replayed = await crm_client.send(f"/leads/events/{kept['id']}/replay", "admin", **event("1"))
    assert replayed["lead"]["assignedTo"] == crm_client.id_of("ann")


async def test_a_text_that_is_no_contact_is_kept_beside_one_that_is(crm_client: CrmClient) -> None:
    told = await crm_client.send(
        "/leads/events", **event("1", person={"emails": ["mira@example.com"], "phones": ["ask me"]})
    )
    assert told["lead"]["phones"] == []
    assert told["interaction"]["metadata"]["unread"] == ["ask me"]


async def test_unsubscribing_is_a_statement_of_consent(crm_client: CrmClient) -> None:
    agreed = {"channel": "email", "given": True, "at": "2026-01-01T09:00:00Z"}
    await crm_client.add_lead(email="mira@example.com", consents=[agreed])
    told = await crm_client.send("/leads/events", **event("1", "Unsubscribed", occurredAt="2026-01-02T11:00:00Z"))
    assert told["lead"]["consents"][-1] == {
        "channel": "email",
        "given": False,
        "at": "2026-01-02T11:00:00Z",
        "source": "Website",
    }
    assert "task" not in told


async def _owners(crm_client: CrmClient, count: int, **said: Any) -> list[object]:  # noqa: ANN401 - as `event` takes it
    owners: list[object] = []
    for _ in range(count):
        name = uuid4().hex
        person = {"emails": [f"{name}@example.com"]}
        told = await crm_client.send("/leads/events", "admin", **event(name, person=person, **said))
        owners.append(told["lead"]["assignedTo"])
    return owners


async def test_rules_give_leads_in_turn_by_weight_area_and_price(crm_client: CrmClient) -> None:
    ann, abe, sue = (crm_client.id_of(who) for who in ("ann", "abe", "sue"))
    house = await crm_client.send("/properties", "admin", **HOUSE)
    rules: dict[str, Json] = {
        "turns": {"method": "round_robin", "members": [{"userId": ann}, {"userId": abe}], "place": 9},
        "open house": {
            "method": "weighted",
            "members": [{"userId": ann, "weight": 3}, {"userId": sue, "weight": 1}],
            "sources": ["Open House"],
            "place": 5,
        },
        "waco": {"method": "direct", "members": [{"userId": sue}], "areas": ["WACO"], "minPrice": 700000, "place": 1},
    }
    made: dict[str, Json] = {}
    for name, rule in rules.items():
        made[name] = (await crm_client.request("POST", "/leads/rules", "admin", json=rule | {"name": name})).json()[
            "data"
        ]
    assert await _owners(crm_client, 4) == [ann, abe, ann, abe]
    assert Counter(await _owners(crm_client, 8, source="OPEN house")) == {ann: 6, sue: 2}
    named = {"providerId": "local", "listingKey": house["listingKey"]}
    assert await _owners(crm_client, 1, source="Portal", property=named) == [sue]
    await crm_client.api.run_sql("UPDATE users SET is_active = false WHERE id = %(id)s", id=abe)
    assert await _owners(crm_client, 2, source="A") == [ann, ann]
    path = f"/leads/rules/{made['turns']['id']}"
    answer = await crm_client.request("PUT", path, "admin", json=rules["turns"] | {"name": "off", "enabled": False})
    assert answer.json()["data"]["enabled"] is False
    assert await _owners(crm_client, 1, source="B") == [None]
    listed = (await crm_client.get("/leads/rules", "admin"))["rules"]
    assert [one["name"] for one in listed] == ["waco", "open house", "off"]
    for who, seen in (("auditor", ["waco", "open house", "off"]), ("manager", ["open house", "off"])):
        assert [one["name"] for one in (await crm_client.get("/leads/rules", who))["rules"]] == seen
    assert [one["name"] for one in (await crm_client.get("/leads/rules", "boss"))["rules"]] == ["waco", "open house"]
    assert (await crm_client.expect_error("GET", path, "boss"))[:2] == (404, "RULE_NOT_FOUND")
    assert (await crm_client.get(f"/leads/rules/{made['turns']['id']}", "manager"))["name"] == "off"
    assert (await crm_client.request("DELETE", path, "admin")).status_code == 204
    assert (await crm_client.expect_error("GET", path, "admin"))[:2] == (404, "RULE_NOT_FOUND")
    assert (await crm_client.request("POST", "/leads/rules", "manager", json=rules["waco"])).status_code == 403


REFUSED_RULES: list[tuple[Json, list[str]]] = [
    ({"method": "direct", "members": ["ann", "abe"]}, ["members"]),
    ({"method": "first_to_claim", "members": ["ann"]}, ["claimMinutes"]),
    ({"method": "direct", "members": ["ann"], "claimMinutes": 5}, ["claimMinutes"]),
    ({"method": "round_robin", "members": ["ann", "ann"]}, ["members"]),
    ({"method": "direct", "members": ["ann"], "minPrice": 2, "maxPrice": 1}, ["minPrice"]),
    ({"method": "luck", "members": ["ann"]}, ["method"]),
]


async def test_rules_that_cannot_be(crm_client: CrmClient) -> None:
    for rule, fields in REFUSED_RULES:
        members = [{"userId": crm_client.id_of(who)} for who in cast("list[str]", rule["members"])]
        said: Json = {**rule, "name": "x", "members": members}
        answer = await crm_client.request("POST", "/leads/rules", "admin", json=said)
        assert answer.status_code == 400, rule
        assert [one["field"] for one in answer.json()["error"]["details"]] == fields
    nobody: Json = {"name": "x", "method": "direct", "members": [{"userId": "01a20cc2-c827-7ea6-9dab-49ecc5a105db"}]}
    answer = await crm_client.request("POST", "/leads/rules", "admin", json=nobody)
    assert [one["field"] for one in answer.json()["error"]["details"]] == ["members"]


async def test_first_to_claim_has_a_time_and_then_its_fallback(crm_client: CrmClient, api: Api) -> None:
    ann, abe, sue = (crm_client.id_of(who) for who in ("ann", "abe", "sue"))
    rule: Json = {
        "name": "quick",
        "method": "first_to_claim",
        "members": [{"userId": ann}, {"userId": sue}],
        "claimMinutes": 10,
        "fallbackTo": abe,
    }
    await crm_client.request("POST", "/leads/rules", "admin", json=rule)
    ids: list[str] = []
    for number in (1, 2):
        person = {"firstName": "M", "emails": [f"m{number}@example.com"]}
        told = await crm_client.send("/leads/events", "admin", **event(str(number), person=person))
        assert (told["lead"]["assignedTo"], told["lead"]["claimUntil"]) == (None, "2026-01-02T12:10:00Z")
        ids.append(told["lead"]["id"])
    for who, seen in {"ann": 2, "sue": 2, "abe": 0}.items():
        leads = (await crm_client.get("/leads", who))["leads"]
        assert len(leads) == seen, who
        assert all(one["contactHidden"] and one["emails"] == [] for one in leads)
    answers = await asyncio.gather(
        *(crm_client.request("POST", f"/leads/{ids[0]}/claim", who) for who in ("ann", "sue"))
    )
    assert sorted(one.status_code for one in answers) == [200, 404]
    api.clock.advance(minutes(10))
    async with api.services.database.transaction() as connection:
        assert await expire_claims(connection, api.clock.now()) == 1
    lead = await crm_client.get(f"/leads/{ids[1]}", "abe")
    assert (lead["assignedTo"], lead["emails"], lead["claimUntil"]) == (abe, ["m2@example.com"], None)
    (task,) = (await crm_client.get(f"/tasks?leadId={ids[1]}", "abe"))["tasks"]
    assert task["assignedTo"] == abe
    log = (await crm_client.get(f"/interactions/leads/{ids[1]}/timeline", "abe"))["interactions"]
    assert (log[0]["type"], log[0]["actor"]) == ("Assigned", "first to claim")
