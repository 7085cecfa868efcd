"""One simulated server, one database and one engine for all tests of a worker; each test has its own provider."""

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from platbook.base.clock import SetClock
from platbook.db import Database, SecretBox
from platbook.db.embedded import EmbeddedPostgres
from platbook.market import Market
from platbook.simulate.rets.application import SimulatorSettings
from platbook.simulate.rets.source import STARTED
from platbook.sync.engine import SyncEngine
from platbook.transport import TimeSource, Transport
from tests.fresh_database import fresh_database
from tests.rets_matrix.rets_rig import RetsEnvironment
from tests.simulate.served import AT, ServedRets, served_rets

SIZE = 300
SEED = 4


@asynccontextmanager
async def open_environment(source: ServedRets, market: Market, database_url: str) -> AsyncGenerator[RetsEnvironment]:
    """Everything shared by providers over one source. Retries do not wait."""

    async def no_sleep(seconds: float) -> None:
        del seconds

    clock, box = SetClock(AT), SecretBox(os.urandom(32))
    async with (
        Database.open(database_url) as database,
        Transport.open(database, clock, time_source=TimeSource(sleep=no_sleep)) as transport,
    ):
        environment = RetsEnvironment(
            source, market, database, SyncEngine(database, transport, box, clock), transport, box, clock
        )
        environment.any_provider = (await environment.add_rig()).provider_id
        yield environment


@pytest.fixture(scope="package")
def source() -> Generator[ServedRets]:
    with served_rets(SimulatorSettings(listings=SIZE, seed=SEED, at=AT)) as served:
        yield served


@pytest.fixture(scope="package")
def shared_database_url(postgres: EmbeddedPostgres, template: str) -> Generator[str]:
    with fresh_database(postgres, template) as url:
        yield url


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def environment(source: ServedRets, shared_database_url: str) -> AsyncGenerator[RetsEnvironment]:
    async with open_environment(source, Market(SEED, SIZE, STARTED), shared_database_url) as environment:
        yield environment
