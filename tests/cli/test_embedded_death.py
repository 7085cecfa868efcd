"""The embedded PostgreSQL dies under a running server."""

import os
import signal
import time
from pathlib import Path

import httpx2 as httpx

from tests.cli.program import PATIENCE, Program, Served, start_serving


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


def start_up(program: Program) -> Served:
    person = ("a@example.com", "--role", "admin", "--first-name", "Ada", "--last-name", "King", "--password-stdin")
    added = program.run("user", "add", *person, stdin="a long password\n")
    assert added.returncode == 0, added.stderr
    return start_serving(program, "up", "--port", "0", until="serving", url=r'"url": "(http://[^"]+)"')


def test_a_killed_server_is_started_again_and_requests_are_answered(program: Program) -> None:
    served = start_up(program)
    wait_until_ready(served)
    second = program.run("up", "--port", "0")
    assert (second.returncode, f"process {served.process.pid} runs" in second.stderr) == (5, True), second.stderr
    killed = kill_postgres(program.home)
    while find_postgres(program.home) in {killed, None}:
        assert served.process.poll() is None, "".join(served.lines)
        time.sleep(0.1)
    wait_until_ready(served)
    assert log_in(served) == 200
    assert served.interrupt() == 0
    assert find_postgres(program.home) is None, "the last user stopped it"


def test_a_server_that_cannot_be_started_again_ends_the_process_with_its_reason(program: Program) -> None:
    served = start_up(program)
    wait_until_ready(served)
    (program.home / "postgres/data/global/pg_control").unlink()
    kill_postgres(program.home)
    assert served.process.wait(PATIENCE) == 5
    served.reader.join()
    (sentence,) = [line for line in served.lines if line.startswith("platbook: ")]
    assert sentence.startswith("platbook: the embedded PostgreSQL died and did not stay up in 5 tries: ")
    assert "pg_control" in sentence
