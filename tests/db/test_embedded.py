"""The embedded server with real processes: shared, killed, interrupted, as root and as an ordinary user."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from platbook.base.errors import InvalidInput
from platbook.db.embedded import EmbeddedPostgres, start_embedded

ROOT = os.geteuid() == 0

# Uses the server of argv[1] until its stdin ends.
CLIENT = """
import sys
from pathlib import Path
from platbook.db.embedded import start_embedded

server = start_embedded(Path(sys.argv[1]))
print(server.pid, flush=True)
sys.stdin.read()
"""

# An ordinary user's whole story, the pid file of a dead server that names a living stranger included. It gives up
# root's rights itself, all imports done: the interpreter may well lie below root's own folder.
ORDINARY = """
import os, sys
from pathlib import Path
import psycopg
from platbook.base.errors import InvalidInput
from platbook.db.embedded import start_embedded

if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(int(sys.argv[3]))
    os.setuid(int(sys.argv[2]))
home = Path(sys.argv[1])
with start_embedded(home / "mine") as server, psycopg.connect(server.url()) as connection:
    connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
(home / "mine/postgres/data/postmaster.pid").write_text(f"{os.getpid()}\\n")
with start_embedded(home / "mine") as server, psycopg.connect(server.url()) as connection:
    assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
try:
    start_embedded(Path("/platbook-may-not-be-here"))
except InvalidInput as error:
    print(error)
"""


@pytest.fixture
def home() -> Generator[Path]:
    # Not pytest's tmp_path: root's is closed to all others, and so to the account that runs PostgreSQL.
    folder = Path(tempfile.mkdtemp(prefix="platbook-test-"))
    folder.chmod(0o711)
    yield folder / "home"
    shutil.rmtree(folder)


@contextmanager
def client(home: Path) -> Generator[subprocess.Popen[str]]:
    """Another process that uses the server, in a process group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:  # leaving closes its stdin and waits for it
        yield process


def read_pid(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=60)
    assert process.returncode == 0


def is_running(home: Path) -> bool:
    return (home / "postgres/data/postmaster.pid").exists()


def ask(server: EmbeddedPostgres, query: str) -> tuple[object, ...] | None:
    with psycopg.connect(server.url()) as connection:
        return connection.execute(query.encode()).fetchone()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_new_home_gets_a_server_that_is_durable_and_private(home: Path) -> None:
    with start_embedded(home) as server:
        asked = "SELECT current_database(), current_setting('fsync'), current_setting('listen_addresses'), lower('É')"
        assert ask(server, asked) == ("platbook", "on", "", "é")
        with psycopg.connect(server.url("postgres")) as connection:
            assert connection.info.dbname == "postgres"
            socket = Path(connection.info.host)
        assert socket.stat().st_mode & 0o777 == 0o700
    assert not is_running(home)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url())


def test_processes_that_race_for_a_new_home_share_one_server(home: Path) -> None:
    with client(home) as one, client(home) as two, client(home) as three:
        pids = {read_pid(process) for process in (one, two, three)}
        assert len(pids) == 1


def test_only_the_last_user_stops_the_server(home: Path) -> None:
    with client(home) as starter:
        pid = read_pid(starter)
        with client(home) as other, start_embedded(home) as server:
            assert read_pid(other) == server.pid == pid
            with start_embedded(home) as again:  # in one process, too
                assert again.url() == server.url()
            again.close()
            leave(starter)
            leave(other)
            assert ask(server, "SELECT 1") == (1,)
        assert not is_running(home)


def test_a_killed_user_does_not_keep_the_server_up(home: Path) -> None:
    with client(home) as killed:
        pid = read_pid(killed)
        killed.kill()
        killed.wait()
        assert is_running(home)
        with start_embedded(home) as server:
            assert server.pid == pid
    assert not is_running(home)


def test_a_killed_server_comes_back_with_what_was_committed(home: Path) -> None:
    with client(home) as other, start_embedded(home) as server:
        read_pid(other)
        with psycopg.connect(server.url()) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 5000)")
        os.kill(server.pid, signal.SIGKILL)
        with start_embedded(home) as again:
            assert again.pid != server.pid
            assert again.url() == server.url()
            assert ask(server, "SELECT count(*) FROM kept") == (5000,)
        assert is_running(home)
        leave(other)
    assert not is_running(home)


def test_ctrl_c_ends_the_process_that_started_the_server_and_not_the_server(home: Path) -> None:
    with client(home) as starter:
        pid = read_pid(starter)
        with start_embedded(home) as server:
            os.killpg(starter.pid, signal.SIGINT)
            starter.wait()
            assert ask(server, "SELECT 1") == (1,)
            assert server.pid == pid


def test_a_first_start_that_is_killed_leaves_nothing_in_the_way(home: Path) -> None:
    with client(home) as killed:
        wait_until(lambda: any((home / "postgres").glob("new-*/base")))
        killed.kill()
        killed.wait()
        assert not (home / "postgres/data").exists()
    with start_embedded(home) as server:
        assert ask(server, "SELECT 1") == (1,)


def test_an_ordinary_user_has_a_server_of_their_own_and_is_told_where_it_cannot_be(home: Path) -> None:
    home.mkdir()
    nobody = pwd.getpwnam("nobody")
    if ROOT:
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
    done = subprocess.run(
        [sys.executable, "-c", ORDINARY, str(home), str(nobody.pw_uid), str(nobody.pw_gid)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert "PLATBOOK_HOME: /platbook-may-not-be-here cannot be used" in done.stdout


@pytest.mark.skipif(not ROOT, reason="only root hands the server to another account")
def test_root_is_told_when_the_servers_account_cannot_reach_the_home(home: Path) -> None:
    home.mkdir(mode=0o700)
    with pytest.raises(InvalidInput, match=r"PLATBOOK_HOME: running as root.*/var/lib/platbook"):
        start_embedded(home / "below")
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not ROOT, reason="only root hands the server to another account")
def test_root_serves_a_home_as_the_ordinary_user_who_owns_it(home: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    with start_embedded(home):
        assert (home / "postgres/data").stat().st_uid == nobody.pw_uid
        assert (home / "postgres-users.lock").stat().st_uid == nobody.pw_uid
