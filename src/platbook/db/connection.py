"""Connection pools. Reading and writing are different types, so that a function's signature shows which it does.

A `ReadConnection` runs outside a transaction on the read pool, and the server itself refuses writes there. Reads go
to the primary, so that a decision by what was read takes all that is committed into account. What may lag is read from
a replica, through a `Database` of its own (`Database.with_replica`). A `WriteConnection` exists only inside
`Database.transaction()`: its changes are committed together when the block ends, or not at all.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import timedelta
from itertools import islice
from typing import LiteralString, TypeVar, cast

import orjson
from psycopg import AsyncConnection, IsolationLevel, OperationalError
from psycopg.conninfo import make_conninfo
from psycopg.errors import IdleInTransactionSessionTimeout
from psycopg.rows import class_row, dict_row, scalar_row, tuple_row
from psycopg.sql import SQL, Composed, Identifier
from psycopg.types.json import Jsonb, set_json_dumps, set_json_loads

from platbook.db.pool import ConnectionPool
from platbook.db.queries import Query, load_queries
from platbook.db.session import DEFAULT_LIMITS, SessionLimits

Q = load_queries(__package__ or "platbook.db")

T = TypeVar("T")
Statement = Query | Composed
Params = Mapping[str, object]

_NO_PARAMS: Params = {}
_BATCH_ROWS = 50  # prepared in less time than the server takes for what is in the socket, so that it never waits


def _dumps(value: object) -> bytes:
    return orjson.dumps(value, default=str)


set_json_dumps(_dumps)
set_json_loads(orjson.loads)


def _as_is(value: object) -> bytes:
    return cast("bytes", value)


def prejson(text: bytes) -> object:
    """Wrap serialised JSON, so that it goes into a jsonb column without being parsed and serialised again."""
    return Jsonb(text, dumps=_as_is)


def as_json(value: object) -> object:
    """Wrap a value for a jsonb column."""
    return Jsonb(value)


class ReadConnection:
    """One connection, for reading."""

    def __init__(self, raw: AsyncConnection) -> None:
        self._raw = raw

    async def all(self, into: type[T], statement: Statement, params: Params = _NO_PARAMS) -> list[T]:
        """Every row as `into`; its constructor takes the columns by name."""
        async with self._raw.cursor(row_factory=class_row(into)) as cursor:
            await cursor.execute(_text(statement), params)
            return await cursor.fetchall()

    async def first(self, into: type[T], statement: Statement, params: Params = _NO_PARAMS) -> T | None:
        """The first row as `into`, or None."""
        async with self._raw.cursor(row_factory=class_row(into)) as cursor:
            await cursor.execute(_text(statement), params)
            return await cursor.fetchone()

    async def one(self, into: type[T], statement: Statement, params: Params = _NO_PARAMS) -> T:
        """The first row as `into`; no row is a bug of the caller (LookupError)."""
        row = await self.first(into, statement, params)
        if row is None:
            raise LookupError("expected one row, got none")
        return row

    async def tuples(self, statement: Statement, params: Params = _NO_PARAMS) -> list[tuple[object, ...]]:
        """Every row as a plain tuple."""
        async with self._raw.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(_text(statement), params)
            return await cursor.fetchall()

    async def dicts(self, statement: Statement, params: Params = _NO_PARAMS) -> list[dict[str, object]]:
        """Every row as a dict by column name."""
        async with self._raw.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_text(statement), params)
            return await cursor.fetchall()

    async def column(self, of: type[T], statement: Statement, params: Params = _NO_PARAMS) -> list[T]:
        """The first column of every row; `of` names its type for the reader of the code."""
        _ = of
        async with self._raw.cursor(row_factory=scalar_row) as cursor:
            await cursor.execute(_text(statement), params)
            return cast("list[T]", await cursor.fetchall())

    async def value(self, of: type[T], statement: Statement, params: Params = _NO_PARAMS) -> T | None:
        """The first column of the first row, or None."""
        rows = await self.column(of, statement, params)
        return rows[0] if rows else None


class WriteConnection(ReadConnection):
    """One connection inside one transaction."""

    def __init__(self, raw: AsyncConnection) -> None:
        super().__init__(raw)
        self._last_writes: dict[LastWrite, list[object]] = {}

    def before_commit(self, write: "LastWrite", items: Iterable[object]) -> None:
        """Hand items to `write` once, as the last thing the transaction does, with those of every other call.

        For rows that many transactions change, such as counters: locked last, and all at once in one order, they are
        held briefly, and two transactions never wait for each other.
        """
        self._last_writes.setdefault(write, []).extend(items)

    async def run_last_writes(self) -> None:
        """Do what `before_commit` has collected; the pool calls it."""
        writes, self._last_writes = self._last_writes, {}
        for write, items in writes.items():
            await write(self, items)

    async def run(self, statement: Statement, params: Params = _NO_PARAMS) -> int:
        """Run a statement and return the number of affected rows."""
        async with self._raw.cursor() as cursor:
            await cursor.execute(_text(statement), params)
            return cursor.rowcount

    async def run_many(self, statement: Statement, params: Iterable[Params]) -> None:
        """Run one statement for each set of parameters, pipelined."""
        async with self._raw.cursor() as cursor:
            await cursor.executemany(_text(statement), params)

    async def copy_in(
        self, table: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        """Stream rows into a table by binary COPY. `types` are PostgreSQL type names, one per column.

        Rows are prepared in a thread while the server stores those before them (double buffering).
        """
        names = ", ".join(f'"{column}"' for column in columns)
        command = f'COPY "{table}" ({names}) FROM STDIN (FORMAT BINARY)'
        async with self._raw.cursor() as cursor, cursor.copy(cast("LiteralString", command)) as copy:
            copy.set_types(types)
            async for batch in _prefetch(rows):
                for row in batch:
                    await copy.write_row(row)

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        """Run a block that may fail without aborting the transaction around it."""
        async with self._raw.transaction():
            yield


LastWrite = Callable[[WriteConnection, Sequence[object]], Awaitable[None]]
"""A write that `WriteConnection.before_commit` puts off: it is given the items of all calls in the transaction."""


_WITH_COMMIT: ContextVar[Callable[[WriteConnection], Awaitable[None]] | None] = ContextVar("with_commit", default=None)


@contextmanager
def committing_with(write: Callable[[WriteConnection], Awaitable[None]]) -> Generator[None]:
    """Let each transaction in the block do one more write as its last: it is committed with it, or not at all."""
    token = _WITH_COMMIT.set(write)
    try:
        yield
    finally:
        _WITH_COMMIT.reset(token)


class Database:
    """The pools of one process."""

    def __init__(self, url: str, *, write: ConnectionPool, read: ConnectionPool, limits: SessionLimits) -> None:
        self.url = url
        self.limits = limits
        self._write = write
        self._read = read

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, *, size: int = 10, limits: SessionLimits = DEFAULT_LIMITS
    ) -> AsyncGenerator["Database"]:
        """Open the pools and close them at the end of the block."""
        async with (
            ConnectionPool.open(url, size=size, reads_only=False, limits=limits) as write,
            ConnectionPool.open(url, size=size, reads_only=True, limits=limits) as read,
        ):
            yield cls(url, write=write, read=read, limits=limits)

    @asynccontextmanager
    async def with_replica(self, read_url: str, *, size: int = 10) -> AsyncGenerator["Database"]:
        """The same database with its reads on a replica, which may lag."""
        async with ConnectionPool.open(read_url, size=size, reads_only=True, limits=self.limits) as read:
            yield Database(self.url, write=self._write, read=read, limits=self.limits)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[ReadConnection]:
        """Check out a connection for reading; each statement sees the newest committed state."""
        async with self._read.connection() as raw:
            yield ReadConnection(raw)

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncGenerator[AsyncGenerator[object]]:
        """Listen on a connection of its own: yields once for each notification (OperationalError: connection lost)."""
        session = self.limits.to_parameters(self.url) | {"application_name": "platbook listener"}
        async with await AsyncConnection.connect(make_conninfo(self.url, **session), autocommit=True) as raw:
            await raw.execute(SQL("LISTEN {}").format(Identifier(channel)))
            yield cast("AsyncGenerator[object]", raw.notifies())

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[ReadConnection]:
        """Check out a connection for reading on which every statement sees the same snapshot."""
        with _translating_idle_timeout():
            async with self._read.connection() as raw:
                await raw.set_isolation_level(IsolationLevel.REPEATABLE_READ)
                try:
                    async with raw.transaction():
                        yield ReadConnection(raw)
                finally:
                    await raw.set_isolation_level(None)

    @asynccontextmanager
    async def transaction(self, *, idle: timedelta | None = None) -> AsyncGenerator[WriteConnection]:
        """Check out a connection in a transaction, committed when the block ends and rolled back when it raises.

        `idle`: how long it may wait for this process, where that takes longer than the session's limit (a slow store).
        """
        with _translating_idle_timeout():
            async with self._write.connection() as raw:
                connection = WriteConnection(raw)
                if idle is not None:
                    await connection.value(str, Q.allow_idle, {"idle": f"{idle.total_seconds():.0f}s"})
                yield connection
                await connection.run_last_writes()
                with_commit = _WITH_COMMIT.get()
                if with_commit is not None:
                    await with_commit(connection)


@contextmanager
def _translating_idle_timeout() -> Generator[None]:
    """The driver maps the idle-in-transaction time-out to its internal errors; here it is a lost connection."""
    try:
        yield
    except IdleInTransactionSessionTimeout as error:
        raise OperationalError("the transaction was idle too long and was ended by the server") from error


async def _prefetch(rows: Iterable[Sequence[object]]) -> AsyncGenerator[list[Sequence[object]]]:
    """Batches of rows; the next one is prepared while the current one is written."""
    source = iter(rows)

    def next_batch() -> list[Sequence[object]]:
        return list(islice(source, _BATCH_ROWS))

    pending = asyncio.ensure_future(asyncio.to_thread(next_batch))
    try:
        while batch := await pending:
            pending = asyncio.ensure_future(asyncio.to_thread(next_batch))
            yield batch
    finally:
        await asyncio.wait([pending])  # a thread cannot be stopped; it must not outlive the iterator it reads


def _text(statement: Statement) -> Composed | bytes:
    return statement.sql.encode() if isinstance(statement, Query) else statement
