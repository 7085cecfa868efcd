"""A provider's `display` object of before becomes its rule, and its public documents stay as they were."""

from typing import Any

import orjson
import pytest

from platbook.base.clock import SetClock
from platbook.db import Database, Query
from platbook.db.embedded import EmbeddedPostgres
from platbook.listings.rebuild import rebuild_documents
from platbook.providers.rule_versions import get_rules, to_json
from tests.upgrade.before_display_rules import BOARD, DISPLAY, THEN, upgraded_database

SHOWN = Query(
    "shown",
    "What the public may read now, by listing key.",
    "SELECT listing_key, public_document FROM properties WHERE listing_is_public(visible, public_document, "
    "public_until, '2026-01-01') ORDER BY listing_key",
)
OPEN = Query("open", "Photos that are open.", "SELECT count(*) FROM property_media WHERE is_open")
STALE = Query("stale", "Documents of before.", "SELECT count(*) FROM properties WHERE document_version LIKE '4.%%'")


async def _read_public(database: Database) -> dict[str, dict[str, Any]]:
    """The public documents, without the fields that those of before do not have."""
    async with database.read() as connection:
        rows = await connection.tuples(SHOWN)
    return {str(key): _to_old(orjson.loads(str(text))) for key, text in rows}


def _to_old(document: dict[str, Any]) -> dict[str, Any]:
    attribution = {
        name: value for name, value in document["attribution"].items() if name not in {"creditLabel", "logo"}
    }
    return {name: value for name, value in document.items() if name != "displays"} | {"attribution": attribution}


@pytest.mark.parametrize(("listings", "batch"), [(300, 100), pytest.param(10_000, 1000, marks=pytest.mark.soak)])
async def test_public_documents_stay_as_they_were(postgres: EmbeddedPostgres, listings: int, batch: int) -> None:
    async with upgraded_database(postgres, listings) as database:
        before = await _read_public(database)
        async with database.read() as connection:
            rule = (await get_rules(connection, BOARD)).whole_provider
            open_before = await connection.value(int, OPEN)
            assert await connection.value(int, STALE) == listings
        assert rule is not None
        assert to_json(rule.settings) == {name: value for name, value in DISPLAY.items() if value is not None}
        assert listings / 2 < len(before) < listings
        assert any(document["address"]["streetName"] is None for document in before.values())
        assert {len(document["media"]) for document in before.values()} == {3}
        assert open_before == 3 * listings

        rebuilt = 0
        while written := await rebuild_documents(database, SetClock(THEN), BOARD, limit=batch):
            rebuilt += written
            assert await _read_public(database) == before

        assert rebuilt == listings
        async with database.read() as connection:
            assert await connection.value(int, OPEN) == open_before
            assert await connection.value(int, STALE) == 0
