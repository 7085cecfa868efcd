"""One simulated server, one database and one engine for all of a worker's tests; each test has its own provider."""

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from platbook.base.clock import SetClock
from platbook.db import Database, SecretBox
from platbook.db.embedded import EmbeddedPostgres
from platbook.market import Market
from platbook.simulate.rets.application import RetsSettings
from platbook.simulate.rets.source import STARTED
from platbook.sync.engine import SyncEngine
from platbook.transport import TimeSource, Transport
from tests.fresh_database import fresh_database
from tests.rets_matrix.board import Boards
from tests.simulate.served import AT, ServedRets, served_rets

SIZE = 300
SEED = 4


@asynccontextmanager
async def opened_boards(source: ServedRets, market: Market, database_url: str) -> AsyncGenerator[Boards]:
    """Everything that providers over one source share. Nobody waits between two tries."""

    async def no_pause(seconds: float) -> None:
        del seconds

    clock, box = SetClock(AT), SecretBox(os.urandom(32))
    async with (
        Database.open(database_url) as database,
        Transport.open(database, clock, time_source=TimeSource(sleep=no_pause)) as transport,
    ):
        boards = Boards(source, market, database, SyncEngine(database, transport, box, clock), transport, box, clock)
        boards.any_provider = (await boards.open()).provider_id
        yield boards


@pytest.fixture(scope="package")
def source() -> Generator[ServedRets]:
    with served_rets(RetsSettings(listings=SIZE, seed=SEED, at=AT)) as served:
        yield served


@pytest.fixture(scope="package")
def shared_database_url(postgres: EmbeddedPostgres, template: str) -> Generator[str]:
    with fresh_database(postgres, template) as url:
        yield url


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def boards(source: ServedRets, shared_database_url: str) -> AsyncGenerator[Boards]:
    async with opened_boards(source, Market(SEED, SIZE, STARTED), shared_database_url) as boards:
        yield boards
