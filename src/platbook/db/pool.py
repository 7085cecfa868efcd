"""One pool of connections, each with the session's limits, and with a request's time for the database in mind."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from platbook.db.session import SessionLimits
from platbook.db.wait_budget import HeldConnection, ServerProbe, breaking_after, find_budget

_CHECK_AFTER_SECONDS = 3.0

_LibraryPool = AsyncConnectionPool[AsyncConnection]


class ConnectionPool:
    """Checks connections out to whoever asks."""

    def __init__(self, pool: _LibraryPool, probe: ServerProbe) -> None:
        self._pool, self._probe = pool, probe

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, *, size: int, reads_only: bool, limits: SessionLimits
    ) -> AsyncGenerator["ConnectionPool"]:
        """Open a pool and close it at the end of the block."""
        configuration = {"timezone": "UTC"} | ({"default_transaction_read_only": "on"} if reads_only else {})
        session = limits.to_parameters(url, **configuration)
        pool = _LibraryPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            timeout=limits.pool,
            kwargs={"autocommit": reads_only, "application_name": "platbook", **session},
            check=_IdleCheck(limits.pool),
        )
        async with pool:
            yield cls(pool, ServerProbe(url))

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[AsyncConnection]:
        """Check a connection out. OperationalError: none in time, or the server stopped to answer a request's."""
        budget = find_budget()
        if budget is None:
            async with self._pool.connection() as raw:
                yield raw
            return
        held = HeldConnection(budget, self._probe)
        try:
            async with self._pool.connection(timeout=budget.left) as raw:
                held.begin(raw)
                yield raw
        finally:
            held.end()


class _IdleCheck:
    """Health check of a checked-out connection, skipped if it answered in the last seconds: a round trip saved."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seen: WeakKeyDictionary[AsyncConnection, float] = WeakKeyDictionary()

    async def __call__(self, connection: AsyncConnection) -> None:
        now, budget = time.monotonic(), find_budget()
        if now - self._seen.get(connection, -_CHECK_AFTER_SECONDS) >= _CHECK_AFTER_SECONDS:
            seconds = self._seconds if budget is None else min(self._seconds, budget.left)
            with breaking_after(connection, seconds):  # a server that is frozen answers nothing
                await AsyncConnectionPool.check_connection(connection)
            self._seen[connection] = now
