"""Requests that create, sent again with their Idempotency-Key: carried out once, whoever fails in between."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
import uvicorn

from platbook.api import create_api
from platbook.api.idempotency import CREATING
from platbook.api.route_rights import BASE, PUBLIC, RIGHTS
from platbook.application.idempotency.answers import Answer, Claim, IdempotentAnswers
from platbook.application.idempotency.jobs import to_key_deletion_job
from platbook.base.errors import RequestUnderWay
from platbook.bootstrap.http_protocol import ClientLimits
from platbook.bootstrap.http_server import bind, create_server
from platbook.db import Database
from tests.api.conftest import Api

LEADS = "/api/v1/leads"
ANN = {"lastName": "Lane", "email": "ann@example.com"}
EXEMPT = {"POST /auth/totp", "POST /properties/{property_id}/media", "POST /leads/events/{event_id}/replay"}
DAY = timedelta(days=1, seconds=1)
DEAD = timedelta(seconds=61)
LISTING = {"listPrice": 1, "standardStatus": "Active", "propertyType": "Land"}


async def send(
    api: Api, key: str = "k-1", body: object = ANN, path: str = LEADS, who: str = "admin@example.com"
) -> httpx2.Response:
    return await api.call("POST", path, who=who, json=body, headers={"Idempotency-Key": key})


def code_of(answer: httpx2.Response) -> str:
    return answer.json()["error"]["code"]


async def count(api: Api, table: str = "leads") -> int:
    (row,) = await api.rows(f"SELECT count(*) AS n FROM {table}")  # noqa: S608 - a name of this file
    return int(str(row["n"]))


def answers_of(api: Api) -> IdempotentAnswers:
    return IdempotentAnswers(api.services.database, api.services.box, api.clock)


async def claim(api: Api, key: str = "k-1") -> Claim:
    """Claim a key for ANN as a server would that dies after it."""
    request = api.client.build_request("POST", LEADS, json=ANN)
    fingerprint = answers_of(api).fingerprint(b"POST", LEADS.encode(), b"", await request.aread())
    await api.token("admin@example.com")
    claimed = await answers_of(api).claim(api.users["admin@example.com"].id, key, fingerprint)
    assert isinstance(claimed, Claim)
    return claimed


EVENT = {"eventId": "e1", "type": "Inquiry", "person": {"emails": ["x@example.com"]}}
PERSON = {"email": "new@example.com", "password": "long enough words", "firstName": "N", "lastName": "U"}
CREATED = [
    ("/leads", ANN, "leads"),
    ("/leads/events", EVENT, "lead_events"),
    ("/leads/stages", {"name": "Ready", "kind": "open"}, "lead_stages"),
    ("/tasks", {"title": "Call", "dueDate": "2026-12-24"}, "tasks"),
    ("/properties", LISTING, "properties"),
    ("/auth/keys", {"name": "site", "scopes": ["listings:read"]}, "api_keys"),
    ("/users", PERSON, "users"),
    ("/users/invitations", {"email": "in@example.com", "role": "agent"}, "invitations"),
    ("/suppressions", {"channel": "email", "address": "s@example.com", "reason": "asked"}, "suppressions"),
]


async def test_a_request_sent_again_is_not_carried_out_again(api: Api) -> None:
    for path, body, table in CREATED:
        first = await send(api, path, body, BASE + path)
        before = await count(api, table)
        again = await send(api, path, body, BASE + path)
        assert first.status_code in {200, 201}, first.text
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
        for header in ("location", "etag", "content-type", "cache-control"):
            assert again.headers.get(header) == first.headers.get(header)
        assert await count(api, table) == before, path


async def test_secrets_of_a_stored_answer_are_encrypted(api: Api) -> None:
    body = {"name": "site", "scopes": ["listings:read"]}
    key = (await send(api, body=body, path="/api/v1/auth/keys")).json()["data"]["key"]
    (row,) = await api.rows("SELECT idempotency_keys::text AS text, answer FROM idempotency_keys")
    assert key not in str(row["text"])
    assert key.encode() not in bytes(row["answer"])  # pyright: ignore[reportArgumentType] - bytes of the database
    assert (await send(api, body=body, path="/api/v1/auth/keys")).json()["data"]["key"] == key


async def test_a_key_belongs_to_one_request_of_one_caller(api: Api) -> None:
    assert (await send(api)).status_code == 201
    for other in (send(api, body={**ANN, "lastName": "Lamb"}), send(api, path="/api/v1/leads?x=1")):
        answer = await other
        assert (answer.status_code, code_of(answer)) == (422, "IDEMPOTENCY_KEY_REUSED")
    theirs = await send(api, body={"lastName": "Bo"}, who="agent@example.com")
    assert (theirs.status_code, "idempotent-replayed" in theirs.headers) == (201, False)
    assert (await send(api, '"k-1"')).headers["idempotent-replayed"] == "true", "in quotes, as the draft has it"


async def test_what_was_decided_is_repeated_and_what_was_not_carried_out_may_be_corrected(api: Api) -> None:
    await send(api, "k-0")
    exists = await send(api)
    assert (exists.status_code, code_of(exists)) == (409, "LEAD_EXISTS")
    await api.run_sql("DELETE FROM leads")
    assert (await send(api)).headers["idempotent-replayed"] == "true"
    assert (await send(api, "k-2", {"lastName": 7})).status_code == 400
    assert (await send(api, "k-2")).status_code == 201


async def test_a_server_error_that_left_nothing_releases_the_key(api: Api) -> None:
    await api.run_sql("ALTER TABLE leads RENAME TO hidden")
    assert (await send(api)).status_code == 500
    await api.run_sql("ALTER TABLE hidden RENAME TO leads")
    again = await send(api)
    assert (again.status_code, "idempotent-replayed" in again.headers) == (201, False)


async def test_a_request_under_way_is_not_begun_again_until_it_is_dead_and_then_it_commits_no_more(api: Api) -> None:
    first = await claim(api)
    under_way = await send(api)
    assert (under_way.status_code, code_of(under_way)) == (409, "IDEMPOTENCY_KEY_IN_USE")
    assert int(under_way.headers["retry-after"]) > 0
    api.clock.advance(DEAD)
    assert (await send(api)).status_code == 201
    async with api.services.database.transaction() as connection:
        with pytest.raises(RequestUnderWay):
            await answers_of(api).mark_committed(connection, first)
    await answers_of(api).finish(first, Answer(200, [], b"late"))
    assert (await send(api)).json()["data"]["lastName"] == "Lane"


async def test_a_request_that_died_after_it_committed_is_never_carried_out_again(api: Api) -> None:
    dead = await claim(api)
    async with api.services.database.transaction() as connection:
        await answers_of(api).mark_committed(connection, dead)
    assert code_of(await send(api)) == "IDEMPOTENCY_KEY_IN_USE"
    api.clock.advance(DEAD)
    lost = await send(api)
    assert (lost.status_code, code_of(lost)) == (409, "IDEMPOTENCY_ANSWER_LOST")
    assert await count(api) == 0


async def test_a_request_that_committed_and_failed_after_that_is_told_as_lost(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("platbook.api.crm.leads.to_lead", fail)
    assert (await send(api)).status_code == 500
    monkeypatch.undo()
    assert code_of(await send(api)) == "IDEMPOTENCY_ANSWER_LOST"
    assert await count(api) == 1


async def test_a_key_is_kept_for_a_day_and_deleted_after_it(api: Api) -> None:
    await send(api, body={"lastName": "Lane"})
    api.clock.advance(DAY)
    api.log_in_anew("admin@example.com")
    again = await send(api, body={"lastName": "Lane"})
    assert (again.status_code, "idempotent-replayed" in again.headers) == (201, False)
    api.clock.advance(DAY)
    await to_key_deletion_job(api.services.database, api.clock).handler({})
    assert await api.rows("SELECT 1 FROM idempotency_keys") == []


async def test_a_malformed_key_is_refused_by_name(api: Api) -> None:
    for key in ("", '""', "x" * 256, "naïve", "tab\tin", '"quote"d"', '"open'):
        headers = {"Idempotency-Key": key.encode("latin-1")}
        answer = await api.call("POST", LEADS, json=ANN, headers=headers)  # pyright: ignore[reportArgumentType] - bytes, too
        assert answer.status_code == 400, key
        assert [one["field"] for one in answer.json()["error"]["details"]] == ["Idempotency-Key"]
    assert await count(api) == 0


async def test_an_answer_is_for_whoever_may_still_ask_for_it_and_counts_as_a_request(api: Api) -> None:
    await send(api, who="agent@example.com")
    await api.run_sql("UPDATE users SET role = 'auditor' WHERE email = 'agent@example.com'")
    assert (await send(api, who="agent@example.com")).status_code == 403
    await api.run_sql("UPDATE users SET role = 'agent' WHERE email = 'agent@example.com'")
    body = {"name": "slow", "scopes": ["crm:write"], "ratePerMinute": 2}
    made = await api.call("POST", "/api/v1/auth/keys", json=body)
    headers = {"Authorization": f"Bearer {made.json()['data']['key']}", "Idempotency-Key": "k"}
    statuses = [
        (await api.call("POST", LEADS, who=None, json={"lastName": "Z"}, headers=headers)).status_code for _ in "123"
    ]
    assert statuses == [201, 201, 429]


def stop(server: uvicorn.Server) -> None:
    server.should_exit = True


@asynccontextmanager
async def two_servers(api: Api, url: str) -> AsyncGenerator[list[str]]:
    """Two servers with pools of their own on one database; their URLs."""
    async with AsyncExitStack() as stack:
        urls: list[str] = []
        for _ in range(2):
            database = await stack.enter_async_context(Database.open(url, size=3))
            server = create_server(create_api(replace(api.services, database=database)), ClientLimits())
            bound = bind("127.0.0.1", 0)
            task = asyncio.create_task(server.serve(sockets=[bound]))
            stack.push_async_callback(asyncio.wait, {task})
            stack.callback(stop, server)
            urls.append(f"http://127.0.0.1:{bound.getsockname()[1]}")
        yield urls


async def test_of_many_at_once_at_two_servers_one_is_carried_out(api: Api, database_url: str) -> None:
    headers = {"Authorization": f"Bearer {await api.token('admin@example.com')}", "Idempotency-Key": "k"}
    async with two_servers(api, database_url) as urls, httpx2.AsyncClient(timeout=30) as client:
        sent = [
            client.post(urls[number % 2] + LEADS, json={"lastName": "Lane"}, headers=headers) for number in range(30)
        ]
        answers = await asyncio.gather(*sent)
        done = [one for one in answers if one.status_code == 201]
        assert {code_of(one) for one in answers if one.status_code != 201} <= {"IDEMPOTENCY_KEY_IN_USE"}
        assert [one.headers.get("idempotent-replayed") for one in done].count(None) == 1
        assert len({one.content for one in done}) == 1
        assert (await client.post(urls[1] + LEADS, json={"lastName": "Lane"}, headers=headers)).content == done[
            0
        ].content
    assert await count(api) == 1


async def test_the_description_names_the_header_on_just_these_routes(api: Api) -> None:
    paths = (await api.call("GET", "/api/v1/openapi.json", who=None)).json()["paths"]
    for route in RIGHTS:
        method, path = route.split(" ")
        operation = paths[f"{BASE}{path}"][method.lower()]
        named = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"]
        assert ("Idempotency-Key" in named, "422" in operation["responses"]) == (route in CREATING,) * 2, route
        if method == "POST" and "201" in operation["responses"] and RIGHTS[route] is not PUBLIC:
            assert route in CREATING | EXEMPT, route
