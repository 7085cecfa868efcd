"""PostgreSQL frozen or killed in the middle of a run: the service says so, recovers by itself, and the run goes on."""

import signal
import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from tests.chaos.installation import Installation, installed
from tests.cli.program import fresh_home

SIZE = 4000
FROZEN_SECONDS = 45


def freeze(installation: Installation) -> None:
    """Stop PostgreSQL and all its processes for a while, as a paused machine does."""
    postmaster = installation.postmaster()
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    ends = time.monotonic() + FROZEN_SECONDS
    installation.until(lambda: installation.find_unready_reason() is not None)
    while time.monotonic() < ends:
        assert installation.find_unready_reason() == "the database or the disk does not answer; try again shortly"
        answer = installation.call("GET", "/api/v1/properties")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        time.sleep(1)
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # one whose client left goes as soon as it wakes
            process.send_signal(signal.SIGCONT)


def kill(installation: Installation) -> None:
    """Kill PostgreSQL; nothing but Platbook starts it again."""
    installation.postmaster().kill()
    installation.until(lambda: installation.find_unready_reason() is not None)


@pytest.mark.soak
@pytest.mark.parametrize("disturb", [freeze, kill])
def test_a_run_goes_on_when_the_database_is_back(
    disturb: Callable[[Installation], None], record_property: Callable[[str, object], None]
) -> None:
    with fresh_home() as home, installed(home, SIZE) as installation:
        asked = installation.sync()
        installation.until(lambda: 0 < installation.count() < SIZE)
        disturb(installation)
        # A statement of a frozen server goes on with it, so that a run may not notice.
        seconds = installation.check_run_goes_on(asked, is_interrupted=disturb is kill)
        record_property("seconds", seconds)
