"""One simulated server for all tests of a worker; each test gets it without quirks, at a fixed time."""

from collections.abc import Generator

import pytest

from platbook.simulate.rets.application import SimulatorSettings
from tests.simulate.raw_client import RawRetsClient
from tests.simulate.served import AT, ServedRets, served_rets

SIZE = 60


@pytest.fixture(scope="session")
def running() -> Generator[ServedRets]:
    with served_rets(SimulatorSettings(listings=SIZE, seed=3, at=AT)) as served:
        yield served


@pytest.fixture
def rets(running: ServedRets) -> ServedRets:
    """The server without quirks."""
    running.apply_quirks()
    running.server.source.set_time(AT, 0)
    return running


@pytest.fixture
def client(rets: ServedRets) -> RawRetsClient:
    """A logged-in client."""
    client = RawRetsClient(rets)
    assert client.log_in().status_code == 200
    return client
