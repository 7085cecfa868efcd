"""The memory of a worker that syncs a tenth and the whole of the listings: it must not grow with them.

The product as it is run: `platbook sync` over a RETS source in a process of its own.
"""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

from benchmarks.ground import fresh_database, tell
from platbook.simulate.rets.fields import RESOURCES

BAR_MB = 300
PROVIDER = "mls"
PLATBOOK = Path(sys.executable).with_name("platbook")


async def run(rows: int) -> None:
    """Print the peak at both sizes."""
    peaks: list[int] = []
    for size in (rows // 10, rows):
        async with fresh_database() as url:
            with _source(size) as login_url:
                peaks.append(_sync(url, login_url, size))
        tell(f"worker's peak at {size:,} listings, MB", str(peaks[-1]), f"bar {BAR_MB}")
    tell("ratio of the peaks", f"{peaks[1] / peaks[0]:.2f}")


@contextmanager
def _source(listings: int) -> Generator[str]:
    """Another process that serves so many listings; the address to log in at."""
    command = [PLATBOOK, "simulate", "rets", "--port", "0", "--listings", str(listings)]
    with subprocess.Popen(command, stdout=PIPE, text=True) as source:
        try:
            found = re.search(r"http\S+", source.stdout.readline() if source.stdout else "")
            if found is None:
                raise AssertionError("the simulator names its address when it is up")
            yield found[0]
        finally:
            source.terminate()


def _sync(url: str, login_url: str, size: int) -> int:
    """Add the source as a provider and sync it whole; the peak of the process that did, in MB."""
    own = {**os.environ, "DATABASE_URL": url, "PLATBOOK_SECRET_KEY": secrets.token_hex(32)}
    said = {
        "providerId": PROVIDER,
        "providerName": "MLS",
        "providerType": "RETS",
        "loginUrl": login_url,
        "credentials": {"username": "demo", "password": "demo"},
        # More sessions than one, so that this process does not fetch photos in the run's own.
        "settings": {"classes": [one.name for one in RESOURCES[0].classes], "sessions": 2},
    }
    adding = [PLATBOOK, "provider", "add", "-"]
    subprocess.run(adding, input=json.dumps(said), env=own, text=True, stdout=PIPE, check=True)
    syncing = subprocess.Popen([PLATBOOK, "sync", PROVIDER, "--full", "--here", "--json"], env=own, stdout=PIPE)
    ended = json.loads(syncing.stdout.read() if syncing.stdout else b"{}")
    _, code, used = os.wait4(syncing.pid, 0)
    if code or ended["added"] != size:
        raise AssertionError(f"the sync of {size} ended as {ended['status']} with {ended['added']}")
    return used.ru_maxrss // 1024
