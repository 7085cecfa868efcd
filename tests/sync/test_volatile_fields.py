"""Fields that move by themselves: no listing is written for them, and the timeline never names them."""

import json
from dataclasses import replace
from typing import cast

import pytest

from platbook.connectors.contract import RawRecord
from platbook.sync.runs.run import SyncType
from platbook.sync.volatile import VolatileFields
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig

LATER = "2026-01-01T09:00:00Z"


async def _fields_told(rig: SyncRig) -> set[object]:
    rows = await rig.rows("SELECT changes FROM listing_changes WHERE kind <> 'listed'")
    changes = [one for row in rows for one in cast("list[dict[str, object]]", row["changes"])]
    return {one["field"] for one in changes}


@pytest.mark.parametrize(
    ("field", "first", "second", "configuration"),
    [
        ("DaysOnMarket", 10, 11, {}),
        ("CumulativeDaysOnMarket", "10", "11", {}),
        ("DOM", "10", "11", {}),
        ("DOM", "10", "11", {"fieldMapping": {"DOM": "DaysOnMarket"}}),
        ("LIST_9", "10", "11", {"fieldMapping": {"LIST_9": "CumulativeDaysOnMarket"}}),
        ("ViewCount", 10, 11, {}),
        ("LIST_9", "10", "11", {"settings": {"volatileFields": ["LIST_9"]}}),
        ("WalkScore", 10, 11, {"settings": {"volatileFields": ["WalkScore"]}}),
        ("LIST_9", 10, 11, {"settings": {"volatileFields": ["WalkScore"]}, "fieldMapping": {"LIST_9": "WalkScore"}}),
        ("VirtualTourURLUnbranded", "https://a.example/1?sig=1", "https://a.example/1?sig=2", {}),
    ],
)
async def test_what_moves_by_itself_is_stored_with_the_next_change_and_never_told(
    sync_rig: MakeSyncRig, field: str, first: object, second: object, configuration: dict[str, object]
) -> None:
    def record(value: object, **changed: object) -> RawRecord:
        before = listing("1")
        return replace(before, fields={**before.fields, field: value, **changed})

    rig = await sync_rig(Source(one_page(record(first)), all_keys("1")), **configuration)
    await rig.sync()
    rig.source.pages = one_page(record(second))
    run = await rig.sync()
    assert (run["updated"], run["unchanged"]) == (0, 1)
    assert await rig.timeline("1") == ["listed"]
    rig.source.pages = one_page(record(second, ListPrice=425000, ModificationTimestamp=LATER))
    assert (await rig.sync(SyncType.INCREMENTAL))["updated"] == 1
    (row,) = await rig.rows("SELECT raw FROM properties")
    assert cast("dict[str, object]", row["raw"])[field] == second
    assert await _fields_told(rig) == {"listPrice"}


async def test_a_mapping_that_gives_a_name_another_meaning_is_believed(sync_rig: MakeSyncRig) -> None:
    mapping = {"fieldMapping": {"DOM": "PublicRemarks"}}
    rig = await sync_rig(Source(one_page(listing("1", DOM="A domed hall")), all_keys("1")), **mapping)
    await rig.sync()
    rig.source.pages = one_page(listing("1", DOM="A hall with a dome"))
    assert (await rig.sync())["updated"] == 1


async def test_a_field_is_recognised_by_the_standard_name_that_the_metadata_gives_it(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", LIST_9="10")), all_keys("1")))
    fields = [{"name": "LIST_9", "standard_name": "DaysOnMarket"}, {"name": "LIST_8", "standard_name": "View"}]
    discovery = {"resources": [{"name": "Property", "classes": [{"name": "RES", "fields": fields}]}]}
    sql = "INSERT INTO mls_discoveries VALUES ('board', NULL, '', %(discovery)s::jsonb, now())"
    await rig.run_sql(sql, discovery=json.dumps(discovery))
    await rig.sync()
    rig.source.pages = one_page(listing("1", LIST_9="11"))
    assert (await rig.sync())["unchanged"] == 1
    rig.source.pages = one_page(listing("1", LIST_9="11", LIST_8="Mountains"))
    assert (await rig.sync())["updated"] == 1


@pytest.mark.parametrize("standard_name", ["BedroomsTotal", None])
async def test_a_name_that_is_another_field_in_another_class_does_not_move_by_itself(
    sync_rig: MakeSyncRig, standard_name: str | None
) -> None:
    rig = await sync_rig(Source(one_page(listing("1", LIST_9="10")), all_keys("1")))
    names = {"RES": "DaysOnMarket", "COM": standard_name}
    classes = [
        {"name": name, "fields": [{"name": "LIST_9", "standard_name": standard}]} for name, standard in names.items()
    ]
    sql = "INSERT INTO mls_discoveries VALUES ('board', NULL, '', %(discovery)s::jsonb, now())"
    await rig.run_sql(sql, discovery=json.dumps({"resources": [{"name": "Property", "classes": classes}]}))
    await rig.sync()
    rig.source.pages = one_page(listing("1", LIST_9="11"))
    assert (await rig.sync())["updated"] == 1


@pytest.mark.parametrize(
    ("mappings", "settings", "updated"),
    [
        ({"A": {"LIST_9": "DaysOnMarket"}}, {}, 0),
        ({"A": {"LIST_9": "DaysOnMarket"}, "B": {"LIST_9": "BedroomsTotal"}}, {}, 1),
        ({"A": {"LIST_9": "WalkScore"}, "B": {"LIST_9": "BedroomsTotal"}}, {"volatileFields": ["WalkScore"]}, 1),
        ({"A": {"DOM": "PublicRemarks"}}, {}, 1),
    ],
)
async def test_fields_that_move_by_themselves_are_recognised_in_the_mappings_of_classes(
    sync_rig: MakeSyncRig, mappings: dict[str, dict[str, str]], settings: dict[str, object], updated: int
) -> None:
    def record(value: str) -> RawRecord:
        return replace(listing("1", **dict.fromkeys(mappings["A"], value)), source_class="A")

    configuration = {"fieldMapping": {"classes": mappings}, "settings": settings}
    rig = await sync_rig(Source(one_page(record("10")), all_keys("1")), **configuration)
    await rig.sync()
    rig.source.pages = one_page(record("11"))
    assert (await rig.sync())["updated"] == updated


def test_fields_are_recognised_whenever_they_first_come() -> None:
    volatile = VolatileFields()
    assert volatile.of({"ListPrice": 1}.keys()) == set()
    assert volatile.of({"ListPrice": 1, "DOM": 2}.keys()) == {"DOM"}
