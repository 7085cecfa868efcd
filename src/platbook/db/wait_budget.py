"""How long a request waits for the database in all, whichever connections it asks for one after the other.

Waiting for a connection counts in full. A statement may take long for its own sake, so one counts only where the server
answers nobody: whoever holds a connection for long has a new session asked for, and without an answer the connection
is broken, which gives an error at once to whoever waits for its server. Cancelling would wait for that server again.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from psycopg import AsyncConnection, OperationalError
from psycopg.conninfo import make_conninfo

from platbook.base.log import get_log

log = get_log("db")


class WaitBudget:
    """The seconds that one request has left for the database to answer; `seconds`: those it began with."""

    def __init__(self, seconds: float) -> None:
        self.seconds = self.left = seconds

    def spend(self, seconds: float) -> None:
        """Take what was waited off."""
        self.left = max(0.0, self.left - seconds)


_BUDGET: ContextVar[WaitBudget | None] = ContextVar("wait_budget", default=None)


@contextmanager
def waiting_at_most(seconds: float) -> Generator[None]:
    """Let everything in the block wait for the database so long in all; then it gets OperationalError."""
    token = _BUDGET.set(WaitBudget(seconds))
    try:
        yield
    finally:
        _BUDGET.reset(token)


def find_budget() -> WaitBudget | None:
    """The budget of the request that is being answered; None: of work that nobody waits for."""
    return _BUDGET.get()


class ServerProbe:
    """Whether a server answers at all, asked by one new session at a time for all who wait."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = make_conninfo(conninfo, application_name="platbook probe")
        self._asking: asyncio.Task[bool] | None = None

    async def answers(self, seconds: float) -> bool:
        """Whether anything comes of a new session in time. A refusal is an answer, too: it is no frozen server's."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(seconds))
        return await asyncio.shield(self._asking)

    async def _ask(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                connection = await AsyncConnection.connect(self._conninfo, autocommit=True)
        except TimeoutError:
            return False
        except OperationalError:
            return True
        await connection.close()
        return True


class HeldConnection:
    """Watches what a request holds, from asking a pool for it (made then) until `end`."""

    def __init__(self, budget: WaitBudget, probe: ServerProbe) -> None:
        self._budget, self._probe = budget, probe
        self._asked_at: float | None = time.monotonic()
        self._raw: AsyncConnection | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None

    def begin(self, raw: AsyncConnection) -> None:
        """The connection is here."""
        self._spend()
        self._raw = raw
        self._look_after(self._budget.left / 2)

    def end(self) -> None:
        """It was given back, or never came."""
        self._spend()
        self._raw = None
        if self._timer is not None:
            self._timer.cancel()

    def _spend(self) -> None:
        if self._asked_at is not None:
            self._budget.spend(time.monotonic() - self._asked_at)
            self._asked_at = None

    def _look_after(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._begin_to_look)

    def _begin_to_look(self) -> None:
        self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        is_answering = await self._probe.answers(self._budget.seconds / 2)
        if self._raw is None:
            return
        if is_answering:
            self._look_after(self._budget.seconds / 2)
            return
        log.warning("the database answers no new session; a request that waits for it is ended")
        self._budget.left = 0
        break_connection(self._raw)


@contextmanager
def breaking_after(connection: AsyncConnection, seconds: float) -> Generator[None]:
    """Break a connection whose server has not answered by the end of the block in time."""
    timer = asyncio.get_running_loop().call_later(seconds, break_connection, connection)
    try:
        yield
    finally:
        timer.cancel()


def break_connection(connection: AsyncConnection) -> None:
    """Shut the socket down: whoever waits for the server gets OperationalError, as if it had closed the connection."""
    with contextlib.suppress(OSError, OperationalError):  # it is closed already
        duplicate = socket.socket(fileno=os.dup(connection.fileno()))
        with duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)
