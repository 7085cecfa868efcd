"""The limits of every session: set on all connections, and errors at them count as a database that is away."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict

from platbook.db import Database, Query, SessionLimits
from platbook.db.errors import OperationalError, is_database_away, is_passing
from platbook.db.frozen_sessions import end_frozen_sessions
from platbook.db.migrations import Migration, find_migrations, migrate
from platbook.jobs import JobQueue

LIMITS = SessionLimits(idle_in_transaction=41, lock=42, keepalive_idle=43, keepalive_interval=44, keepalive_count=45)
SHOW = "SELECT current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('lock_timeout') AS lock"
LOOK = Query("look", "A test's look.", SHOW)
ONE = Query("one", "A test's look.", "SELECT 1")
PID = Query("pid", "A test's look.", "SELECT pg_backend_pid()")
LOCK = Query("lock", "A test's lock.", "SELECT pg_advisory_xact_lock(7)")
HINT = "idle_in_transaction_session_timeout"


async def is_alive(database: Database, pid: int | None) -> bool:
    async with database.read() as connection:
        found = Query("find", "A test's look.", "SELECT 1 FROM pg_stat_activity WHERE pid = %(pid)s")
        return await connection.value(int, found, {"pid": pid}) is not None


async def be_idle(database: Database) -> None:
    """Sit in a transaction until it is ended, and go on."""
    async with database.transaction() as connection:
        pid = await connection.value(int, PID)
        while await is_alive(database, pid):
            await asyncio.sleep(0.05)
        await connection.value(int, ONE)


async def test_every_pool_and_listener_has_the_limits(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Database.open(database_url, limits=LIMITS) as database, database.with_replica(database_url) as replica:
        for read in (database.read(), replica.read(), database.snapshot(), database.transaction()):
            async with read as connection:
                assert await connection.dicts(LOOK) == [{"idle": "41s", "lock": "42s"}]
        connected: list[str] = []
        connect = AsyncConnection.connect

        async def spy(conninfo: str, *, autocommit: bool) -> AsyncConnection:
            connected.append(conninfo)
            return await connect(conninfo, autocommit=autocommit)

        with monkeypatch.context() as patched:
            patched.setattr(AsyncConnection, "connect", spy)
            async with database.listen("anything"):
                used = conninfo_to_dict(connected[0])
        assert used["options"] == LIMITS.to_parameters(database_url)["options"]
        assert used["keepalives_idle"] == "43"
    async with JobQueue.open(database_url, limits=LIMITS) as queue:
        row = await queue.app.connector.execute_query_one_async(f"{SHOW}, current_setting('search_path') AS path")
        assert row == {"idle": "41s", "lock": "42s", "path": "queue"}


async def test_a_migration_waits_long_for_locks_and_holds_its_own_only_while_it_works(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("lock_timeout", "idle_session_timeout", HINT)
    columns = ", ".join(f"current_setting('{name}') AS {name}" for name in names)
    known = [*find_migrations(), Migration("9999_seen", f"CREATE TABLE seen AS SELECT {columns}")]
    monkeypatch.setattr("platbook.db.migrations.find_migrations", lambda: known)
    assert await migrate(database_url, limits=LIMITS) == ["9999_seen"]
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT * FROM seen").fetchone() == ("1h", "41s", "41s")


def test_both_ends_of_a_tcp_connection_are_probed_and_the_operators_own_parameters_stay() -> None:
    told = LIMITS.to_parameters("postgresql://h/d?keepalives_idle=99&options=-cwork_mem%3D8MB", timezone="UTC")
    options = str(told.pop("options"))
    assert told == {"keepalives": 1, "keepalives_interval": 44, "keepalives_count": 45, "tcp_user_timeout": 30_000}
    assert options.startswith("-cwork_mem=8MB -c ")
    for setting in ("tcp_keepalives_idle=43", "tcp_keepalives_interval=44", "tcp_keepalives_count=45", "timezone=UTC"):
        assert f"-c {setting}" in options
    assert "-c tcp_user_timeout=30000ms" in options


async def test_an_idle_transaction_is_ended_and_counts_as_a_lost_database(database_url: str) -> None:
    limits = SessionLimits(idle_in_transaction=0.2)
    async with Database.open(database_url, limits=limits) as database, asyncio.timeout(30):
        with pytest.raises(OperationalError) as caught:
            await be_idle(database)
        assert is_database_away(caught.value)
        async with database.transaction() as connection:
            assert await connection.value(int, ONE) == 1


async def test_a_transaction_that_waits_for_a_store_may_be_idle_longer(database_url: str) -> None:
    async with Database.open(database_url, limits=LIMITS) as database:
        async with database.transaction(idle=timedelta(minutes=10)) as connection:
            assert (await connection.dicts(LOOK))[0]["idle"] == "10min"
        async with database.transaction() as connection:
            assert (await connection.dicts(LOOK))[0]["idle"] == "41s"


async def test_a_lock_that_takes_too_long_counts_as_a_database_that_cannot_answer_now(database_url: str) -> None:
    limits = SessionLimits(lock=0.1)
    async with Database.open(database_url, limits=limits) as database, database.transaction() as holder:
        await holder.tuples(LOCK)
        with pytest.raises(OperationalError) as caught:
            async with database.transaction() as connection:
                await connection.tuples(LOCK)
    assert is_database_away(caught.value)
    assert is_passing(caught.value)


@pytest.mark.parametrize("name", ["platbook", "psql"])
async def test_only_our_own_sessions_that_wait_within_a_statement_are_ended(database_url: str, name: str) -> None:
    async with (
        Database.open(database_url) as database,
        await AsyncConnection.connect(database_url, application_name=name) as raw,
    ):
        await raw.execute("CREATE TEMPORARY TABLE copied (one text)")
        raw.pgconn.exec_(b"COPY copied FROM STDIN")  # and nothing sent
        async with database.read():  # one that merely waits for its next transaction
            database.limits = replace(database.limits, idle_in_transaction=0.0)
            await end_frozen_sessions(database)
        gone = name == "platbook"
        while await is_alive(database, raw.info.backend_pid) is gone:
            await asyncio.sleep(0.05)
        async with database.read() as connection:
            assert await connection.value(int, ONE) == 1
        await raw.close()
