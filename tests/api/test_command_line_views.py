"""The command line's JSON and the API's answers: one view of each report, over one database and one clock."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from contextlib import redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.cli.main import create_program
from platbook.db import Query
from platbook.sync.engine import SyncEngine
from platbook.sync.runs.lifecycle import claim_run, request_run
from platbook.sync.runs.run import RunRequest, SyncType
from tests.api.conftest import Api

API = "/api/v1"
MLS = f"{API}/admin/mls"
PROVIDER: dict[str, object] = {
    "providerId": "board",
    "providerName": "The Board",
    "providerType": "MOCK",
    "settings": {"listings": 5, "faults": [{"kind": "bad_record"}]},
    "credentials": {"username": "me", "password": "hunter2"},
}
STATES = ("idle", "waiting", "running", "needs_operator", "blocked")

RunCommand = Callable[..., Awaitable[Any]]


@pytest.fixture
def command(api: Api, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunCommand:
    """Run a command in this process on the API's database, by its clock: its output."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("PLATBOOK_SECRET_KEY", "ab" * 32)
    monkeypatch.setenv("PLATBOOK_HOME", str(tmp_path))
    monkeypatch.setattr("platbook.bootstrap.database.SystemClock", lambda: api.clock)
    monkeypatch.setattr("platbook.cli.process.configure_log", _keep_log)

    def run(args: tuple[str, ...]) -> str:
        with redirect_stdout(io.StringIO()) as output:
            create_program().main(args=list(args), standalone_mode=False)
        return output.getvalue()

    return lambda *args: asyncio.to_thread(run, args)


async def test_every_reading_command_prints_the_answer_of_the_api(api: Api, command: RunCommand) -> None:
    await _fill(api)
    for args, path in (
        ("status", f"{MLS}/status"),
        ("status board", f"{MLS}/status/board"),
        ("history", f"{MLS}/history"),
        ("history board", f"{MLS}/history/board"),
        ("history board --status partial --limit 1", f"{MLS}/history/board?status=partial&limit=1"),
        ("errors board", f"{MLS}/errors/board"),
        ("errors board --type data_validation", f"{MLS}/errors/board?type=data_validation"),
        ("findings board", f"{MLS}/findings/board"),
        ("findings board --open --kind unreadable_value", f"{MLS}/findings/board?open=true&kind=unreadable_value"),
        ("findings board --closed", f"{MLS}/findings/board?open=false"),
        ("sweeps", f"{MLS}/sweeps?status=refused"),
        ("sweeps board", f"{MLS}/sweeps?status=refused&providerId=board"),
        ("statistics", f"{MLS}/statistics?days=7"),
        ("provider list", f"{MLS}/providers"),
        ("provider list --archived", f"{MLS}/providers?archived=true"),
        ("provider show board", f"{MLS}/providers/board"),
        ("media status board", f"{MLS}/media/board"),
        ("media status local", f"{MLS}/media/local"),
        ("audit --kind provider --limit 3", f"{API}/audit?subjectKind=provider&limit=3"),
    ):
        printed = orjson.loads(await command(*args.split(), "--json"))
        answer = await api.call("GET", path)
        assert answer.status_code == 200, answer.text
        assert printed == answer.json()["data"], args
        assert all(printed.values()) or args.startswith(
            ("status board", "statistics", "provider show", "media status")
        ), args


async def test_lists_over_all_providers_hold_the_items_that_the_api_answers_one_by_one(
    api: Api, command: RunCommand
) -> None:
    await _fill(api)
    errors = orjson.loads(await command("errors", "--json"))["errors"]
    assert errors == (await _get(api, f"{MLS}/errors/board"))["errors"]
    raw = orjson.loads(await command("errors", "--raw", errors[0]["id"], "--json"))
    assert raw == await _get(api, f"{MLS}/errors/{errors[0]['id']}/raw")
    photos = orjson.loads(await command("media", "status", "--json"))
    assert [one["providerId"] for one in photos["providers"]] == ["board", "local"]
    for counts in photos["providers"]:
        one = await _get(api, f"{MLS}/media/{counts['providerId']}")
        assert counts == {name: value for name, value in one.items() if name not in {"failures", "copiesLiveSeconds"}}


@pytest.mark.parametrize("surface", ["public", "internal"])
async def test_a_listing_is_explained_alike(api: Api, command: RunCommand, surface: str) -> None:
    await _fill(api)
    (row,) = await api.rows("SELECT id::text, listing_key FROM properties ORDER BY listing_key LIMIT 1")
    explained = await _get(api, f"{API}/properties/{row['id']}/explain?surface={surface}")

    for words in ([row["id"]], ["board", row["listing_key"]]):
        printed = await command("listing", "explain", *words, "--surface", surface, "--json")
        assert orjson.loads(printed) == explained
    lines = (await command("listing", "explain", row["id"], "--surface", surface)).splitlines()
    viewers = {"public": "the public", "internal": "staff"}[surface]
    assert lines[0].startswith(f"{'Shown' if explained['shown'] else 'Not shown'} to {viewers}: ")
    assert sum(int(line.split()[0]) for line in lines if line.partition("\t")[0].endswith(("field", "fields"))) == sum(
        one["subject"].startswith("field:") for one in explained["decisions"]
    )


async def test_users_and_keys_are_printed_with_the_fields_of_the_api(api: Api, command: RunCommand) -> None:
    body = {"name": "k", "scopes": ["listings:read"]}
    assert (await api.call("POST", f"{API}/auth/keys", json=body)).status_code == 201
    for args, path, name in (
        (["user", "list"], f"{API}/users", "users"),
        (["key", "list", "admin@example.com"], f"{API}/auth/keys", "keys"),
    ):
        (answered,) = (await _get(api, path))[name]
        (printed,) = orjson.loads(await command(*args, "--json"))[name]
        assert {field: printed[field] for field in answered} == answered
    users = orjson.loads(await command("user", "list", "--json"))
    assert users["pagination"] == {"page": 1, "limit": 10_000, "total": 1, "totalPages": 1}


@pytest.mark.parametrize("state", STATES)
async def test_a_provider_has_one_status_in_every_state(api: Api, command: RunCommand, state: str) -> None:
    for enabled in (True, False):
        for archived in (True, False):
            provider_id = f"{state}-{enabled}-{archived}".lower()
            await _add_in_state(api, provider_id, state, enabled=enabled, archived=archived)
            status = await _get(api, f"{MLS}/status/{provider_id}")
            assert orjson.loads(await command("status", provider_id, "--json")) == status
            assert (status["enabled"], status["archivedAt"] is not None) == (enabled, archived)
            assert status["state"] == ("needs_operator" if state == "blocked" else state)
            is_scheduled = enabled and not archived and state != "blocked"
            assert status["nextRunAt"] == ("2026-01-02T15:00:00Z" if is_scheduled else None)


async def test_the_tables_say_why_no_run_is_scheduled(api: Api, command: RunCommand) -> None:
    for state, enabled in (("blocked", True), ("idle", True), ("idle", False)):
        await _add_in_state(api, f"{state}-{enabled}".lower(), state, enabled=enabled, archived=False)
    titles, *rows = [line.split("\t") for line in (await command("status")).splitlines()]
    assert [(row[0], row[titles.index("next run")]) for row in rows] == [
        ("blocked-true", "blocked"),
        ("idle-false", "disabled"),
        ("idle-true", "in 3 h"),
    ]
    facts = dict(line.split("\t") for line in (await command("status", "blocked-true")).splitlines())
    assert facts["needs operator"] == "the source refused the login"
    assert facts["next run"] == "blocked until an operator acts; then: platbook provider enable blocked-true"


async def test_an_overdue_copy_is_told_over_http_and_by_command(api: Api, command: RunCommand) -> None:
    for provider_id, allowed in (("late", 1), ("patient", 12), ("usual", None)):
        body = {**PROVIDER, "providerId": provider_id, "allowedAgeHours": allowed}
        assert (await api.call("POST", f"{MLS}/providers", json=body)).status_code == 201
    ages = "INSERT INTO mls_copy_ages VALUES (%(id)s, 'Property', 'sweep', %(at)s, %(at)s)"
    async with api.services.database.transaction() as connection:
        for provider_id in ("late", "patient"):
            at = api.clock.now() - timedelta(hours=3)
            await connection.run(Query("age", "Read a while ago.", ages), {"id": provider_id, "at": at})
    told = {one["providerId"]: one["freshness"] for one in (await _get(api, f"{MLS}/status"))["providers"]}
    assert {name: (one["lagSeconds"], one["allowedAgeHours"], one["isOverdue"]) for name, one in told.items()} == {
        "late": (10_800, 1, True),
        "patient": (10_800, 12, False),
        "usual": (None, 6, False),
    }
    assert [one["removalsBy"] for one in told.values()] == ["sweep", "sweep", None]
    titles, *rows = [line.split("\t") for line in (await command("status")).splitlines()]
    assert [row[titles.index("state")] for row in rows] == ["idle (overdue)", "idle", "idle"]
    facts = dict(line.split("\t") for line in (await command("status", "late")).splitlines())
    assert facts["age of changes"] == "at most 3 h, allowed are 1 h; overdue"
    assert facts["age of removals"] == "at most 3 h, found by sweeps"


def _keep_log(_level: str, _style: str) -> None:
    """Leave the log of the tests as it is."""


async def _get(api: Api, path: str) -> dict[str, Any]:
    answer = await api.call("GET", path)
    assert answer.status_code == 200, answer.text
    return cast("dict[str, Any]", answer.json()["data"])


async def _fill(api: Api) -> None:
    """Two providers, one archived; a full run with a rejected record, a run that waits, a refused sweep, a photo."""
    assert (await api.call("POST", f"{MLS}/providers", json=PROVIDER)).status_code == 201
    assert (await api.call("POST", f"{MLS}/providers", json={**PROVIDER, "providerId": "gone"})).status_code == 201
    assert (await api.call("DELETE", f"{MLS}/providers/gone")).status_code == 204
    services = api.services
    engine = SyncEngine(services.database, services.transport, services.box, services.clock)
    for sync_type in (SyncType.FULL, SyncType.INCREMENTAL):
        async with services.database.transaction() as connection:
            await request_run(connection, RunRequest("board", sync_type), COMMAND_LINE, api.clock.now())
        if sync_type is SyncType.FULL:
            await engine.run_next("board")
    await api.run_sql(
        "INSERT INTO mls_sweeps (id, provider_id, sync_id, resource, status, reason, began_at, active, candidates) "
        "SELECT gen_random_uuid(), provider_id, sync_id, 'Property', 'refused', 'too many', queued_at, 10, 5 "
        "FROM mls_sync_history WHERE parent_id IS NULL LIMIT 1"
    )
    await api.run_sql(
        "INSERT INTO findings "
        "VALUES ('board', 'Property', 'unreadable_value', 'YearBuilt', 'not a year', 2, '1890s', now(), now(), NULL), "
        "('board', 'Property', 'suspicious_value', 'ListPrice', 'below zero', 0, NULL, now(), now(), now())"
    )
    await api.run_sql("INSERT INTO mls_sweep_candidates (sweep_id, listing_key) SELECT id, 'K1' FROM mls_sweeps")
    await api.run_sql(
        "UPDATE property_media SET state = 'failed', attempts = 6, reason = 'the source answered 500' "
        "WHERE id = (SELECT id FROM property_media LIMIT 1)"
    )
    api.clock.advance(api.clock.now().resolution * 1_500_000)


async def _add_in_state(api: Api, provider_id: str, state: str, *, enabled: bool, archived: bool) -> None:
    await api.run_sql(
        "INSERT INTO mls_provider_configurations (provider_id, provider_name, provider_type, interval_hours, enabled, "
        "archived_at, created_at, updated_at) "
        "VALUES (%(id)s, 'One', 'MOCK', 4, %(enabled)s, CASE WHEN %(archived)s THEN now() END, now(), now())",
        id=provider_id,
        enabled=enabled,
        archived=archived,
    )
    if state in {"waiting", "running"}:
        async with api.services.database.transaction() as connection:
            request = RunRequest(provider_id, SyncType.FULL)
            await request_run(connection, request, COMMAND_LINE, api.clock.now())
            if state == "running":
                await claim_run(connection, provider_id, api.clock.now())
    await api.run_sql(
        "INSERT INTO mls_sync_status (provider_id, next_run_at, blocked, needs_operator) "
        "VALUES (%(id)s, '2026-01-02 15:00+00', %(blocked)s, %(reason)s) ON CONFLICT (provider_id) DO UPDATE "
        "SET next_run_at = EXCLUDED.next_run_at, blocked = EXCLUDED.blocked, needs_operator = EXCLUDED.needs_operator",
        id=provider_id,
        blocked=state == "blocked",
        reason="the source refused the login" if state in {"needs_operator", "blocked"} else None,
    )
