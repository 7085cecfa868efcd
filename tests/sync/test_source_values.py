"""Values as sources send them, from the wire to the row and its search words."""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from platbook.connectors.contract import RawRecord
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig


def _with(key: str, fields: Mapping[str, object]) -> RawRecord:
    record = listing(key)
    return replace(record, fields={**record.fields, **fields})


async def _find(rig: SyncRig, words: str) -> list[object]:
    """The listings in whose search words some words are."""
    sql = "SELECT listing_key FROM properties WHERE words @@ plainto_tsquery('english', %(words)s) ORDER BY 1"
    return [row["listing_key"] for row in await rig.rows(sql, words=words)]


async def test_an_address_in_parts_is_whole_and_is_found(sync_rig: MakeSyncRig) -> None:
    parts = {"StreetNumber": "9123", "StreetDirPrefix": "N", "StreetName": "Quailrun", "UnitNumber": "4B"}
    rig = await sync_rig(
        Source(one_page(_with("1", {**parts, "UnparsedAddress": None}), listing("2")), all_keys("1", "2"))
    )
    await rig.sync()
    rows = await rig.rows("SELECT unparsed_address AS a FROM properties ORDER BY listing_key")
    assert [row["a"] for row in rows] == ["9123 N Quailrun #4B", "2 Maple St"]
    assert (await _find(rig, "quailrun"), await _find(rig, "9123 quailrun")) == (["1"], ["1"])
    assert await rig.rows("SELECT FROM listing_terms WHERE kind = 'word' AND term = 'quailrun'")


async def test_html_is_no_word_of_a_listing_and_stays_in_the_raw_record(sync_rig: MakeSyncRig) -> None:
    html = "Bed &amp; bath.<br/>It&#39;s&nbsp;nice"
    rig = await sync_rig(Source(one_page(_with("1", {"PublicRemarks": html})), all_keys("1")))
    await rig.sync()
    (row,) = await rig.rows("SELECT public_remarks, raw ->> 'PublicRemarks' AS raw FROM properties")
    assert (row["public_remarks"], row["raw"]) == ("Bed & bath.\nIt's nice", html)
    assert (await _find(rig, "nbsp"), await _find(rig, "bath")) == ([], ["1"])


async def test_lots_are_found_by_size_whichever_way_the_source_says_it(sync_rig: MakeSyncRig) -> None:
    lots: dict[str, dict[str, object]] = {
        "1": {"LotSizeAcres": 0.25, "LotSizeSquareFeet": 0},
        "2": {"LotSizeAcres": 0, "LotSizeSquareFeet": 10890},
        "3": {"LotSizeArea": "0.25", "LotSizeUnits": "Acre"},
        "4": {"LotSizeArea": "10890", "LotSizeUnits": "Sq. Ft."},
    }
    rig = await sync_rig(Source(one_page(*(_with(key, lot) for key, lot in lots.items())), all_keys(*lots)))
    await rig.sync()
    rows = await rig.rows("SELECT DISTINCT lot_size_square_feet AS f, lot_size_acres AS a FROM properties")
    assert [(row["f"], row["a"]) for row in rows] == [(Decimal(10890), Decimal("0.25"))]


async def test_a_position_that_cannot_be_costs_the_position(sync_rig: MakeSyncRig) -> None:
    records = [
        _with("1", {"Latitude": 39.74, "Longitude": 104.99, "Country": "US"}),
        _with("2", {"Latitude": -104.99, "Longitude": 39.74, "Country": "US"}),
    ]
    rig = await sync_rig(Source(one_page(*records), all_keys("1", "2")))
    assert (await rig.sync())["status"] == "success"
    assert (
        await rig.rows("SELECT listing_key FROM properties WHERE latitude IS NOT NULL OR longitude IS NOT NULL") == []
    )
    found = await rig.rows("SELECT kind, field, sample FROM findings ORDER BY field")
    assert [tuple(row.values()) for row in found] == [
        ("suspicious_value", "Latitude", "-104.99"),
        ("suspicious_value", "Longitude", "104.99"),
    ]
    mended = {"Longitude": {"to": "longitude", "absolute": True, "negate": True}}
    await rig.run_sql("UPDATE mls_provider_configurations SET field_mapping = %(m)s::jsonb", m=json.dumps(mended))
    rig.source.pages = one_page(records[0])
    await rig.sync()
    (row,) = await rig.rows("SELECT latitude, longitude FROM properties WHERE listing_key = '1'")
    assert (row["latitude"], row["longitude"]) == (39.74, -104.99)
