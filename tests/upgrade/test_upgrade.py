"""A database left behind by older code is read by the code of today: nothing starts again, nothing is lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from platbook.api import create_api
from platbook.bootstrap.http_server import to_services
from platbook.bootstrap.worker import run_jobs
from platbook.listings.rebuild import rebuild_documents
from platbook.mapping.mapping import REVISION
from platbook.market import Market
from tests.upgrade.conftest import Upgraded
from tests.upgrade.stored import (
    ACCESS_TOKEN,
    API_KEY,
    LEAD_ID,
    REFRESH_TOKEN,
    RETRIED_ERROR,
    REVISION_THEN,
    SOURCE_AT,
    SOURCE_STARTED,
    TASK_ID,
)

Json = dict[str, Any]

CANDIDATES = ["1000000000", "1000000035"]
NEVER_UNDERSTOOD = ["1000000017", "1000000115"]
LEAD = {
    "firstName": "Lea",
    "lastName": "Leadbetter",
    "email": "lea@example.com",
    "phoneNumber": "+15125550101",
    "status": "New",
    "priority": "Medium",
    "notes": "Wants a porch.",
    "office": "North",
    "team": "A",
    "score": 26,
    "scoreReasons": [
        "stage New: +10",
        "e-mail and telephone known: +4",
        "Call Logged 1 time: +2",
        "active in the last week: +10",
    ],
}
ACTS = {
    "user added": 2,
    "logged in": 2,
    "key made": 1,
    "provider added": 9,
    "provider changed": 1,
    "provider disabled": 1,
    "interval changed": 1,
    "sync started": 13,
    "error retried": 1,
}
RUNS = {
    ("full", "running"): 4,
    ("full", "success"): 4,
    ("full", "partial"): 1,
    ("full", "waiting"): 1,
    ("incremental", "running"): 2,
    ("incremental", "waiting"): 1,
    ("sweep", "partial"): 1,
}
STATES = {
    "mock": "running",
    "mock-later": "running",
    "rets-key": "running",
    "rets-later": "running",
    "rets-offset": "running",
    "rets-rejected": "waiting",
    "rets-swept": "needs_operator",
    "rets-synced": "waiting",
    "rets-time": "running",
}
EVERY_CLASS = ("Residential", "Commercial", "Land")


async def _finish(upgraded: Upgraded, provider_id: str, classes: Sequence[str]) -> dict[str, object]:
    """Do the run that waits or was cut, and hold what it ends with against the source."""
    run = await upgraded.run(provider_id)
    assert (run["status"], run["error"]) == ("success", None)
    assert await upgraded.replica(provider_id) == upgraded.stated(classes)
    return run


async def test_a_full_walk_by_offset_goes_on_behind_its_last_page(upgraded: Upgraded) -> None:
    await _finish(upgraded, "rets-offset", EVERY_CLASS)
    searches = upgraded.searches()
    assert (searches[0]["Class"], searches[0]["Offset"]) == ("Land", "5"), "the next row is the sixth; one overlaps"
    assert "Commercial" not in {said["Class"] for said in searches}, "the first class was through"


async def test_a_full_walk_by_lists_of_keys_goes_on_behind_its_last_key(upgraded: Upgraded) -> None:
    run = await _finish(upgraded, "rets-key", ["Residential"])
    asked = [key for said in upgraded.searches() for key in _keys_of(said["Query"])]
    assert len(asked) == 30
    assert min(asked) > "1000000041"
    assert run["fetched"] == 38, "eight of them before the upgrade"


def _keys_of(query: str) -> list[str]:
    field, _, keys = query.strip("()").partition("=")
    assert field == "ListingKey"
    return keys.split(",")


async def test_a_full_walk_by_slices_of_time_goes_on_before_its_last_slice(upgraded: Upgraded) -> None:
    run = await _finish(upgraded, "rets-time", ["Residential"])
    ends = [said["Query"].strip("()")[-len("2026-03-15T04:52:51") :] for said in upgraded.searches()]
    assert ends[0] == max(ends) == "2026-03-15T04:52:51"
    assert run["fetched"] == 38, "eight of them before the upgrade"


async def test_an_incremental_walk_goes_on_from_its_checkpoint_and_start(upgraded: Upgraded) -> None:
    run = await _finish(upgraded, "rets-later", ["Commercial"])
    assert run["sync_type"] == "incremental"
    first = upgraded.searches()[0]
    assert (first["Query"], first["Offset"]) == ("(ModificationTimestamp=2026-01-23T06:10:03Z+)", "2")


@pytest.mark.parametrize(
    ("provider_id", "seed", "listings", "fetched"),
    [("mock", 5, 12, 12), ("mock-later", 3, 6, 3)],  # a walk in order of time may go on from its moving watermark
)
async def test_a_walk_of_the_mock_connector_goes_on(
    upgraded: Upgraded, provider_id: str, seed: int, listings: int, fetched: int
) -> None:
    run = await upgraded.run(provider_id)
    assert (run["status"], run["error"], run["fetched"]) == ("success", None, fetched)
    source = Market(seed, listings, SOURCE_STARTED).listings(SOURCE_AT)
    assert await upgraded.replica(provider_id) == {listing.key: listing.record for listing in source}


async def test_the_next_incremental_run_starts_from_the_stored_watermark(upgraded: Upgraded) -> None:
    run = await _finish(upgraded, "rets-synced", EVERY_CLASS)
    assert (run["sync_type"], run["fetched"]) == ("incremental", 37)
    queries = {said["Query"] for said in upgraded.searches() if said["Query"].startswith("(Modif")}
    assert queries == {"(ModificationTimestamp=2026-02-28T15:42:39Z+)"}, "the watermark, ten minutes back as set"


async def test_under_new_rules_of_reading_values_everything_is_read_and_written_anew(
    upgraded: Upgraded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platbook.mapping.mapping.REVISION", REVISION)
    assert REVISION > REVISION_THEN
    run = await _finish(upgraded, "rets-synced", EVERY_CLASS)
    assert (run["fetched"], run["unchanged"], run["errored"]) == (60, 0, 0)


async def test_what_has_not_changed_is_not_written_again(upgraded: Upgraded) -> None:
    await upgraded.run("rets-synced")
    async with _client(upgraded) as client:
        reply = await client.post("/admin/mls/sync", json={"providerId": "rets-synced", "syncType": "full"})
    assert reply.status_code == 202, reply.text
    run = await upgraded.run("rets-synced")
    assert (run["fetched"], run["unchanged"], run["updated"], run["added"]) == (60, 60, 0, 0)


async def test_listings_are_found_before_and_after_they_are_indexed_again(upgraded: Upgraded) -> None:
    """4000 Aspen Way, Laurel Gap, NC 28806; MLS number 25-100002."""

    async def find(query: str) -> list[str]:
        page = await _get(client, f"/properties?providerId=rets-synced&{query}")
        return [str(listing["listingKey"]) for listing in page["properties"]]

    known = ["search=4000 aspen", "search=Aspen Way 28806", "city=LAUREL gap&search=aspen", "mlsNumber=25 100002"]
    async with _client(upgraded) as client:
        for query in known:
            assert await find(query) == ["1000000002"], query
        (offered,) = (await _get(client, "/properties/suggest?q=4000 asp"))["suggestions"]
        assert offered["text"] == "4000 Aspen Way, Laurel Gap, NC 28806"
        assert await find("search=25100002") == []

        database, clock = upgraded.system.database, upgraded.system.clock
        assert await rebuild_documents(database, clock, "rets-synced") == 60

        for query in [*known, "search=25100002"]:
            assert await find(query) == ["1000000002"], query
        assert (await _get(client, "/properties/suggest?q=4000 asp"))["suggestions"] == [offered]
    assert await rebuild_documents(database, clock, "rets-synced") == 0


async def test_waiting_jobs_are_done_under_their_stored_names(upgraded: Upgraded) -> None:
    stopping = asyncio.Event()
    jobs = "SELECT task_name, status::text AS status FROM queue.procrastinate_jobs WHERE id <= 11"
    waiting = {str(row["task_name"]) for row in await upgraded.rows(jobs)}
    assert waiting == {"sync", "rebuild", "reprocess", "clear media"}
    async with asyncio.TaskGroup() as group, asyncio.timeout(60):
        group.create_task(run_jobs(upgraded.system, stopping, schedule=False))
        while set((await upgraded.system.queue.counts()).values()) != {0}:
            await asyncio.sleep(0.1)
        stopping.set()
    assert {str(row["status"]) for row in await upgraded.rows(jobs)} == {"succeeded"}
    assert len(await upgraded.rows(jobs)) == 11
    runs = "SELECT provider_id, status FROM mls_sync_history WHERE status NOT IN ('success', 'partial')"
    assert await upgraded.rows(runs) == []
    documents = "SELECT 1 FROM properties WHERE provider_id = 'rets-offset' AND document_version = 'trimmed'"
    assert await upgraded.rows(documents) == [], "the rebuild's argument names the provider"


async def test_a_refused_sweep_can_be_accepted_and_removes_its_candidates(upgraded: Upgraded) -> None:
    before = await upgraded.replica("rets-swept")
    async with _client(upgraded) as client:
        (sweep,) = (await _get(client, "/admin/mls/sweeps"))["sweeps"]
        assert (sweep["providerId"], sweep["candidates"]) == ("rets-swept", 2)
        reply = await client.post(f"/admin/mls/sweeps/{sweep['id']}/accept")
        assert reply.status_code == 202, reply.text
    run = await upgraded.run("rets-swept")
    assert (run["status"], run["deleted"], run["fetched"]) == ("success", 2, 0)
    after = await upgraded.replica("rets-swept")
    assert sorted(str(key) for key in before.keys() - after.keys()) == CANDIDATES


async def test_a_rejection_marked_for_retry_is_retried_and_an_open_one_stays(upgraded: Upgraded) -> None:
    run = await upgraded.run("rets-rejected")
    assert (run["status"], run["errored"]) == ("partial", 2)
    errors = {str(row["id"]): row for row in await upgraded.rows("SELECT id, retry, listing_key FROM mls_sync_errors")}
    assert errors.pop(RETRIED_ERROR)["retry"] == "success"
    assert sorted(str(row["listing_key"]) for row in errors.values()) == NEVER_UNDERSTOOD
    assert {row["retry"] for row in errors.values()} == {"pending"}
    stated = upgraded.stated(["Commercial"])
    assert await upgraded.replica("rets-rejected") == {
        key: record for key, record in stated.items() if key not in NEVER_UNDERSTOOD
    }


async def test_photo_work_that_waited_is_done(upgraded: Upgraded) -> None:
    batches = upgraded.system.photo_worker()
    assert "mock" in await batches.find_due()
    assert await batches.run_next("mock") == 4
    states = "SELECT state, count(*) AS n FROM property_media WHERE provider_id = 'mock' GROUP BY 1"
    assert await upgraded.rows(states) == [{"state": "stored", "n": 4}]


async def test_people_programs_and_their_records_are_known_as_before(upgraded: Upgraded) -> None:
    async with _client(upgraded) as client:
        lead = await _get(client, f"/leads/{LEAD_ID}")
        assert {**lead, **LEAD} == lead
        assert (await _get(client, f"/tasks/{TASK_ID}"))["title"] == "Call Lea back"
        timeline = (await _get(client, f"/interactions/leads/{LEAD_ID}/timeline"))["interactions"]
        assert [entry["type"] for entry in timeline] == ["Call Logged", "Assigned"]
        assert (await _get(client, "/leads/stats"))["bySource"] == {"website": 1, "none": 1}
        reply = await client.post("/auth/refresh", json={"refreshToken": REFRESH_TOKEN})
        assert reply.status_code == 200, reply.text
    async with _client(upgraded, API_KEY) as client:
        assert await _get(client, f"/leads/{LEAD_ID}") == lead
        assert (await client.get("/audit")).status_code == 403, "its scopes are those it was made with"
    async with _client(upgraded, reply.json()["data"]["accessToken"]) as client:
        assert (await _get(client, "/auth/me"))["email"] == "bob@example.com"
    reply = await _log_in(upgraded)
    assert reply.status_code == 200, reply.text


async def test_what_happened_can_be_read(upgraded: Upgraded) -> None:
    async with _client(upgraded) as client:
        entries = (await _get(client, "/audit?limit=100"))["entries"]
        assert Counter(entry["act"] for entry in entries) == ACTS
        runs = (await _get(client, "/admin/mls/history?limit=100"))["runs"]
        assert Counter((run["syncType"], run["status"]) for run in runs) == RUNS
        states = {one["providerId"]: one["state"] for one in (await _get(client, "/admin/mls/status"))["providers"]}
        assert states == STATES
        errors = (await _get(client, "/admin/mls/errors/rets-rejected"))["errors"]
        assert Counter(error["retry"] for error in errors) == {"pending": 2, "retrying": 1}
        assert (await _get(client, "/admin/mls/statistics"))["totals"]["partial"] == 1
        configured = await _get(client, "/admin/mls/providers/rets-synced")
        assert configured["fieldMapping"] == {"ListPrice": "price", "ListingId": "listingId"}
        listing = await _get(client, "/properties/by-key?providerId=rets-synced&listingKey=1000000000")
        assert listing["address"]["city"] == "Harrow Lake"


async def _log_in(upgraded: Upgraded) -> httpx2.Response:
    async with _client(upgraded) as client:
        login = {"email": "bob@example.com", "password": "correct horse battery"}
        return await client.post("/auth/login", json=login)


@asynccontextmanager
async def _client(upgraded: Upgraded, token: str = ACCESS_TOKEN) -> AsyncGenerator[httpx2.AsyncClient]:
    """The API, called with a token or key."""
    asgi = httpx2.ASGITransport(create_api(to_services(upgraded.system)))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(transport=asgi, base_url="http://platbook.test/api/v1", headers=headers) as client:
        yield client


async def _get(client: httpx2.AsyncClient, path: str) -> Json:
    reply = await client.get(path)
    assert reply.status_code == 200, f"{path}: {reply.text}"
    return reply.json()["data"]
