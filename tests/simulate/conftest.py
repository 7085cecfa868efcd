"""One simulated server for all tests of a worker; each test that asks for it gets it without quirks, at one moment."""

from collections.abc import Generator

import pytest

from platbook.simulate.rets.application import RetsSettings
from tests.simulate.caller import Caller
from tests.simulate.served import AT, ServedRets, served_rets

SIZE = 60


@pytest.fixture(scope="session")
def running() -> Generator[ServedRets]:
    with served_rets(RetsSettings(listings=SIZE, seed=3, at=AT)) as served:
        yield served


@pytest.fixture
def rets(running: ServedRets) -> ServedRets:
    """The server without quirks."""
    running.behave()
    running.server.source.set_moment(AT, 0)
    return running


@pytest.fixture
def caller(rets: ServedRets) -> Caller:
    """A client that has logged in."""
    caller = Caller(rets)
    assert caller.log_in().status_code == 200
    return caller
