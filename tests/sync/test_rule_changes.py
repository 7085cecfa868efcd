"""Display rules changed while documents are rebuilt, and workers killed at it: nothing is public that may not be."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from platbook.base.actor import Actor, Role
from platbook.base.clock import SystemClock
from platbook.db import Database
from platbook.listings.rebuild import rebuild_documents
from platbook.listings.rebuild.jobs import request_rebuild
from platbook.providers.display_rules import RuleKey, RuleSettings
from platbook.sync import setup
from tests.api.listings_client import ListingsClient, open_listings_client
from tests.listings.listing_rig import make_listing
from tests.sync.worker_board import Board, open_board

ADA = Actor("ada@example.com", role=Role.ADMIN)
BOTH = frozenset({"Active", "Pending"})
ACTIVE = frozenset({"Active"})
WITHDRAWN = "SELECT count(*) AS n FROM properties WHERE document_version = 'withdrawn'"
RECORDED = "SELECT count(*) AS n FROM listing_document_versions WHERE provider_id = 'mock'"
PUBLIC = (
    "SELECT standard_status, count(*) AS n FROM properties "
    "WHERE listing_is_public(visible, public_document, public_until, now()) GROUP BY 1"
)


@dataclass
class Watch:
    """What the public is shown, looked at over and over.

    `allowed`: the statuses that may be shown; a look that was under way when they changed says nothing.
    """

    client: ListingsClient
    allowed: frozenset[str] = BOTH
    looks: int = 0
    leaks: list[object] = field(default_factory=list[object])

    async def look(self) -> None:
        """List, filter, count and get as the public does."""
        allowed = self.allowed
        listed = await self.client.get("?limit=100", "public")
        pending = await self.client.get("?status=Pending&limit=10", "public")
        rows = [*listed.rows, *pending.rows]
        if rows:
            one = await self.client.get(f"/{rows[-1]['id']}", "public")
            rows += [one.data] if one.status == 200 else []
        self.looks += 1
        if allowed is self.allowed:
            self.leaks += [row for row in rows if row["standardStatus"] not in allowed]

    async def keep_looking(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _open(database: Database, url: str, size: int) -> AsyncGenerator[tuple[Board, Watch]]:
    """A provider of many listings, half of them pending, all public; and the public, watching."""
    async with open_board(database, url, size) as board, open_listings_client(database) as client:
        await client.add_public_key()
        statuses = sorted(BOTH)
        listings = [make_listing(f"{n:05}", StandardStatus=statuses[n % 2]) for n in range(size)]
        await client.listing_rig.put(*listings, provider="mock")
        yield board, Watch(client)


async def _show(board: Board, watch: Watch, statuses: frozenset[str]) -> None:
    """Let the public see listings of these statuses alone, from now on."""
    rules = [(RuleKey("mock"), RuleSettings(statuses=tuple(sorted(statuses))))]
    async with board.database.transaction() as connection:
        assert await setup.replace_display_rules(connection, "mock", rules, ADA, datetime.now(UTC))
    watch.allowed = statuses
    await request_rebuild(board.queue, "mock")


async def _count(board: Board, sql: str) -> int:
    return int(str((await board.rows(sql))[0]["n"]))


async def _public(board: Board) -> dict[object, object]:
    return {row["standard_status"]: row["n"] for row in await board.rows(PUBLIC)}


async def test_a_rule_changed_and_changed_back_in_mid_rebuild(database: Database, database_url: str) -> None:
    async with _open(database, database_url, 300) as (board, watch):
        await _show(board, watch, ACTIVE)
        assert await _public(board) == {}
        await watch.look()
        assert await rebuild_documents(database, SystemClock(), "mock", limit=100) == 100
        await watch.look()
        assert await _public(board) == {"Active": 50}

        await _show(board, watch, BOTH)
        assert (await _public(board), await _count(board, WITHDRAWN)) == ({}, 300)
        assert await rebuild_documents(database, SystemClock(), "mock", limit=100) == 100
        await watch.look()
        assert await _public(board) == {"Active": 50, "Pending": 50}
        assert await rebuild_documents(database, SystemClock(), "mock") == 200
        await watch.look()
        assert await _public(board) == dict.fromkeys(BOTH, 150)
        assert (await _count(board, RECORDED), watch.leaks) == (1, [])


async def test_workers_killed_in_mid_rebuild_show_nothing_that_may_not_be(
    database: Database, database_url: str
) -> None:
    async with _open(database, database_url, 2000) as (board, watch), asyncio.timeout(180):
        looking = asyncio.create_task(watch.keep_looking())
        await _show(board, watch, ACTIVE)
        async with board.worker() as process:
            while await _count(board, WITHDRAWN) == 2000:
                await asyncio.sleep(0.02)
            process.kill()
            await process.wait()
        left = await _count(board, WITHDRAWN)
        assert 0 < left < 2000, "it died in the middle"
        assert await _count(board, RECORDED) == 0
        before = watch.looks
        async with board.worker():
            while await _count(board, RECORDED) == 0:
                await asyncio.sleep(0.05)
        assert watch.looks > before
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        assert await _count(board, WITHDRAWN) == 0
        assert (await _public(board), watch.leaks) == ({"Active": 1000}, [])
