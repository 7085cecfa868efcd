"""A narrowed scope hides at once what it no longer asks for, whatever went before."""

import pytest

from platbook.base.errors import SourceUnavailable
from platbook.connectors.contract import Cursor, Page
from platbook.sync.runs.lifecycle import SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import Desk, MakeDesk


async def _narrow(at: Desk, scope: str) -> None:
    await at.run_sql("UPDATE mls_provider_configurations SET scope = %(scope)s::jsonb", scope=scope)


async def test_a_scope_narrowed_after_a_first_walk_that_was_cut(desk: MakeDesk) -> None:
    first = Page([listing("1"), listing("2", StandardStatus="Closed")], checkpoint=Cursor("1"))
    at = await desk(Source([first, SourceUnavailable("gone")]))
    await at.sync()
    assert await at.keys() == ["1", "2"]
    await _narrow(at, '{"statuses": ["Active"]}')
    at.source.pages = [SourceUnavailable("still gone")]
    await at.sync(SyncType.INCREMENTAL)
    assert await at.keys() == ["1"]


async def test_a_scope_narrowed_together_with_the_mapping(desk: MakeDesk) -> None:
    at = await desk(Source(one_page(listing("1"), listing("2", StandardStatus="Closed")), all_keys("1", "2")))
    await at.sync()
    await _narrow(at, '{"statuses": ["Active"]}')
    await at.run_sql("DELETE FROM mls_sync_cursors")  # as another mapping does
    at.source.pages = one_page(listing("1"))  # the source is asked by the new scope
    await at.sync(SyncType.INCREMENTAL)
    assert await at.keys() == ["1"]
    assert await at.timeline("2") == ["listed", "out_of_scope"]


@pytest.mark.parametrize(
    ("scope", "fields"),
    [
        ('{"closedSince": "2025-01-01"}', {"StandardStatus": "Closed"}),
        ('{"closedSince": "2025-01-01"}', {"StandardStatus": "Closed", "CloseDate": "2024-12-31"}),
        ('{"propertyTypes": ["Residential"]}', {"PropertyType": None}),
        ('{"propertyTypes": ["Residential"], "statuses": ["Active"]}', {"PropertyType": None}),
    ],
)
async def test_what_lacks_the_fact_a_scope_asks_by_is_out_of_it(
    desk: MakeDesk, scope: str, fields: dict[str, object]
) -> None:
    kept = listing("1", StandardStatus="Active")
    at = await desk(Source(one_page(kept, listing("2", "2026-01-01T00:00:00Z", **fields)), all_keys("1", "2")))
    await at.sync()
    assert await at.keys() == ["1", "2"]
    await _narrow(at, scope)
    at.source.pages = one_page(kept)
    await at.sync(SyncType.INCREMENTAL)
    assert await at.keys() == ["1"]
