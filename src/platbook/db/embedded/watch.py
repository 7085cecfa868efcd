"""Supervises the embedded server: restarts it with exponential backoff when it dies, up to a number of attempts."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from platbook.base.errors import NeedsOperator, PlatbookError
from platbook.base.log import get_log
from platbook.db.embedded.server import EmbeddedPostgres

log = get_log("db")

_CHECK_SECONDS = 1.0
_STABLE_SECONDS = 60.0
_FIRST_PAUSE = 1.0
_TRIES = 5


@asynccontextmanager
async def watching(server: EmbeddedPostgres) -> AsyncGenerator[None]:
    """Keep the server running during the block. If it cannot be, the block is cancelled and NeedsOperator raised.

    Any other error of the supervision ends the block too: a database that nobody supervises would not be noticed.
    """
    owner = asyncio.current_task()
    failures: list[Exception] = []

    async def watch() -> None:
        try:
            await keep_running(server)
        except Exception as error:  # noqa: BLE001 - raised again in the block
            failures.append(error)
            if owner is not None:
                owner.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except BaseException:
        if failures:  # whatever ended the block, this was behind it
            if owner is not None:
                owner.uncancel()
            raise failures[0] from None
        raise
    finally:
        watcher.cancel()
        await asyncio.wait([watcher])


async def keep_running(server: EmbeddedPostgres) -> None:
    """Supervise the server until cancelled; NeedsOperator, with the reason, if it cannot be started again.

    A full disk is waited for, however long: with room, the server starts.
    """
    loop = asyncio.get_running_loop()
    tries, started, reason = 0, loop.time(), ""
    was_full = False
    while True:
        await asyncio.sleep(_CHECK_SECONDS)
        if await asyncio.to_thread(server.is_running):
            if loop.time() - started >= _STABLE_SECONDS:
                tries = 0
            continue
        is_full = await asyncio.to_thread(server.is_disk_full)
        if is_full or was_full:  # at the last try
            tries = min(tries, _TRIES - 1)
        was_full = is_full
        if tries == _TRIES:
            raise NeedsOperator(f"the embedded PostgreSQL died and did not stay up in {_TRIES} tries: {reason}")
        await asyncio.sleep(backoff_seconds(tries))
        tries += 1
        log.warning("the embedded PostgreSQL died and is restarted", tries=tries, is_disk_full=is_full)
        try:
            await asyncio.to_thread(server.restart)
        except PlatbookError as error:
            reason = str(error)
            log.warning("the embedded PostgreSQL does not start", tries=tries, reason=reason)
        else:
            started, reason = loop.time(), "it dies soon after each start"
            log.info("the embedded PostgreSQL runs again", pid=server.pid)


def backoff_seconds(tries: int) -> float:
    """Exponential backoff in seconds after so many attempts: none before the first, then doubled each time."""
    return _FIRST_PAUSE * 2 ** (tries - 1) if tries else 0.0
