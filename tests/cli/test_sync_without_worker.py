"""`platbook sync` where no worker is alive and a run waits already."""

import json
from datetime import UTC, datetime

import pytest

from platbook.base.actor import SCHEDULE
from platbook.db import Database, SecretBox
from platbook.providers.configuration import parse_configuration
from platbook.providers.providers import add_provider
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from tests.cli.program import Program

KEY = "44" * 32
MOCK = {
    "providerId": "board",
    "providerName": "A board",
    "providerType": "MOCK",
    "settings": {"listings": 30, "at": "2026-03-01T00:00:00Z"},
    "enabled": False,
}


@pytest.mark.parametrize(
    ("waiting", "kinds"), [(SyncType.FULL, ["full"]), (SyncType.INCREMENTAL, ["incremental", "full"])]
)
async def test_the_waiting_run_is_done_and_then_what_was_asked_for_if_it_is_another(
    program: Program, database: Database, database_url: str, waiting: SyncType, kinds: list[str]
) -> None:
    program.environment |= {"DATABASE_URL": database_url, "PLATBOOK_SECRET_KEY": KEY}
    now = datetime.now(UTC)
    async with database.transaction() as connection:
        await add_provider(connection, SecretBox.from_text(KEY), parse_configuration(MOCK), now)
        waiting_id = await request_run(connection, RunRequest("board", waiting), SCHEDULE, now)
    done = program.run("sync", "board", "--full", "--json")
    assert done.returncode == 0, done.stderr
    assert "A run waits already" in done.stderr
    assert json.loads(done.stdout)["syncType"] == "full"
    runs = json.loads(program.run("history", "board", "--json").stdout)["runs"]
    assert [(run["syncType"], run["status"]) for run in reversed(runs)] == [(kind, "success") for kind in kinds]
    assert runs[-1]["syncId"] == str(waiting_id)
