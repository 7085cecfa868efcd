"""A narrowed scope hides at once what it no longer asks for, whatever went before."""

import pytest

from platbook.base.errors import SourceUnavailable
from platbook.connectors.contract import Cursor, Page
from platbook.sync.runs.run import SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig


async def _narrow(rig: SyncRig, scope: str) -> None:
    await rig.run_sql("UPDATE mls_provider_configurations SET scope = %(scope)s::jsonb", scope=scope)


async def test_a_scope_narrowed_after_a_first_walk_that_was_cut(sync_rig: MakeSyncRig) -> None:
    first = Page([listing("1"), listing("2", StandardStatus="Closed")], checkpoint=Cursor("1"))
    rig = await sync_rig(Source([first, SourceUnavailable("gone")]))
    await rig.sync()
    assert await rig.keys() == ["1", "2"]
    await _narrow(rig, '{"statuses": ["Active"]}')
    rig.source.pages = [SourceUnavailable("still gone")]
    await rig.sync(SyncType.INCREMENTAL)
    assert await rig.keys() == ["1"]


async def test_a_scope_narrowed_together_with_the_mapping(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1"), listing("2", StandardStatus="Closed")), all_keys("1", "2")))
    await rig.sync()
    await _narrow(rig, '{"statuses": ["Active"]}')
    await rig.run_sql("DELETE FROM mls_sync_cursors")  # as another mapping does
    rig.source.pages = one_page(listing("1"))  # the source is asked by the new scope
    await rig.sync(SyncType.INCREMENTAL)
    assert await rig.keys() == ["1"]
    assert await rig.timeline("2") == ["listed", "out_of_scope"]


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
    sync_rig: MakeSyncRig, scope: str, fields: dict[str, object]
) -> None:
    kept = listing("1", StandardStatus="Active")
    rig = await sync_rig(Source(one_page(kept, listing("2", "2026-01-01T00:00:00Z", **fields)), all_keys("1", "2")))
    await rig.sync()
    assert await rig.keys() == ["1", "2"]
    await _narrow(rig, scope)
    rig.source.pages = one_page(kept)
    await rig.sync(SyncType.INCREMENTAL)
    assert await rig.keys() == ["1"]
