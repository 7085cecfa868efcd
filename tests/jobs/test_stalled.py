"""Jobs that the queue holds for running though nobody does them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from platbook.db import Database, Query
from platbook.jobs import JobQueue
from platbook.jobs.stalled import StalledJobRecovery
from tests.jobs.rig import WORK, RecordingHandler, until, working

LOSE_ENDS = Query(
    "lose_ends",
    "No job can be marked as done, as when the connection breaks at that moment.",
    """
    CREATE FUNCTION queue.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'lost'; END $$;
    CREATE TRIGGER lose BEFORE UPDATE ON queue.procrastinate_jobs FOR EACH ROW WHEN (NEW.status = 'succeeded')
        EXECUTE FUNCTION queue.lose();
    """,
)
STOP_HEARTBEATS = Query(
    "stop_heartbeats",
    "No heartbeat is taken.",
    """
    CREATE FUNCTION queue.silence() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'silent'; END $$;
    CREATE TRIGGER silence BEFORE UPDATE ON queue.procrastinate_workers FOR EACH ROW EXECUTE FUNCTION queue.silence();
    """,
)
TAKE_HEARTBEATS = Query("take_heartbeats", "All is well.", "DROP TRIGGER silence ON queue.procrastinate_workers")
IS_SILENT = Query(
    "is_silent",
    "Whether the only worker was silent for longer than its interval.",
    "SELECT last_heartbeat < now() - interval '1.2 seconds' FROM queue.procrastinate_workers",
)
KEEP_ENDS = Query("keep_ends", "All is well again.", "DROP TRIGGER lose ON queue.procrastinate_jobs")


async def take(queue: JobQueue) -> None:
    """Begin the next job as a worker does that gives no sign of life ever after."""
    manager = queue.app.job_manager
    assert await manager.fetch_job(queues=None, worker_id=await manager.register_worker()) is not None


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("asked", [False, True])
async def test_the_job_of_a_dead_worker_is_given_on_once(database_url: str, *, waits: bool, asked: bool) -> None:
    async with JobQueue.open(database_url) as queue:
        await queue.put(WORK, key="a", name="stalled")
        await take(queue)
        if asked:
            assert await queue.cancel(WORK, key="a", name="") == 1
        if waits:
            assert await queue.put(WORK, key="a", name="waiting")
        recovery = StalledJobRecovery(queue, 0)
        assert await recovery.recover(None) == ["a"]
        assert await queue.counts() == {"waiting": 1, "running": 0}
        assert await recovery.recover(None) == []

        handler = RecordingHandler()
        handler.gate.set()
        async with working(queue, handler):
            await until(lambda: handler.ended == ["waiting" if waits else "stalled"])


async def test_many_sweeps_at_once_give_a_job_on_once(database_url: str) -> None:
    async with JobQueue.open(database_url, size=8) as queue:
        for key in "abcd":
            await queue.put(WORK, key=key, name=key)
            await take(queue)
        sweeps = await asyncio.gather(*(StalledJobRecovery(queue, 0).recover(None) for _ in range(6)))
        assert sorted(key for keys in sweeps for key in keys) == ["a", "b", "c", "d"]
        assert await queue.counts() == {"waiting": 4, "running": 0}


async def test_the_job_of_a_living_worker_stays(database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        await queue.put(WORK, key="a", name="alive")
        await take(queue)
        assert await StalledJobRecovery(queue, 30).recover(None) == []
        assert await queue.counts() == {"waiting": 0, "running": 1}


async def test_a_job_whose_end_could_not_be_marked_does_not_lock_its_key(database: Database, database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        handler = RecordingHandler()
        handler.gate.set()
        async with database.transaction() as connection:
            await connection.run(LOSE_ENDS)
        async with working(queue, handler):
            await queue.put(WORK, key="a", name="first")
            await until(lambda: handler.ended == ["first"])
            await queue.put(WORK, key="a", name="second")
            await until(lambda: handler.ended == ["first", "second"])
            async with database.transaction() as connection:
                await connection.run(KEEP_ENDS)
            await queue.put(WORK, key="a", name="third")
            await until(lambda: "third" in handler.ended)


async def test_a_long_job_is_not_taken_from_its_worker(database_url: str) -> None:
    async with JobQueue.open(database_url) as queue:
        handler = RecordingHandler(seconds=3.5)  # longer than a worker may be silent, and than it takes to look twice
        handler.gate.set()
        async with working(queue, handler):
            await queue.put(WORK, key="a", name="long")
            await until(lambda: handler.ended == ["long"])
        assert handler.began == ["long"]


async def test_heartbeats_are_sent_again_after_one_that_failed(database: Database, database_url: str) -> None:
    async def is_silent() -> bool | None:
        async with database.read() as connection:
            return await connection.value(bool, IS_SILENT)

    async with JobQueue.open(database_url) as queue, working(queue, RecordingHandler()):
        await until_answer(is_silent, expected=False)
        async with database.transaction() as connection:
            await connection.run(STOP_HEARTBEATS)
        await until_answer(is_silent, expected=True)
        async with database.transaction() as connection:
            await connection.run(TAKE_HEARTBEATS)
        await until_answer(is_silent, expected=False)


async def until_answer(ask: Callable[[], Awaitable[bool | None]], *, expected: bool) -> None:
    async with asyncio.timeout(30):
        while await ask() is not expected:
            await asyncio.sleep(0.1)


async def test_what_is_being_done_here_stays_though_no_heartbeat_was_sent(database_url: str) -> None:
    """As after a database was away for longer than a worker may be silent."""
    async with JobQueue.open(database_url) as queue:
        handler = RecordingHandler()
        async with working(queue, handler):
            await queue.put(WORK, key="a", name="once")
            await until(lambda: handler.began == ["once"])
            assert await StalledJobRecovery(queue, 0).recover(None) == []
            handler.gate.set()
            await until(lambda: handler.ended == ["once"])
        assert handler.began == ["once"]
