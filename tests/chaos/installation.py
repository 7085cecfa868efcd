"""An installation as operators run it: `platbook up` with the defaults, over a provider whose pages take a while."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import httpx2
import psutil
import psycopg
from psycopg.rows import DictRow, dict_row

from platbook.market import Market
from tests.cli.program import PATIENCE, Program, Served, start_serving

RECOVERY_SECONDS = 60
"""How long the service may take to recover by itself once the cause has ended; the one time that is asserted."""
READINESS_SECONDS = 3
PROVIDER = "mock"
_SEED = 3
_START = datetime(2026, 1, 1, tzinfo=UTC)
_PASSWORD = "a long password"
_PERSON = ("a@example.com", "--role", "admin", "--first-name", "Ada", "--last-name", "King", "--password-stdin")

Json = dict[str, object]


@dataclass
class Installation:
    """A server that serves, its administrator's token, and how many listings its provider has."""

    served: Served
    token: str
    size: int

    @property
    def home(self) -> Path:
        """PLATBOOK_HOME."""
        return self.served.program.home

    def call(self, method: str, path: str, **request: object) -> httpx2.Response:
        """Send a request as the administrator."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.served.url}{path}"
        return httpx2.request(method, url, headers=headers, timeout=PATIENCE, **request)  # pyright: ignore[reportArgumentType] - by name

    def data(self, path: str) -> Json:
        """What a GET answers."""
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return cast("Json", answer.json()["data"])

    def status(self) -> Json:
        """The provider's status."""
        return self.data(f"/api/v1/admin/mls/status/{PROVIDER}")

    def last_run(self) -> Json:
        """The provider's last run that ended; empty where none did."""
        return cast("Json", self.status()["lastRun"] or {})

    def sync(self) -> object:
        """Ask for a full run; its id."""
        asked = self.call("POST", "/api/v1/admin/mls/sync", json={"providerId": PROVIDER, "syncType": "full"})
        assert asked.status_code == 202, asked.text
        return asked.json()["data"]["syncId"]

    def find_unready_reason(self) -> str | None:
        """What readiness answers, in the time it always answers in; None: the server is ready."""
        began = time.monotonic()
        answer = httpx2.get(f"{self.served.url}/health/ready", timeout=PATIENCE)
        assert time.monotonic() - began < READINESS_SECONDS + 1, "readiness answers in time"
        return None if answer.status_code == 200 else str(answer.json()["error"]["message"])

    def until(self, condition: Callable[[], bool], *, within: float = PATIENCE) -> float:
        """Wait for a condition, through answers of 503; how many seconds that took."""
        began = time.monotonic()
        while not _holds(condition):
            assert self.served.process.poll() is None, self.log()
            assert time.monotonic() - began < within, self.log()
            time.sleep(0.2)
        return time.monotonic() - began

    def log(self) -> str:
        """The last lines of the server's log."""
        return "".join(self.served.lines[-40:])

    def rows(self, sql: str) -> list[DictRow]:
        """Query the embedded database."""
        lines = (self.home / "postgres/data/postmaster.pid").read_text().splitlines()
        where = f"host={lines[4]} port={lines[3]} user=platbook dbname=platbook"
        with psycopg.connect(where, connect_timeout=2) as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(sql.encode()).fetchall()

    def count(self) -> int:
        """How many listings are stored."""
        return cast("int", self.rows("SELECT count(*) AS n FROM properties")[0]["n"])

    def check_run_goes_on(self, sync_id: object, *, is_interrupted: bool = True) -> float:
        """Now that the cause has ended, the run goes on, succeeds and tells of an interruption; seconds until then."""
        began = time.monotonic()
        self.until(lambda: self.find_unready_reason() is None, within=RECOVERY_SECONDS)
        stored = self.count()
        self.until(lambda: self.count() > stored, within=RECOVERY_SECONDS - (time.monotonic() - began))
        seconds = time.monotonic() - began
        self.until(lambda: self.last_run().get("syncId") == sync_id)
        run = self.last_run()
        assert (run["status"], run["added"]) == ("success", self.size), run["error"]
        assert not is_interrupted or "interrupted and resumed" in str(run["remarks"])
        self.check_replica()
        return seconds

    def check_replica(self) -> None:
        """What is stored is the market, and each listing was told of once."""
        market = {one.key: one.record for one in Market(_SEED, self.size, _START).listings(_START)}
        stored = {row["listing_key"]: row["raw"] for row in self.rows("SELECT listing_key, raw FROM properties")}
        assert stored == market
        sums = "SELECT kind, count(*) AS n, count(DISTINCT property_id) AS d FROM listing_changes GROUP BY 1"
        assert self.rows(sums) == [{"kind": "listed", "n": self.size, "d": self.size}]

    def postmaster(self) -> psutil.Process:
        """The process of the embedded PostgreSQL."""
        return psutil.Process(int((self.home / "postgres/data/postmaster.pid").read_text().split()[0]))


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except (httpx2.HTTPError, AssertionError, psycopg.OperationalError, OSError, IndexError):
        return False


@contextmanager
def installed(home: Path, size: int, *, delay: float = 0.5, **environment: str) -> Generator[Installation]:
    """An installation in a home, with a provider of so many listings, each of whose pages of 100 takes `delay`."""
    program = Program(home, {"PLATBOOK_PHOTO_BATCHES": "0", "ENABLE_MLS_SYNC": "false", **environment})
    added = program.run("user", "add", *_PERSON, stdin=f"{_PASSWORD}\n")
    assert added.returncode == 0, added.stderr
    served = start_serving(program, "up", "--port", "0", until="serving", url=r'"url": "(http://[^"]+)"')
    try:
        login = {"email": _PERSON[0], "password": _PASSWORD}
        answer = httpx2.post(f"{served.url}/api/v1/auth/login", json=login, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        installation = Installation(served, answer.json()["data"]["accessToken"], size)
        added = installation.call("POST", "/api/v1/admin/mls/providers", json=_to_provider(size, delay))
        assert added.status_code == 201, added.text
        yield installation
    finally:
        if served.process.poll() is None:
            served.interrupt()


def _to_provider(size: int, delay: float) -> Json:
    return {
        "providerId": PROVIDER,
        "providerName": "Mock",
        "providerType": "MOCK",
        "settings": {
            "seed": _SEED,
            "listings": size,
            "started": _START.isoformat(),
            "at": _START.isoformat(),
            "page_size": 100,
            "order": "key",
            "delay": delay,
        },
    }
