"""A database as it was before display rules were data: a provider with a `display` object, and documents of then.

The documents are written by the code of then, which the benchmark of display rules keeps as its peer.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import cast
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.peers.display.before_rules import Display, write_documents
from platbook.connectors.contract import RawRecord
from platbook.db import Database, Query, WriteConnection
from platbook.db.embedded import EmbeddedPostgres
from platbook.db.migrations import migrate
from platbook.listings import store
from platbook.listings.documents import to_row_fields
from platbook.listings.listing import NormalListing, Origin, Photo
from platbook.listings.store import IncomingListing
from platbook.mapping.mapping import plan_mapping
from platbook.market import Market
from platbook.providers.display_rules import ProviderRules
from tests.fresh_database import fresh_database
from tests.upgrade.stored import apply_migrations

LAST_MIGRATION = "0075"
BOARD = "board"
THEN = datetime(2026, 1, 1, tzinfo=UTC)
DISPLAY = {
    "listingDisplayWhenNull": True,
    "addressDisplayWhenNull": False,
    "photoDisplayWhenNull": True,
    "hotLink": False,
    "statuses": ["Active", "Closed", "Coming Soon", "Pending"],
    "mls": "Sample Board",
    "copyright": None,
    "disclaimer": "Deemed reliable but not guaranteed.",
}
"""The provider's, all of its settings written out as they were stored then."""
_DISPLAY = Display(
    listing_display_when_null=True,
    address_display_when_null=False,
    photo_display_when_null=True,
    statuses=("Active", "Closed", "Coming Soon", "Pending"),
    mls="Sample Board",
    disclaimer="Deemed reliable but not guaranteed.",
)
_PERMISSIONS = (["Public"], None, ["Private"], ["IDX", "Private"])
_PAGE = 1000
_ADD_PHOTOS = """
INSERT INTO property_media (id, provider_id, property_id, media_key, "order", category, permission, state, created_at,
    updated_at)
SELECT gen_random_uuid(), 'board', %(id)s, key, ordinality, 'Photo', CASE key WHEN '0' THEN ARRAY['Public']
    WHEN '2' THEN ARRAY['Private'] WHEN '3' THEN ARRAY['IDX', 'Private'] END, 'waiting', %(at)s, %(at)s
FROM unnest(ARRAY['0', '1', '2', '3']) WITH ORDINALITY AS keys (key, ordinality)
"""


class _Catcher(WriteConnection):
    """Stands in for a connection and keeps the rows of listings that would be copied."""

    def __init__(self) -> None:
        self.rows: list[tuple[object, ...]] = []

    async def copy_in(self, table: str, columns: Sequence[str], types: Sequence[str], rows: object) -> None:
        del columns, types
        if table == "properties":
            self.rows += cast("list[tuple[object, ...]]", rows)


@asynccontextmanager
async def upgraded_database(postgres: EmbeddedPostgres, listings: int) -> AsyncGenerator[Database]:
    """A database of then with so many listings of four photos each, upgraded as a start of Platbook does it."""
    with fresh_database(postgres, "template1") as url:
        with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as connection:
            apply_migrations(connection, LAST_MIGRATION)
            connection.execute(
                "INSERT INTO mls_provider_configurations (provider_id, provider_name, provider_type, display) "
                "VALUES (%s, 'Board', 'MOCK', %s)",
                (BOARD, Jsonb(DISPLAY)),
            )
        async with Database.open(url) as database:
            await _store_listings(database, listings)
        await migrate(url)
        async with Database.open(url) as database:
            yield database


async def _store_listings(database: Database, listings: int) -> None:
    known = "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'properties'"
    async with database.read() as connection:
        stored = set(await connection.column(str, Query("columns", "Those of then.", known)))
    columns = [name for name in store.ROW_COLUMNS if name in stored]
    types = [kind for name, kind in zip(store.ROW_COLUMNS, store.ROW_TYPES, strict=True) if name in stored]
    for page in _pages(listings):
        catcher = _Catcher()
        await store.insert_listings(catcher, page, Origin(BOARD, "sync", THEN), ProviderRules(()))
        rows = [_to_row(one.listing, row) for one, row in zip(page, catcher.rows, strict=True)]
        async with database.transaction() as connection:
            await connection.copy_in("properties", columns, types, [[row[name] for name in columns] for row in rows])
            photos = [{"id": row["id"], "at": THEN} for row in rows]
            await connection.run_many(Query("add_photos", "Photos of then.", _ADD_PHOTOS), photos)


def _pages(listings: int) -> Iterator[list[IncomingListing]]:
    mapping = plan_mapping({})
    market = Market(1, listings, THEN).listings(THEN)
    while page := [RawRecord(one.key, one.record, modified=None) for one in islice(market, _PAGE)]:
        yield [IncomingListing(mapping.normalise(one), store.to_raw_json(one.fields), b"hash") for one in page]


def _to_row(listing: NormalListing, row: Sequence[object]) -> dict[str, object]:
    """A row of today made one of then."""
    found = dict(zip(store.ROW_COLUMNS, row, strict=True))
    own = to_row_fields(cast("UUID", found["id"]), BOARD, is_local=False, is_featured=False)
    photos = [
        Photo(str(number), number + 1, "Photo", None, permission, None, "waiting")
        for number, permission in enumerate(_PERMISSIONS)
    ]
    internal, public = write_documents(listing, photos, _DISPLAY, row=own)
    address = listing.value("InternetAddressDisplayYN") is True
    return found | {
        "internal_document": internal,
        "public_document": public,
        "shows_address": address,
        "document_version": "4.2.d1d7c2a91b0e",
    }
