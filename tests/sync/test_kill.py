"""Workers killed with -9 or frozen at any moment: nothing is lost, nothing is told twice, another takes over."""

import asyncio
import random
import signal

import pytest

from platbook.db import Database
from platbook.sync.runs.run import SyncType
from tests.sync.worker_board import Board, open_board

# Holds the provider's row in an open transaction until it is killed: between statements, or in the middle of a COPY.
HOLDER = """
import asyncio
import sys
import time
from datetime import UTC, datetime
from platbook.base.settings import Settings
from platbook.bootstrap.system import open_system
from platbook.sync.runs.lifecycle import claim_run

def rows():
    yield ("one", b"1")
    print("held", flush=True)
    time.sleep(3600)

async def main():
    async with open_system(Settings()) as system, system.database.transaction() as connection:
        assert await claim_run(connection, "mock", datetime.now(UTC))
        if sys.argv[1] == "copy":
            await connection.copy_in("platbook_facts", ["name", "value"], ["text", "bytea"], rows())
        print("held", flush=True)
        await asyncio.sleep(3600)

asyncio.run(main())
"""


async def _kill_at_random(board: Board, kills: int, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - the moments of a test
    for _ in range(kills):
        async with board.worker() as process:
            before, began = await board.count(), asyncio.get_running_loop().time()
            # Long enough for some to die before their first page, between pages, and in the middle of one.
            while await board.count() == before and asyncio.get_running_loop().time() - began < 20:
                await asyncio.sleep(0.05)
            await asyncio.sleep(dice.uniform(0, 1.5))
            process.kill()


async def test_a_sync_survives_three_kills_while_another_run_waits(database: Database, database_url: str) -> None:
    async with open_board(database, database_url, 20_000) as board:
        first = await board.ask()
        async with board.worker():
            while await board.count() == 0:
                await asyncio.sleep(0.05)
            await board.ask(SyncType.SWEEP)  # one under way, one that waits
        await _kill_at_random(board, 2, seed=1)
        async with board.worker(), board.worker():
            ended = await board.until_ended(2)
        assert [run["status"] for run in ended] == ["success", "success"], [run["error"] for run in ended]
        assert ended[0]["sync_id"] == first, "resumed under its own id"
        assert (ended[0]["added"], ended[1]["deleted"]) == (20_000, 0)
        assert ["interrupted and resumed" in str(run["remarks"]) for run in ended] == [True, False]
        await board.check_end()


@pytest.mark.parametrize("moment", ["idle", "copy"])
async def test_a_worker_takes_over_from_one_that_froze_while_it_held_the_provider(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.setenv("PLATBOOK_DB_IDLE_IN_TRANSACTION_SECONDS", "1")
    monkeypatch.setenv("PLATBOOK_DB_LOCK_SECONDS", "1")
    async with open_board(database, database_url, 500) as board:
        asked = await board.ask()
        async with board.worker(HOLDER, moment) as holder, asyncio.timeout(90):
            assert holder.stdout is not None
            assert await holder.stdout.readline() == b"held\n"
            holder.send_signal(signal.SIGSTOP)
            async with board.worker():
                (ended,) = await board.until_ended(1)
            assert holder.returncode is None, "it is frozen, not gone"
        assert (ended["sync_id"], ended["status"], ended["added"]) == (asked, "success", 500)
        await board.check_end()


@pytest.mark.soak
async def test_a_sync_survives_twenty_kills(database: Database, database_url: str) -> None:
    async with open_board(database, database_url, 20_000) as board:
        await board.ask()
        await _kill_at_random(board, 20, seed=2)
        async with board.worker():
            (ended,) = await board.until_ended(1)
        assert ended["status"] == "success", ended["error"]
        await board.check_end()
