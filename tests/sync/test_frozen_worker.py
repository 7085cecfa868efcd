"""A worker that stops answering in the middle of a page: another takes over, and the first is fenced out when it wakes.

It is frozen (SIGSTOP, a paused machine), or its connections to the database carry nothing more (a cut network).
"""

import asyncio
import signal

import pytest

from platbook.db import Database, Query
from platbook.sync.runs.run import SyncType
from tests.fakes.cuttable_proxy import cuttable
from tests.sync.worker_board import Board, open_board

SIZE = 1500
SHORT = {"PLATBOOK_DB_IDLE_IN_TRANSACTION_SECONDS": "1", "PLATBOOK_DB_LOCK_SECONDS": "1"}
DEFAULTS: dict[str, str] = {}
# A page takes a while to be written, so that a worker can be caught in the middle of one.
SLOW = """
CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END $$;
CREATE TRIGGER linger AFTER INSERT ON properties FOR EACH STATEMENT EXECUTE FUNCTION linger()
"""


async def slow_down(database: Database) -> None:
    async with database.transaction() as connection:
        for statement in SLOW.split(";\n"):
            await connection.run(Query("slow", "A test's hand.", statement))


async def until_in_mid_page(board: Board) -> None:
    """Wait until a worker is writing a page."""
    writing = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    while not await board.rows(writing):
        await asyncio.sleep(0.02)


async def check_that_the_first_works_again(board: Board) -> None:
    """It is alive, does what is asked for next, and has changed nothing of what the other did."""
    await board.ask(SyncType.SWEEP)
    ended = await board.until_ended(2)
    assert [run["status"] for run in ended] == ["success", "success"], [run["error"] for run in ended]
    await board.check_end()


async def take_over(board: Board, limits: dict[str, str]) -> object:
    """A second worker does the run to its end; the run's id."""
    async with board.worker(**limits), asyncio.timeout(90):
        (ended,) = await board.until_ended(1)
    assert (ended["status"], ended["added"]) == ("success", SIZE)
    assert "interrupted and resumed" in str(ended["remarks"])
    return ended["sync_id"]


@pytest.mark.parametrize("limits", [SHORT, pytest.param(DEFAULTS, marks=pytest.mark.soak)], ids=["short", "default"])
@pytest.mark.parametrize("way", ["frozen", "cut off"])
async def test_another_takes_over_and_the_first_is_fenced_out_when_it_wakes(
    database: Database, database_url: str, way: str, limits: dict[str, str]
) -> None:
    async with open_board(database, database_url, SIZE) as board, cuttable(database_url) as (proxy, through_proxy):
        await slow_down(database)
        asked = await board.ask()
        async with board.worker(**limits, DATABASE_URL=through_proxy) as first, asyncio.timeout(180):
            await until_in_mid_page(board)
            if way == "frozen":
                first.send_signal(signal.SIGSTOP)
            else:
                proxy.open.clear()
            assert await take_over(board, limits) == asked
            await board.check_end()
            assert first.returncode is None, "it is frozen, not gone"
            proxy.open.set()
            first.send_signal(signal.SIGCONT)
            await check_that_the_first_works_again(board)
