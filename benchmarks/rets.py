"""The RETS client against rets-continued and a bare expat loop: one reply of 120 columns over loopback, Digest login.

Each client is a process of its own that counts its CPU from before the login to after the logout, so that start-up and
the server count for nobody; rounds in turn, the median of each. That all read the same is checked before anything is
timed. Memory is the process's peak, and its growth since the login.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import cast

from benchmarks.ground import fresh_database, tell

PEERS = Path(__file__).parent / "peers" / "rets"
CONTINUED = Path(sys.executable).parent.parent / "clients" / "rets-continued"
ROUNDS = 5
SMALL = 2000
TUPLES_BAR, DICTS_BAR, LOOP_BAR, GROWTH_BAR = 1.6, 1.3, 0.75, 2.0

Result = dict[str, float]


async def run(rows: int) -> None:
    """Print rates, ratios and memory at `rows`, and the peak at ten times as many."""
    async with fresh_database() as url:
        await asyncio.to_thread(_run, rows, url)


def _run(rows: int, database: str) -> None:
    with _feed(SMALL) as login:
        checksums = {name: _client(name, login, database, check=True)["checksum"] for name in _names()}
        if len(set(checksums.values())) != 1:
            raise AssertionError(f"the clients do not read the same: {checksums}")
    results: dict[str, list[Result]] = {name: [] for name in _names()}
    with _feed(rows) as login:
        for _ in range(ROUNDS):
            for name, some in results.items():
                some.append(_client(name, login, database))
    rates = {name: median(rows / one["cpu"] for one in some) for name, some in results.items()}
    for name, rate in rates.items():
        peak, growth = (max(one[what] for one in results[name]) for what in ("peak", "growth"))
        tell(f"{name}, rows per CPU-second", f"{rate:,.0f}", f"peak {peak:.0f} MB, growth {growth:.1f} MB")
    tell("tuples against the loop", f"{rates['Platbook tuples'] / rates['expat loop']:.2f}", f"bar {LOOP_BAR}")
    tell("dicts against the loop's", f"{rates['Platbook dicts'] / rates['expat loop, dicts']:.2f}")
    if "rets-continued" in rates:
        theirs, growths = (
            rates["rets-continued"],
            {name: max(one["growth"] for one in some) for name, some in results.items()},
        )
        tell("tuples against rets-continued", f"{rates['Platbook tuples'] / theirs:.2f}", f"bar {TUPLES_BAR}")
        tell("dicts against rets-continued", f"{rates['Platbook dicts'] / theirs:.2f}", f"bar {DICTS_BAR}")
        less = growths["rets-continued"] / max(growths["Platbook tuples"], growths["Platbook dicts"], 0.1)
        tell("rets-continued's growth against ours", f"{less:.1f}", f"bar {GROWTH_BAR}")
    with _feed(rows * 10) as login:
        large = _client("Platbook tuples", login, database)
    small = max(one["peak"] for one in results["Platbook tuples"])
    tell(
        f"peak at {rows * 10:,} rows, MB", f"{large['peak']:.0f}", f"{large['peak'] / small:.2f} times that at {rows:,}"
    )


def _names() -> list[str]:
    names = ["expat loop", "expat loop, dicts", "Platbook tuples", "Platbook dicts"]
    if CONTINUED.is_dir():
        return ["rets-continued", *names]
    tell("rets-continued", "", "left out: make clients installs it")
    return names


def _client(name: str, login: str, database: str, *, check: bool = False) -> Result:
    program = "continued" if name == "rets-continued" else "expat_loop" if "loop" in name else "platbook_client"
    kind = "dicts" if "dicts" in name else "tuples"
    command = [sys.executable, str(PEERS / f"{program}.py"), login, kind, "check" if check else "no", database]
    place = str(CONTINUED) if name == "rets-continued" else ""
    environment = {**os.environ, "PYTHONPATH": place}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise AssertionError(f"{name} failed: {done.stderr[-2000:]}")
    return cast("Result", json.loads(done.stdout))


@contextmanager
def _feed(rows: int) -> Generator[str]:
    command = [sys.executable, str(PEERS / "feed.py"), str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            yield f"http://127.0.0.1:{port}/rets/login"
        finally:
            process.kill()
