"""Leads over the API: what is kept, who sees it, and what happens with it."""

import pytest

from tests.api.conftest import Api, minutes
from tests.api.crm_client import CrmClient, Json, open_crm_client


@pytest.fixture
async def crm_client(api: Api) -> CrmClient:
    return await open_crm_client(api)


WHOLE: Json = {
    "firstName": " Mira  Jo ",
    "lastName": "Lane",
    "email": "Mira.Lane@Example.com",
    "phoneNumber": "(512) 555-0243",
    "emails": ["second@example.com"],
    "source": "Website",
    "status": "Contacted",
    "priority": "High",
    "budgetMin": 300000,
    "budgetMax": 450000.5,
    "notes": "met at the fair",
    "tags": ["buyer", " buyer ", "pool"],
    "customFields": {"pets": 2},
    "consents": [{"channel": "email", "given": True, "at": "2026-01-01T10:00:00+02:00", "source": "form"}],
    "aiSummary": "Wants a pool.",
}


async def test_a_lead_comes_back_as_it_was_said(crm_client: CrmClient) -> None:
    made = await crm_client.send("/leads", **WHOLE)
    read = await crm_client.get(f"/leads/{made['id']}")
    assert read == {**made, "possibleDuplicates": []}
    kept = {word: made[word] for word in WHOLE} | {"phones": made["phones"]}
    assert kept == WHOLE | {
        "firstName": "Mira Jo",
        "email": "mira.lane@example.com",
        "phoneNumber": "+15125550243",
        "emails": ["mira.lane@example.com", "second@example.com"],
        "phones": ["+15125550243"],
        "tags": ["buyer", "pool"],
        "consents": [{"channel": "email", "given": True, "at": "2026-01-01T08:00:00Z", "source": "form"}],
    }
    assert (made["assignedTo"], made["office"], made["team"]) == (crm_client.id_of("ann"), "North", "Elm")
    assert made["createdAt"] == "2026-01-02T12:00:00Z"
    assert made["score"] == 32
    assert made["scoreReasons"] == ["stage Contacted: +20", "budget known: +8", "e-mail and telephone known: +4"]
    assert made["contactHidden"] is False


REFUSED: list[tuple[Json, list[str]]] = [
    ({}, ["lastName"]),
    ({"firstName": " "}, ["lastName"]),
    ({"email": "no address"}, ["email"]),
    ({"phones": ["+15125550243", "12"]}, ["phones.1"]),
    ({"lastName": "x", "budgetMin": 2, "budgetMax": 1}, ["budgetMin"]),
    ({"lastName": "x", "budgetMin": -1}, ["budgetMin"]),
    ({"lastName": "x", "status": "Hot"}, ["status"]),
    ({"lastName": "x", "colour": "red"}, ["colour"]),
    ({"lastName": "x", "last_name": "y"}, ["last_name"]),
    ({"lastName": "x", "assignedTo": "01a20cc2-c827-7ea6-9dab-49ecc5a105db"}, ["assignedTo"]),
    ({"lastName": "x", "consents": [{"channel": "smoke", "given": True}]}, ["consents.0.channel"]),
]


async def test_what_cannot_be_is_refused_by_name(crm_client: CrmClient) -> None:
    for said, fields in REFUSED:
        assert await crm_client.expect_error("POST", "/leads", **said) == (400, "VALIDATION_ERROR", fields)


async def test_a_change_leaves_the_rest_and_writes_the_log(crm_client: CrmClient) -> None:
    lead = await crm_client.send("/leads", **WHOLE)
    crm_client.api.clock.advance(minutes(5))
    changed = await crm_client.send(
        f"/leads/{lead['id']}",
        method="PUT",
        status="Showing",
        email=None,
        customFields={"pets": None, "cars": 1},
        consents=[{"channel": "email", "given": True}, {"channel": "email", "given": False, "source": "call"}],
    )
    assert (changed["status"], changed["firstName"], changed["emails"]) == (
        "Showing",
        "Mira Jo",
        ["second@example.com"],
    )
    assert changed["customFields"] == {"cars": 1}
    assert [(one["given"], one["source"]) for one in changed["consents"]] == [(True, "form"), (False, "call")]
    assert (changed["updatedAt"], changed["createdAt"]) == ("2026-01-02T12:05:00Z", "2026-01-02T12:00:00Z")
    log = (await crm_client.get(f"/interactions/leads/{lead['id']}/timeline"))["interactions"]
    assert [one["type"] for one in log] == ["Status Change", "Assigned"]
    assert log[0]["metadata"] == {"from": "Contacted", "to": "Showing"}
    assert await crm_client.outbox() == ["lead created", "lead assigned", "lead changed", "lead stage changed"]


async def test_a_contact_is_one_persons(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead(email="one@example.com", phoneNumber="512 555 0243")
    assert (await crm_client.expect_error("POST", "/leads", lastName="x", email="ONE@example.com"))[:2] == (
        409,
        "LEAD_EXISTS",
    )
    other = await crm_client.add_lead()
    answer = await crm_client.request("PUT", f"/leads/{other['id']}", json={"phoneNumber": "+1 512-555-0243"})
    assert (answer.status_code, answer.json()["error"]["details"]) == (409, {"leadId": lead["id"]})
    hidden = await crm_client.request("POST", "/leads", "sue", json={"email": "one@example.com"})
    assert (hidden.status_code, hidden.json()["error"]["details"]) == (409, {})
    await crm_client.request("DELETE", f"/leads/{lead['id']}")
    assert (await crm_client.add_lead(email="one@example.com"))["id"] != lead["id"]


async def test_check_duplicate_says_who_only_to_those_who_see_them(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead(email="one@example.com", phoneNumber="512 555 0243")
    nothing: dict[str, object] = {"leads": [], "possibleDuplicates": []}
    for query in ("email=ONE%40example.com", "phone=(512)%20555-0243"):
        found = await crm_client.get(f"/leads/check-duplicate?{query}")
        assert (found["isDuplicate"], [one["id"] for one in found["leads"]]) == (True, [lead["id"]])
        assert await crm_client.get(f"/leads/check-duplicate?{query}", "sue") == {"isDuplicate": True, **nothing}
    unknown = await crm_client.get("/leads/check-duplicate?email=no%40example.com")
    assert unknown == {"isDuplicate": False, **nothing}
    assert await crm_client.expect_error("GET", "/leads/check-duplicate") == (400, "VALIDATION_ERROR", ["email"])


@pytest.mark.parametrize(
    "query", ["email=x%40example.com&phone=%2B15125550243", "phone=512-555-0243&name=Bob%20Second"]
)
async def test_check_duplicate_says_who_is_like_a_person(crm_client: CrmClient, query: str) -> None:
    lead = await crm_client.add_lead(firstName="Ann", email="one@example.com", phoneNumber="512 555 0243")
    found = await crm_client.get(f"/leads/check-duplicate?{query}")
    assert (found["isDuplicate"], found["leads"]) == (False, [])
    (like,) = found["possibleDuplicates"]
    assert (like["lead"]["id"], like["evidence"]["phones"]) == (lead["id"], ["+15125550243"])
    nothing: dict[str, object] = {"isDuplicate": False, "leads": [], "possibleDuplicates": []}
    assert await crm_client.get(f"/leads/check-duplicate?{query}", "sue") == nothing
    assert await crm_client.get("/leads/check-duplicate?phone=000-000-0000") == nothing


async def test_two_people_may_have_one_number(crm_client: CrmClient) -> None:
    ann = await crm_client.add_lead(firstName="Ann", email="a@example.com", phoneNumber="512 555 0243")
    bob = await crm_client.add_lead(firstName="Bob", email="b@example.com", phoneNumber="512 555 0243")
    eve = await crm_client.add_lead(firstName="Eve", phoneNumber="512 555 0243")
    assert len({ann["id"], bob["id"], eve["id"]}) == 3
    same = {"firstName": "ann", "lastName": "", "phoneNumber": "512 555 0243"}
    answer = await crm_client.request("POST", "/leads", json=same)
    assert (answer.status_code, answer.json()["error"]["details"]) == (409, {"leadId": ann["id"]})
    for _ in range(2):
        await crm_client.add_lead(**same | {"phoneNumber": "000-000-0000"})


async def test_who_sees_whose_leads(crm_client: CrmClient) -> None:
    anns = await crm_client.add_lead("ann", email="ann.s@example.com")
    sues = await crm_client.add_lead("sue", email="sue.s@example.com")
    ids = {anns["id"]: "ann", sues["id"]: "sue"}
    seen = {
        who: sorted(ids[one["id"]] for one in (await crm_client.get("/leads", who))["leads"])
        for who in ("admin", "auditor", "manager", "lead", "ann", "abe", "sue", "boss", "assistant")
    }
    assert seen == {
        "admin": ["ann", "sue"],
        "auditor": ["ann", "sue"],
        "manager": ["ann"],
        "lead": ["ann"],
        "ann": ["ann"],
        "abe": [],
        "sue": ["sue"],
        "boss": ["sue"],
        "assistant": ["ann"],
    }
    path = f"/leads/{anns['id']}"
    assert (await crm_client.expect_error("GET", path, "abe"))[:2] == (404, "LEAD_NOT_FOUND")
    assert (await crm_client.expect_error("PUT", path, "abe", notes="x"))[:2] == (404, "LEAD_NOT_FOUND")
    assert (await crm_client.expect_error("PUT", path, "auditor", notes="x"))[:2] == (403, "FORBIDDEN")
    assert (await crm_client.expect_error("DELETE", path, "assistant"))[:2] == (403, "FORBIDDEN")
    assert (await crm_client.send(path, "assistant", method="PUT", notes="x"))["notes"] == "x"
    assert (await crm_client.get("/leads/stats", "boss"))["total"] == 1


async def test_an_unassigned_lead_shows_no_contact_until_it_is_claimed(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead(
        "manager", firstName="Mira", email="secret@example.com", phoneNumber="512 555 0243", notes="call her mother"
    )
    assert (lead["assignedTo"], lead["office"]) == (None, "North")
    path = f"/leads/{lead['id']}"
    (listed,) = (await crm_client.get("/leads?search=mira"))["leads"]
    for masked in (listed, await crm_client.get(path)):
        assert masked["firstName"] == "Mira"
        assert masked["contactHidden"] is True
        assert [masked[word] for word in ("email", "phoneNumber", "emails", "phones", "notes")] == [
            None,
            None,
            [],
            [],
            None,
        ]
    for search in ("secret", "555"):
        assert (await crm_client.get(f"/leads?search={search}"))["leads"] == []
        assert len((await crm_client.get(f"/leads?search={search}", "manager"))["leads"]) == 1
    assert (await crm_client.expect_error("PUT", path, notes="x"))[:2] == (403, "FORBIDDEN")
    assert (await crm_client.expect_error("GET", f"/interactions/leads/{lead['id']}/timeline"))[:2] == (
        403,
        "FORBIDDEN",
    )
    assert (await crm_client.expect_error("POST", "/interactions", leadId=lead["id"], type="Note Added"))[:2] == (
        403,
        "FORBIDDEN",
    )
    assert (await crm_client.expect_error("GET", path, "sue"))[:2] == (404, "LEAD_NOT_FOUND")
    assert (await crm_client.expect_error("POST", f"{path}/claim", "sue"))[:2] == (404, "LEAD_NOT_FOUND")
    claimed = await crm_client.send(f"{path}/claim", "assistant")
    assert (claimed["assignedTo"], claimed["email"]) == (crm_client.id_of("ann"), "secret@example.com")
    assert (await crm_client.expect_error("POST", f"{path}/claim", "manager"))[:2] == (409, "CONFLICT")
    assert (await crm_client.expect_error("POST", f"{path}/claim", "abe"))[:2] == (404, "LEAD_NOT_FOUND")


async def test_managers_assign_within_their_office_and_tasks_go_along(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead()
    task = await crm_client.send("/tasks", title="Call", leadId=lead["id"])
    path = f"/leads/{lead['id']}/assign"
    abe, sue = crm_client.id_of("abe"), crm_client.id_of("sue")
    assert (await crm_client.expect_error("POST", path, "manager", userId=sue))[:2] == (403, "FORBIDDEN")
    assert (await crm_client.expect_error("POST", path, "ann", userId=abe))[:2] == (403, "FORBIDDEN")
    assert (await crm_client.expect_error("PUT", path.removesuffix("/assign"), "ann", assignedTo=abe))[0] == 403
    assert (await crm_client.expect_error("POST", path, "boss", userId=abe))[0] == 404
    given = await crm_client.send(path, "manager", userId=abe)
    assert (given["assignedTo"], given["team"]) == (abe, "Oak")
    assert (await crm_client.get(f"/tasks/{task['id']}", "abe"))["assignedTo"] == abe
    assert (await crm_client.expect_error("GET", f"/tasks/{task['id']}"))[:2] == (404, "TASK_NOT_FOUND")
    log = (await crm_client.get(f"/interactions/leads/{lead['id']}/timeline", "abe"))["interactions"]
    assert log[0]["metadata"] == {"from": crm_client.id_of("ann"), "to": abe}


@pytest.mark.parametrize(
    ("first", "last", "searches"),
    [
        ("Jürgen", "Müller", ["muller", "MÜLLER", "jurgen mu", "Müller"]),
        ("Sean", "O’Brien", ["obrien", "o'brien", "O’Brien"]),  # noqa: RUF001 - a typographic apostrophe
        ("Jose", "Nunez", ["José", "Núñez"]),
    ],
)
async def test_a_name_is_found_without_its_accents(
    crm_client: CrmClient, first: str, last: str, searches: list[str]
) -> None:
    await crm_client.add_lead(firstName=first, lastName=last)
    await crm_client.add_lead(firstName="Nobody", lastName="Else")

    for search in searches:
        (found,) = (await crm_client.get(f"/leads?search={search}"))["leads"]
        assert found["lastName"] == last


async def test_filters_search_and_order(crm_client: CrmClient) -> None:
    people: list[tuple[str, str, Json]] = [
        ("Mira", "Lane", {"email": "mira@example.com", "tags": ["pool", "buyer"], "budgetMax": 300000}),
        ("Jo", "Li", {"phoneNumber": "512 555 0243", "status": "Qualified", "budgetMin": 500000}),
        ("Mirabel", "Stone", {"source": "Open House", "priority": "Urgent", "tags": ["pool"]}),
    ]
    for place, (first, last, more) in enumerate(people):
        crm_client.api.clock.advance(minutes(place))
        await crm_client.add_lead(firstName=first, lastName=last, **more)

    async def names(query: str) -> list[str]:
        return [one["firstName"] for one in (await crm_client.get(f"/leads?{query}"))["leads"]]

    assert await names("") == ["Mirabel", "Jo", "Mira"]
    assert await names("sortBy=lastName") == ["Mira", "Jo", "Mirabel"]
    assert await names("sortBy=score&sortOrder=desc") == ["Jo", "Mira", "Mirabel"]
    assert await names("search=MIRA") == ["Mirabel", "Mira"]
    assert await names("search=MÏRA") == ["Mirabel", "Mira"]
    assert await names("search=li") == ["Jo"]
    assert await names("search=5550243") == ["Jo"]
    assert await names("search=mira%40example") == ["Mira"]
    assert await names("search=mira%25") == []
    assert await names("tag=pool&tag=buyer") == ["Mira"]
    assert await names("status=Qualified&status=Offer") == ["Jo"]
    assert await names("source=Open%20House") == ["Mirabel"]
    assert await names("priority=Urgent") == ["Mirabel"]
    assert await names("minBudget=400000") == ["Jo"]
    assert await names("maxBudget=400000") == ["Mira"]
    assert await names("minBudget=900000") == ["Jo"]  # a budget from 500,000 upwards has no end
    assert await names("maxBudget=1") == ["Mira"]
    assert await names("assignedTo=me&office=North&team=Elm") == ["Mirabel", "Jo", "Mira"]
    assert await names("assignedTo=none") == []
    stats = await crm_client.get("/leads/stats")
    assert stats["byStatus"] == {"New": 2, "Qualified": 1}
    assert stats["bySource"] == {"none": 2, "Open House": 1}
    assert stats["byOwner"] == {crm_client.id_of("ann"): 3}


REFUSED_QUERIES = [
    ("colour=red", ["colour"]),
    ("limit=101", ["limit"]),
    ("sortBy=notes", ["sortBy"]),
    ("status=Hot", ["status.0"]),
    ("cursor=x", ["cursor"]),
    ("page=6000", ["page"]),
    ("minBudget=-1", ["minBudget"]),
    ("minBudget=2&maxBudget=1", ["minBudget"]),
]


async def test_a_list_refuses_what_it_does_not_know(crm_client: CrmClient) -> None:
    for query, fields in REFUSED_QUERIES:
        assert await crm_client.expect_error("GET", f"/leads?{query}") == (400, "VALIDATION_ERROR", fields)


@pytest.mark.parametrize("order", ["", "sortBy=lastName", "sortBy=score&sortOrder=asc", "search=lane"])
async def test_pages_by_number_and_by_cursor_tell_everyone_once(crm_client: CrmClient, order: str) -> None:
    made = {(await crm_client.add_lead(firstName=f"n{number}"))["id"] for number in range(7)}
    numbered: list[str] = []
    for page in (1, 2, 3, 4):
        found = await crm_client.get(f"/leads?limit=3&page={page}&{order}")
        assert (found["pagination"]["total"], found["pagination"]["totalPages"]) == (7, 3)
        numbered += [one["id"] for one in found["leads"]]
    followed: list[str] = []
    query = f"limit=3&count=none&{order}"
    cursor = ""
    while True:
        found = await crm_client.get(f"/leads?{query}{cursor}")
        assert "total" not in found["pagination"]
        followed += [one["id"] for one in found["leads"]]
        if found["pagination"]["nextCursor"] is None:
            break
        cursor = f"&cursor={found['pagination']['nextCursor']}"
        await crm_client.add_lead(firstName="late", lastName="Aaa")  # comes in while the list is read
    assert set(numbered) == made
    assert [one for one in followed if one in made] == numbered


async def test_merging_loses_nothing(crm_client: CrmClient) -> None:
    gone = await crm_client.send("/leads", **WHOLE)
    stays = await crm_client.add_lead(firstName="M.", phoneNumber="737 555 0300", tags=["seller"], notes="other")
    await crm_client.send("/tasks", title="Call", leadId=gone["id"])
    await crm_client.send("/interactions", leadId=gone["id"], type="Note Added", content="likes trees")
    path = f"/leads/{gone['id']}"
    assert (await crm_client.expect_error("POST", f"{path}/merge", intoId=gone["id"]))[2] == ["intoId"]
    unknown = "01a20cc2-c827-7ea6-9dab-49ecc5a105db"
    assert (await crm_client.expect_error("POST", f"{path}/merge", intoId=unknown))[:2] == (404, "LEAD_NOT_FOUND")
    assert (await crm_client.expect_error("POST", f"{path}/merge", "assistant", intoId=stays["id"]))[0] == 403
    merged = await crm_client.send(f"{path}/merge", intoId=stays["id"])
    assert merged["id"] == stays["id"]
    assert (merged["firstName"], merged["phoneNumber"], merged["email"]) == (
        "M.",
        "+17375550300",
        "mira.lane@example.com",
    )
    assert merged["tags"] == ["seller", "buyer", "pool"]
    assert merged["notes"] == "other\n\nmet at the fair"
    assert (await crm_client.expect_error("GET", path))[:2] == (410, "GONE")
    assert (await crm_client.expect_error("GET", path, "sue"))[0] == 404
    log = (await crm_client.get(f"/interactions/leads/{stays['id']}/timeline"))["interactions"]
    assert [one["type"] for one in log] == ["Merged", "Note Added", "Assigned", "Assigned"]
    assert log[0]["metadata"]["merged"]["status"] == "Contacted"
    (task,) = (await crm_client.get(f"/tasks?leadId={stays['id']}"))["tasks"]
    assert task["title"] == "Call"
    found = await crm_client.get("/leads/check-duplicate?email=second%40example.com")
    assert [one["id"] for one in found["leads"]] == [stays["id"]]
    assert (await crm_client.get("/leads"))["pagination"]["total"] == 1


async def test_a_deleted_lead_takes_tasks_and_log_along(crm_client: CrmClient) -> None:
    lead = await crm_client.add_lead()
    await crm_client.send("/tasks", title="Call", leadId=lead["id"])
    entry = await crm_client.send("/interactions", leadId=lead["id"], type="Call Logged")
    assert (await crm_client.request("DELETE", f"/leads/{lead['id']}")).status_code == 204
    assert (await crm_client.expect_error("GET", f"/leads/{lead['id']}"))[:2] == (404, "LEAD_NOT_FOUND")
    for path, name in (("/leads", "leads"), ("/tasks", "tasks"), ("/interactions", "interactions")):
        assert (await crm_client.get(path))[name] == []
    assert (await crm_client.expect_error("GET", f"/interactions/{entry['id']}"))[:2] == (404, "INTERACTION_NOT_FOUND")
    kept = await crm_client.api.rows("SELECT deleted_by FROM interactions WHERE deleted_at IS NOT NULL")
    assert {row["deleted_by"] for row in kept} == {"ann@example.com"}
