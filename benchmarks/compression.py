"""`GET /properties`, 100 rows, in gzip against the same list as it is: one server, rounds in turn, load by wrk.

What the compressed documents of a list take when they are first shown is beside it, without a bar.
"""

import gzip
import shutil
import time
from statistics import median

import httpx2

from benchmarks.express import CONNECTIONS, MOST_ROWS, POOL, ROUNDS, measure_load, prepare_market
from benchmarks.ground import fresh_database, serving, tell

BAR = 0.9
LIMIT = 100
CODINGS = ("identity", "gzip")


async def run(rows: int) -> None:
    """Print both rates, their ratio, and the bytes of both."""
    if shutil.which("wrk") is None:
        tell("skipped", "", "wrk is not on this machine")
        return
    async with fresh_database() as url:
        token, city = await prepare_market(url, min(rows, MOST_ROWS))
        path = f"/api/v1/properties?city={city}&limit={LIMIT}"
        async with serving(url, pool=POOL) as address:
            await _check_alike(address + path, token)
            loads: dict[str, list[float]] = {coding: [] for coding in CODINGS}
            for _ in range(ROUNDS):
                for coding, rates in loads.items():
                    load = await measure_load(address + path, token, {"Accept-Encoding": coding})
                    rates.append(load.rate)
    plain, coded = (median(loads[coding]) for coding in CODINGS)
    tell(f"as it is, requests/s by {CONNECTIONS} connections", f"{plain:,.0f}")
    tell("in gzip, requests/s", f"{coded:,.0f}")
    tell("ratio", f"{coded / plain:.2f}", f"bar {BAR}")


async def _check_alike(address: str, token: str) -> None:
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
        bodies: dict[str, bytes] = {}
        for coding in CODINGS:
            began = time.perf_counter()
            async with client.stream("GET", address, headers={"Accept-Encoding": coding}) as answer:
                bodies[coding] = b"".join([part async for part in answer.aiter_raw()])
            tell(f"first request, {coding}, ms", f"{(time.perf_counter() - began) * 1000:.0f}")
    shown = [to_rows(body) for body in (bodies["identity"], gzip.decompress(bodies["gzip"]))]
    if shown[0] != shown[1] or shown[0].count(b'"listingKey"') != LIMIT:
        raise AssertionError("the two lists are not alike")
    tell("bytes, as it is and in gzip", ", ".join(str(len(bodies[coding])) for coding in CODINGS))


def to_rows(body: bytes) -> bytes:
    """A list without its pagination, whose cursor holds the time."""
    return body.rpartition(b'],"pagination":')[0]
