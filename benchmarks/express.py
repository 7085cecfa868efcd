"""`GET /properties`, 50 rows of a filtered list with its total, against an Express + pg server doing the same.

One process and an equal pool each, the same bearer token checked against the same users, the same rows and total
(checked before anything is timed). Load by wrk, 32 connections, rounds in turn.
"""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import parse_qs, quote, urlsplit

import httpx2

from benchmarks import feed
from benchmarks.ground import KEY, free_port, fresh_database, process, serving, settle, tell
from platbook.accounts import LoginSessions, NewUser, add_user
from platbook.base.actor import COMMAND_LINE, Role
from platbook.base.clock import SystemClock
from platbook.base.settings import Settings
from platbook.db import Database, Query, SecretBox
from platbook.sync.page import store_page

ROUNDS = 3
SECONDS = 5
CONNECTIONS = 32
POOL = 8
BAR, NOT_MODIFIED_BAR = 1.8, 3.0
MOST_ROWS = 50_000
"""In a larger market every town has more than 10,000 for sale, of which totals are estimates here and exact there."""
PEER = Path(__file__).parent / "peers" / "express"


@dataclass(frozen=True)
class Load:
    """What wrk says of one round."""

    rate: float
    p99: float


async def run(rows: int) -> None:
    """Print both rates, the ratio, the tails, and the rate of answers that nothing has changed."""
    missing = [name for name in ("node", "npm", "wrk") if shutil.which(name) is None]
    if missing:
        tell("skipped", "", f"{', '.join(missing)} is not on this machine")
        return
    async with fresh_database() as url:
        token, city = await prepare_market(url, min(rows, MOST_ROWS))
        path = f"/api/v1/properties?city={city}&status=Active&limit=50&sortBy=listPrice&sortOrder=asc"
        async with serving(url, pool=POOL) as ours, _express(url) as theirs:
            etag = await _check_alike(ours, theirs, path, token)
            loads: dict[str, list[Load]] = {"ours": [], "theirs": [], "unchanged": []}
            for _ in range(ROUNDS):
                loads["ours"].append(await measure_load(ours + path, token))
                loads["theirs"].append(await measure_load(theirs + path, token))
                loads["unchanged"].append(await measure_load(ours + path, token, {"If-None-Match": etag}))
    rates = {name: median(load.rate for load in some) for name, some in loads.items()}
    tails = {name: median(load.p99 for load in some) for name, some in loads.items()}
    tell("Express + pg, requests/s (p99 ms)", f"{rates['theirs']:,.0f} ({tails['theirs']:.0f})")
    tell("Platbook, requests/s (p99 ms)", f"{rates['ours']:,.0f} ({tails['ours']:.0f})")
    tell("Platbook 304, requests/s (p99 ms)", f"{rates['unchanged']:,.0f} ({tails['unchanged']:.0f})")
    tell("ratio", f"{rates['ours'] / rates['theirs']:.2f}", f"bar {BAR}")
    tell("ratio of the 99th percentiles", f"{tails['ours'] / tails['theirs']:.2f}", "bar 1")
    tell("304 against Express's 200", f"{rates['unchanged'] / rates['theirs']:.2f}", f"bar {NOT_MODIFIED_BAR}")


async def prepare_market(url: str, rows: int) -> tuple[str, str]:
    """Fill the table; a token of a user, and the town with the most listings for sale, quoted for a query."""
    token = await log_in(url, Role.AGENT)
    async with Database.open(url) as database:
        properties, lease = feed.property_store(), await feed.take_lease(database)
        for page in feed.records(rows, 10_000):
            async with database.transaction() as connection:
                await store_page(connection, properties, feed.RULES, lease, page, [], feed.START)
            properties.settle(committed=True)
        async with database.read() as connection:
            most = (
                "SELECT city FROM properties WHERE standard_status = 'Active' GROUP BY 1"
                " HAVING count(*) <= 10000 ORDER BY count(*) DESC LIMIT 1"
            )
            city = await connection.value(str, Query("city", "The largest town whose total is exact.", most))
    settle(url, "properties")
    return token, quote(city or "")


async def log_in(url: str, role: Role) -> str:
    """Add a user with a role; a token that is good for hours."""
    clock, box = SystemClock(), SecretBox.from_text(KEY)
    settings = Settings(platbook_access_token_minutes=300)
    async with Database.open(url) as database, database.transaction() as connection:
        new = NewUser("bench@example.com", "a long password", "Bench", "Mark", role)
        user = await add_user(connection, new, COMMAND_LINE, clock.now())
        return (await LoginSessions(database, box, clock, settings).start_session(connection, user)).access_token


@asynccontextmanager
async def _express(url: str) -> AsyncGenerator[str]:
    port = free_port()
    parts = urlsplit(url)
    host = parse_qs(parts.query)["host"][0]
    key = SecretBox.from_text(KEY).derive("access-tokens").hex()
    with tempfile.TemporaryDirectory() as folder:
        for file in ("package.json", "server.js"):
            shutil.copy(PEER / file, folder)
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
        await asyncio.to_thread(subprocess.run, install, cwd=folder, check=True)
        command = ["node", f"{folder}/server.js", host, parts.path.strip("/"), str(port), key, str(POOL)]
        environment = {**os.environ, "NODE_ENV": "production"}
        async with process(command, environment, port) as address:
            yield address


async def _check_alike(ours: str, theirs: str, path: str, token: str) -> str:
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
        one, other = await client.get(ours + path), await client.get(theirs + path)
        shown = [[row["id"] for row in answer.json()["data"]["properties"]] for answer in (one, other)]
        totals = [answer.json()["data"]["pagination"]["total"] for answer in (one, other)]
        if shown[0] != shown[1] or totals[0] != totals[1] or len(shown[0]) != 50:
            raise AssertionError(f"the two do not answer alike: totals {totals}")
        again = await client.get(ours + path, headers={"If-None-Match": one.headers["etag"]})
        if again.status_code != 304:
            raise AssertionError("a conditional request is not answered by 304")
        tell("rows, of total", f"{len(shown[0])} of {totals[0]}")
        tell("bytes, ours and theirs", f"{len(one.content)}, {len(other.content)}")
        return one.headers["etag"]


async def measure_load(address: str, token: str, headers: Mapping[str, str] | None = None) -> Load:
    """One round of wrk on one address, with further headers."""
    sent = {"Authorization": f"Bearer {token}", **(headers or {})}
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency"]
    command += [part for name, value in sent.items() for part in ("-H", f"{name}: {value}")]
    done = await asyncio.to_thread(subprocess.run, [*command, address], capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout and "If-None-Match" not in sent:
        raise AssertionError(done.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    if rate is None or tail is None:
        raise AssertionError(done.stdout)
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[tail[2]]
    return Load(float(rate[1]), float(tail[1]) * scale)
