"""What display rules cost, against the same work without them, as ratios of CPU time within one run.

- Writing both documents under twelve rules, against the documents as they were written before rules were data
  (`benchmarks/peers/display`), of the same listings under settings that mean the same: CPU time.
- A public list by price where one of twenty rules hides prices, against the same list where none does.
- Explaining a listing, against reading it, of one server.
- The peaks of a server and a worker where one rule of all listings is changed, at a tenth and at the whole of them.
"""

import asyncio
import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import cast
from uuid import UUID

import httpx2
import orjson
import psutil
import psycopg
from psycopg.types.json import Jsonb

from benchmarks import feed
from benchmarks.express import log_in, prepare_market
from benchmarks.ground import KEY, fill, fresh_database, median_times, serving, tell
from benchmarks.peers.display.before_rules import Display, write_documents
from platbook.base.actor import Role, Surface
from platbook.db import Database
from platbook.listings.display import decide
from platbook.listings.documents import to_documents, to_row_fields
from platbook.listings.listing import NormalListing, Photo, StoredPicture
from platbook.listings.search import ListingSearch, Range, find_listings
from platbook.providers.display_rules import DisplayRule, ProviderRules, RuleKey, RuleSettings

DOCUMENTS = 2_000
ROUNDS = 15
REQUESTS = 100
DOCUMENTS_BAR, LIST_BAR, EXPLAIN_BAR = 1.15, 1.3, 3.0
MARKET = Path(__file__).with_name("market.sql")
PLATBOOK = str(Path(sys.executable).with_name("platbook"))
ROW = to_row_fields(UUID(int=1), feed.PROVIDER, is_local=False, is_featured=False)
NEW_FIELDS = ("displays",)
NEW_ATTRIBUTION = ("creditLabel", "logo")

Listings = Sequence[tuple[NormalListing, Sequence[Photo]]]


async def run(rows: int) -> None:
    """Print each cost and its bar."""
    for photos in (0, 20):
        _tell_documents(photos)
    await _tell_lists(rows)
    await _tell_explanations()
    await _tell_memory(rows)


def _tell_documents(photos: int) -> None:
    pictures = [_make_photo(number) for number in range(photos)]
    listings = [(one.listing, pictures) for said in feed.records(DOCUMENTS, DOCUMENTS) for one in feed.normalised(said)]
    rules = _make_rules()
    _check_alike(listings, rules)
    before, after = _compare(lambda: _write_before(listings), lambda: _write(listings, rules))
    name = f"both documents, {photos} photos, us"
    tell(name, f"{after / DOCUMENTS * 1e6:.1f}", f"{before / DOCUMENTS * 1e6:.1f} before rules")
    tell("  ratio", f"{after / before:.2f}", f"bar {DOCUMENTS_BAR}")


def _make_photo(number: int) -> Photo:
    variants = {
        name: {"name": f"ab/{number:032x}-{name}.webp", "width": width, "height": width, "bytes": width * 90}
        | {"format": "webp"}
        for name, width in (("small", 320), ("medium", 800), ("large", 1600))
    }
    picture = StoredPicture(1600, 1200, "#a0b0c0", "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCd", variants, is_public=True)
    return Photo(str(number), number, "Photo", "Front", ("Public",), None, "stored", picture=picture)


def _make_rules() -> ProviderRules:
    """Twelve rules of every kind of key, which say together what `Display` says of the listings at hand."""
    shown = RuleSettings(listing_display_when_null=True, address_display_when_null=True, mls="Board")
    window = RuleSettings.model_validate({"soldWithin": "P36M", "requireContact": True, "optOutOffices": ["none"]})
    keys = {
        RuleKey(feed.PROVIDER): shown,
        RuleKey(feed.PROVIDER, originating_system="Platbook Sample MLS"): window,
        RuleKey(feed.PROVIDER, ours=True): RuleSettings(require_contact=False),
        RuleKey(feed.PROVIDER, Surface.INTERNAL): RuleSettings(mls="Board"),
    }
    keys |= {RuleKey(feed.PROVIDER, originating_system=f"System {n}", feed="IDX"): window for n in range(8)}
    rules = [DisplayRule(UUID(int=n), key, said, 1, feed.START, "ada") for n, (key, said) in enumerate(keys.items(), 1)]
    return ProviderRules.of(rules, ["O100002", "O100005"])


def _write(listings: Listings, rules: ProviderRules) -> None:
    for listing, photos in listings:
        to_documents(listing, photos, decide(listing, rules, feed.START), row=ROW)


def _write_before(listings: Listings) -> None:
    display = _make_display()
    for listing, photos in listings:
        write_documents(listing, photos, display, row=ROW)


def _make_display() -> Display:
    return Display(listing_display_when_null=True, address_display_when_null=True, mls="Board")


def _check_alike(listings: Listings, rules: ProviderRules) -> None:
    display = _make_display()
    shown = 0
    for listing, photos in listings:
        documents = to_documents(listing, photos, decide(listing, rules, feed.START), row=ROW)
        before = write_documents(listing, photos, display, row=ROW)
        if [_to_old(text) for text in documents[:2]] != [text and orjson.loads(text) for text in before]:
            raise AssertionError(f"the documents of {listing.listing_key} are not alike")
        shown += documents.public is not None
    if shown < len(listings) / 2:
        raise AssertionError("most listings are shown")


def _to_old(text: str | None) -> Mapping[str, object] | None:
    """A document without the fields that it did not have before."""
    if text is None:
        return None
    document: dict[str, object] = orjson.loads(text)
    attribution = cast("dict[str, object]", document["attribution"])
    kept = {name: value for name, value in attribution.items() if name not in NEW_ATTRIBUTION}
    return {name: value for name, value in document.items() if name not in NEW_FIELDS} | {"attribution": kept}


def _compare(*works: Callable[[], None]) -> Iterator[float]:
    """The least CPU seconds of each, in turns: what else the machine does only ever adds."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, times in zip(works, took, strict=True):
            gc.collect()
            began = time.process_time()
            work()
            times.append(time.process_time() - began)
    return map(min, took)


async def _tell_lists(rows: int) -> None:
    search = ListingSearch(
        surface=Surface.PUBLIC, limit=50, city=("Town 7",), price=Range(Decimal(200_000), Decimal(700_000))
    )
    async with fresh_database() as shown, fresh_database() as hidden:
        for url, field in ((shown, None), (hidden, "ListPrice")):
            fill(url, MARKET, rows)
            _add_rules(url, field)
        without = with_rule = 0.0
        async with Database.open(shown) as one, Database.open(hidden) as other:
            for _ in range(2):  # the first time fills caches and prepares statements, of whichever comes first
                without, with_rule = await median_times(lambda: _find(one, search), lambda: _find(other, search))
    tell("a public list by price, ms", f"{with_rule:.2f}", f"{without:.2f} where no rule hides prices")
    tell("  ratio", f"{with_rule / without:.2f}", f"bar {LIST_BAR}")


async def _find(database: Database, search: ListingSearch) -> None:
    async with database.read() as connection:
        await find_listings(connection, search, feed.START)


def _add_rules(url: str, hidden: str | None) -> None:
    """Twenty rules for an originating system each, one of which may hide a field of every twentieth listing."""
    with psycopg.connect(url, autocommit=True) as connection:
        settings = Jsonb({"hideFields": [hidden] if hidden else [], "mls": "Board"})
        connection.execute(
            "INSERT INTO display_rules (id, provider_id, originating_system, surface, settings, version, valid_from, "
            "set_by) SELECT gen_random_uuid(), 'board', 'System ' || n, 'public', "
            "CASE WHEN n = 7 THEN %s ELSE '{\"mls\": \"Board\"}' END, 1, now(), 'ada' FROM generate_series(1, 20) AS n",
            (settings,),
        )
        connection.execute(
            "UPDATE properties SET originating_system_name = 'System 7', hidden_fields = %s "
            "WHERE substr(listing_key, 2)::int / 40 %% 20 = 7",  # of every town a share
            (hidden and [hidden],),
        )
        connection.execute("VACUUM (ANALYZE, FULL) properties")


async def _tell_explanations() -> None:
    async with fresh_database() as url:
        token, _ = await prepare_market(url, 2_000)
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT id FROM properties WHERE public_document <> '' LIMIT 1").fetchone()
        path = f"/api/v1/properties/{found[0] if found else ''}"
        headers = {"Authorization": f"Bearer {token}"}
        async with serving(url, pool=2) as address, httpx2.AsyncClient(base_url=address, headers=headers) as client:
            (server,) = psutil.Process().children()[-1:]

            async def measure(path: str) -> float:
                """CPU milliseconds of the server for one request."""
                before = server.cpu_times()
                for _ in range(REQUESTS):
                    (await client.get(path)).raise_for_status()
                after = server.cpu_times()
                return (after.user + after.system - before.user - before.system) / REQUESTS * 1000

            rounds = [(await measure(path), await measure(f"{path}/explain")) for _ in range(5)]
            read, explained = map(min, zip(*rounds, strict=True))
    tell("explaining a listing, CPU ms of the server", f"{explained:.2f}", f"{read:.2f} to read it")
    tell("  ratio", f"{explained / read:.2f}", f"bar {EXPLAIN_BAR}")


async def _tell_memory(rows: int) -> None:
    for size in (rows // 10, rows):
        async with fresh_database() as url:
            fill(url, MARKET, size)
            server, worker = await _change_rule(url)
        tell(f"{size:,} listings under a changed rule, peaks, MB", f"{server} {worker}", "server and worker")


async def _change_rule(url: str) -> tuple[int, int]:
    """Change the rule for all listings over HTTP and have them rebuilt; the peaks of server and worker in MB."""
    token = await log_in(url, Role.ADMIN)
    path = "/api/v1/admin/mls/providers/board/display-rules"
    said = {"rules": [{"settings": {"listingDisplayWhenNull": True, "soldWithin": "P36M"}}]}
    environment = {**os.environ, "DATABASE_URL": url, "PLATBOOK_SECRET_KEY": KEY, "PLATBOOK_LOG_LEVEL": "WARNING"}
    client = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=600)
    async with serving(url, pool=2) as address, client:
        (server,) = psutil.Process().children()[-1:]
        worker = await asyncio.create_subprocess_exec(PLATBOOK, "work", env=environment)
        try:
            (await client.put(address + path, json=said)).raise_for_status()
            with psycopg.connect(url, autocommit=True) as connection:
                while (
                    connection.execute("SELECT FROM listing_document_versions WHERE provider_id = 'board'").rowcount
                    != 1
                ):
                    await asyncio.sleep(1)
            return _to_peak(server.pid), _to_peak(worker.pid)
        finally:
            worker.terminate()
            await worker.wait()


def _to_peak(pid: int) -> int:
    """The most memory a process has held, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024
