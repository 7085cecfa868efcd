"""The embedded PostgreSQL dies under a running server."""

import os
import signal
import sys
import time
from collections.abc import Generator
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.cli.program import PATIENCE, Program, Served, fresh_home, start_serving

# The program with a supervision that has little patience, so that a test need not wait out its pauses.
IMPATIENT = """
from platbook.db.embedded import server, watch
server._RESTART_ATTEMPTS = 1
watch._CHECK_SECONDS = watch._FIRST_PAUSE = 0.1
from platbook.cli.main import run
run()
"""
UP = ("up", "--port", "0")


@pytest.fixture(scope="module")
def home() -> Generator[Path]:
    """A home with a user, for the servers of all tests."""
    person = ("a@example.com", "--role", "admin", "--first-name", "Ada", "--last-name", "King", "--password-stdin")
    with fresh_home() as home:
        added = Program(home).run("user", "add", *person, stdin="a long password\n")
        assert added.returncode == 0, added.stderr
        yield home


@pytest.fixture
def served(home: Path) -> Generator[Served]:
    """A server of that home that is ready."""
    program = Program(home, executable=(sys.executable, "-c", IMPATIENT))
    served = start_serving(program, *UP, until="serving", url=r'"url": "(http://[^"]+)"')
    try:
        wait_until_ready(served)
        yield served
    finally:
        if served.process.poll() is None:
            served.interrupt()


def kill_postgres(home: Path) -> int:
    pid = find_postgres(home)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def find_postgres(home: Path) -> int | None:
    try:
        return int((home / "postgres/data/postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError):
        return None


def wait_until_ready(served: Served) -> None:
    deadline = time.monotonic() + PATIENCE
    while httpx.get(f"{served.url}/health/ready", timeout=PATIENCE).status_code != 200:
        assert time.monotonic() < deadline, "".join(served.lines)
        time.sleep(0.1)


def log_in(served: Served) -> int:
    """The answer to a login, which writes, once it is anything but "try again shortly"."""
    deadline = time.monotonic() + PATIENCE
    login = {"email": "a@example.com", "password": "a long password"}
    while True:
        status = httpx.post(f"{served.url}/api/v1/auth/login", json=login, timeout=PATIENCE).status_code
        if status != 503 or time.monotonic() > deadline:
            return status
        time.sleep(0.1)


def test_a_killed_server_is_started_again_and_requests_are_answered(served: Served) -> None:
    program = served.program
    second = Program(program.home).run(*UP)
    assert (second.returncode, f"process {served.process.pid} runs" in second.stderr) == (5, True), second.stderr
    killed = kill_postgres(program.home)
    while find_postgres(program.home) in {killed, None}:
        assert served.process.poll() is None, "".join(served.lines)
        time.sleep(0.1)
    wait_until_ready(served)
    assert log_in(served) == 200
    assert served.interrupt() == 0
    assert find_postgres(program.home) is None, "the last user stopped it"


def test_a_server_that_cannot_be_started_again_ends_the_process_with_its_reason(served: Served) -> None:
    (served.program.home / "postgres/data/global/pg_control").unlink()
    kill_postgres(served.program.home)
    assert served.process.wait(PATIENCE) == 5
    served.reader.join()
    (sentence,) = [line for line in served.lines if line.startswith("platbook: ")]
    assert sentence.startswith("platbook: the embedded PostgreSQL died and did not stay up in 5 tries: ")
    assert "pg_control" in sentence
