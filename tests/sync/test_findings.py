"""Values that cannot be taken: each costs itself, is counted as a finding, and nothing else."""

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from platbook.connectors.contract import MediaRef, RawRecord
from platbook.listings.rebuild import rebuild_documents
from platbook.providers.finding import Finding, FindingChange, FindingKind, ValueFinding, compare_findings, to_finding
from platbook.providers.findings import record_findings
from platbook.sync.runs.run import SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LATER = "2026-01-01T12:00:00Z"
SHOWN = {"InternetEntireListingDisplayYN": True, "InternetAddressDisplayYN": True}


def _with(key: str, fields: Mapping[str, object]) -> RawRecord:
    """A listing with further fields."""
    record = listing(key)
    return replace(record, fields={**record.fields, **fields})


async def _counts(rig: SyncRig) -> dict[object, object]:
    """The open findings' counts by field."""
    rows = await rig.rows("SELECT field, sum(count) AS n FROM findings WHERE closed_at IS NULL GROUP BY field")
    return {row["field"]: row["n"] for row in rows}


async def _true_counts(rig: SyncRig) -> dict[object, object]:
    rows = await rig.rows(
        "SELECT key, count(*) AS n FROM properties, unnest(finding_keys) AS key "
        "WHERE removed_at IS NULL AND out_of_scope_at IS NULL AND erased_at IS NULL GROUP BY key"
    )
    return {row["key"]: row["n"] for row in rows}


async def _stored_counts(rig: SyncRig) -> dict[object, object]:
    rows = await rig.rows("SELECT kind || ':' || coalesce(field, '') || ':' || reason AS key, count FROM findings")
    return {row["key"]: row["count"] for row in rows if row["count"]}


async def test_an_unreadable_year_does_not_hold_back_that_the_house_is_sold(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", YearBuilt=1990)), all_keys("1")))
    await rig.sync()
    sold = {"StandardStatus": "Closed", "ClosePrice": 480000, "CloseDate": "2026-01-08"}
    rig.source.pages = one_page(listing("1", LATER, YearBuilt="1890s", **sold))
    run = await rig.sync(SyncType.INCREMENTAL)
    assert (run["status"], run["updated"], run["errored"]) == ("success", 1, 0)
    (row,) = await rig.rows("SELECT standard_status, close_price, year_built, raw FROM properties")
    assert (row["standard_status"], row["close_price"], row["year_built"]) == ("Closed", 480000, None)
    assert isinstance(row["raw"], dict)
    assert row["raw"]["YearBuilt"] == "1890s"
    (found,) = await rig.rows("SELECT * FROM findings")
    assert (found["provider_id"], found["resource"], found["kind"]) == ("board", "Property", "unreadable_value")
    assert (found["field"], found["reason"]) == ("YearBuilt", "not a whole number")
    assert (found["count"], found["sample"], found["closed_at"]) == (1, "1890s", None)
    assert await rig.rows("SELECT * FROM mls_sync_errors") == []


async def test_a_new_listing_is_stored_whatever_its_other_values_are(sync_rig: MakeSyncRig) -> None:
    bad: dict[str, object] = {
        "StoriesTotal": "Two",
        "YearBuilt": "1890s",
        "CloseDate": "0000-00-00",
        "City": {"name": "x"},
        "PoolPrivateYN": "perhaps",
        "Latitude": "north",
    }
    rig = await sync_rig(Source(one_page(_with("1", bad)), all_keys("1")))
    assert (await rig.sync())["status"] == "success"
    assert await rig.keys() == ["1"]
    assert await _counts(rig) == dict.fromkeys(bad, 1)


@pytest.mark.parametrize("name", ["StandardStatus", "ModificationTimestamp"])
async def test_what_decides_a_record_rejects_it(sync_rig: MakeSyncRig, name: str) -> None:
    rig = await sync_rig(Source(one_page(_with("1", {name: "?"})), all_keys("1")))
    run = await rig.sync()
    assert (run["status"], run["added"], run["errored"]) == ("partial", 0, 1)
    assert [row["field"] for row in await rig.rows("SELECT field FROM mls_sync_errors")] == [name]
    assert await _counts(rig) == {}


async def test_a_mapping_may_say_that_a_field_decides(sync_rig: MakeSyncRig) -> None:
    mapping = {"Yr": {"to": "yearBuilt", "unreadable": "reject"}, "Use": {"to": "Zoning", "lookup": {"R": "Res"}}}
    rig = await sync_rig(Source(one_page(listing("1", Yr="1890s")), all_keys("1")), fieldMapping=mapping)
    assert (await rig.sync())["errored"] == 1
    assert [row["field"] for row in await rig.rows("SELECT field FROM mls_sync_errors")] == ["Yr"]


async def test_an_unreadable_price_is_withheld_with_the_public_document(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(_with("1", SHOWN)), all_keys("1")))
    await rig.sync()
    for name, status in (("ListPrice", "Pending"), ("ClosePrice", "Closed")):
        rig.source.pages = one_page(listing("1", LATER, **SHOWN, StandardStatus=status, **{name: "call us"}))
        assert (await rig.sync())["updated"] == 1
        (row,) = await rig.rows("SELECT * FROM properties")
        assert (row["standard_status"], row["public_document"]) == (status, None)
        internal = json.loads(str(row["internal_document"]))
        assert internal["listPrice" if name == "ListPrice" else "closePrice"] is None
    kinds = ["listed", "status_changed", "status_changed", "price_changed"]
    assert await rig.timeline("1") == kinds, "the price came back, and was never changed to nothing"
    rig.source.pages = one_page(listing("1", LATER, **SHOWN, StandardStatus="Closed", ClosePrice="480000"))
    await rig.sync()
    (row,) = await rig.rows("SELECT public_document FROM properties")
    assert json.loads(str(row["public_document"]))["closePrice"] == 480000


async def test_a_rebuilt_document_withholds_what_the_stored_one_did(sync_rig: MakeSyncRig) -> None:
    settings = {"listingDisplayWhenNull": True, "addressDisplayWhenNull": True, "mls": "The Board"}
    bad = {"1": {}, "2": {"ListPrice": "?"}, "3": {"InternetAddressDisplayYN": "?"}}
    rig = await sync_rig(Source(one_page(*(_with(key, fields) for key, fields in bad.items())), all_keys(*bad)))
    await rig.sync()
    await rig.run_sql("UPDATE display_rules SET settings = %(settings)s::jsonb", settings=json.dumps(settings))
    await rig.run_sql("UPDATE properties SET document_version = 'outdated'")
    await rig.run_sql("DELETE FROM listing_document_versions")
    assert await rebuild_documents(rig.database, rig.clock, "board") == 3
    rows = await rig.rows(
        "SELECT public_document IS NOT NULL AS p, shows_address AS a FROM properties ORDER BY listing_key"
    )
    assert [(row["p"], row["a"]) for row in rows] == [(True, True), (False, True), (True, False)]


async def test_an_unreadable_display_flag_hides_whatever_the_provider_lets_a_missing_one_mean(
    sync_rig: MakeSyncRig,
) -> None:
    display = {"listingDisplayWhenNull": True, "addressDisplayWhenNull": True}
    records = [
        listing("1"),
        listing("2", InternetEntireListingDisplayYN="?"),
        listing("3", InternetAddressDisplayYN="?"),
    ]
    rig = await sync_rig(Source(one_page(*records), all_keys("1", "2", "3")), display=display)
    await rig.sync()
    rows = await rig.rows(
        "SELECT public_document IS NOT NULL AS p, shows_address AS a FROM properties ORDER BY listing_key"
    )
    assert [(row["p"], row["a"]) for row in rows] == [(True, True), (False, True), (True, False)]


async def test_a_finding_closes_with_its_last_listing_and_opens_anew(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", Stories="x"), listing("2", Stories="y")), all_keys("1", "2")))
    await rig.sync()
    assert await _counts(rig) == {"Stories": 2}
    await rig.sync()
    assert await _counts(rig) == {"Stories": 2}, "an unchanged record counts once"
    (opened,) = await rig.rows("SELECT opened_at FROM findings")
    rig.source.pages = one_page(listing("1", LATER, Stories="z"), listing("2", LATER, Stories=2))
    await rig.sync()
    (found,) = await rig.rows("SELECT count, sample, opened_at FROM findings")
    assert (found["count"], found["sample"], found["opened_at"]) == (1, "z", opened["opened_at"])
    rig.source.pages = one_page(listing("1", LATER, Stories=1), listing("2", LATER, Stories=2))
    await rig.sync()
    (found,) = await rig.rows("SELECT * FROM findings")
    assert (found["count"], found["sample"], found["closed_at"]) == (0, None, rig.clock.now())
    rig.source.pages = one_page(listing("1", LATER, Stories="w"))
    await rig.sync()
    (found,) = await rig.rows("SELECT * FROM findings")
    assert (found["count"], found["opened_at"], found["closed_at"]) == (1, rig.clock.now(), None)


async def test_listings_that_are_hidden_or_gone_do_not_count(sync_rig: MakeSyncRig) -> None:
    bad = [listing(key, Stories=f"text {key}") for key in ("1", "2", "3")]
    rig = await sync_rig(Source(one_page(*bad), all_keys("1", "2", "3")), maxRemovalShare=1)
    await rig.sync()
    rig.source.key_pages = all_keys("1", "2")
    await rig.sync(SyncType.SWEEP)
    assert await _counts(rig) == {"Stories": 2}
    (found,) = await rig.rows("SELECT sample FROM findings")
    assert found["sample"] is None, "it may have been of the listing that is gone"
    rig.source.key_pages = all_keys("1", "2", "3")
    await rig.sync()
    assert await _counts(rig) == {"Stories": 3}, "it returned unchanged"
    scope = '{"statuses": ["Closed"]}'
    await rig.run_sql("UPDATE mls_provider_configurations SET scope = %(s)s::jsonb", s=scope)
    rig.source.pages = one_page()
    await rig.sync()
    assert await _counts(rig) == {}
    await rig.run_sql("UPDATE mls_provider_configurations SET scope = '{}'")
    rig.source.pages = one_page(*bad)
    await rig.sync()
    assert await _stored_counts(rig) == await _true_counts(rig)
    assert await _counts(rig) == {"Stories": 3}


@pytest.mark.parametrize("retention", ["keep", "erase"])
async def test_the_counts_are_those_of_the_rows_whatever_happens(sync_rig: MakeSyncRig, retention: str) -> None:
    choose = random.Random(retention)  # noqa: S311 - no secret
    rig = await sync_rig(Source(), retention=retention, maxRemovalShare=1, scope={"statuses": ["Active"]})
    for step in range(20):
        keys = choose.sample("123456", choose.randint(1, 6))
        records = [
            replace(
                _with(
                    key, {name: choose.choice([1, "x", "y\0", None]) for name in ("Stories", "YearBuilt", "Heating")}
                ),
                visible=choose.random() < 0.8,
            )
            for key in keys
        ]
        records = [
            replace(
                one, fields={**one.fields, "StandardStatus": choose.choice(["Active", "Active", "Closed", "Delete"])}
            )
            for one in records
        ]
        rig.source.pages = one_page(*records, watermark=f"2026-01-03T00:00:{step:02}Z")
        rig.source.key_pages = all_keys(*choose.sample("123456", choose.randint(1, 6)))
        await rig.sync(choose.choice([SyncType.FULL, SyncType.INCREMENTAL]))
        assert await _stored_counts(rig) == await _true_counts(rig), step
    assert len(await rig.rows("SELECT FROM findings")) >= 5


async def test_an_erased_listing_leaves_no_sample_of_its_text(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", Stories="hundredfold")), all_keys("1")), retention="erase")
    await rig.sync()
    assert "findings" in await rig.tables_with("hundredfold")
    rig.source.pages = one_page(replace(listing("1", LATER), visible=False))
    await rig.sync()
    assert await rig.tables_with("hundredfold") == []
    assert await _counts(rig) == {}


CONTROLS: list[tuple[dict[str, object], str, dict[str, object]]] = [
    ({"City": "Alder\0 Falls"}, "City", {"City": "Alder Falls"}),
    ({"City": "Alder\x07 Falls\x9f"}, "City", {"City": "Alder Falls"}),
    (
        {"PublicRemarks": "half a \ud83d house\nand more"},
        "PublicRemarks",
        {"PublicRemarks": "half a � house\nand more"},
    ),
    ({"Rooms": [{"Level": "\0up", "a\0b": 1}]}, "Rooms", {"Rooms": [{"Level": "up", "ab": 1}]}),
    ({"Loc\0al": 1}, "Local", {"Local": 1}),
]


@pytest.mark.parametrize(("fields", "name", "kept"), CONTROLS)
async def test_control_characters_are_removed_everywhere_and_counted(
    sync_rig: MakeSyncRig, fields: dict[str, object], name: str, kept: dict[str, object]
) -> None:
    rig = await sync_rig(Source(one_page(_with("1", fields)), all_keys("1")))
    assert (await rig.sync())["status"] == "success"
    (row,) = await rig.rows("SELECT raw FROM properties")
    assert isinstance(row["raw"], dict)
    assert kept.items() <= row["raw"].items()
    (found,) = await rig.rows("SELECT kind, field, count, sample FROM findings")
    assert (found["kind"], found["field"], found["count"], found["sample"]) == ("suspicious_value", name, 1, None)


async def test_a_number_beyond_every_type_is_kept_in_the_raw_record_digit_by_digit(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", ListPrice=10**30 + 1)), all_keys("1")))
    assert (await rig.sync())["status"] == "success"
    (row,) = await rig.rows("SELECT raw ->> 'ListPrice' AS price, list_price FROM properties")
    assert (row["price"], row["list_price"]) == (str(10**30 + 1), None)
    assert await _counts(rig) == {"ListPrice": 1}


async def test_a_text_that_spells_an_escape_stays(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", PublicRemarks="C:\\u0000\\bin © 2026")), all_keys("1")))
    await rig.sync()
    (row,) = await rig.rows("SELECT public_remarks FROM properties")
    assert row["public_remarks"] == "C:\\u0000\\bin © 2026"
    assert await _counts(rig) == {}


async def test_a_bad_photo_costs_the_photo(sync_rig: MakeSyncRig) -> None:
    media = [
        MediaRef("k" * 256, 1, "mock:1"),
        MediaRef("a\0b", 2, "mock:2"),
        MediaRef("far", 2**31, "mock:3"),
        MediaRef("a", 4, "mock:4\0", caption="The\0 kitchen", modified="2026-01-01"),
    ]
    rig = await sync_rig(Source(one_page(replace(listing("1"), media=media)), all_keys("1")))
    assert (await rig.sync())["status"] == "success"
    rows = await rig.rows("SELECT media_key, caption, source_address FROM property_media")
    assert [tuple(row.values()) for row in rows] == [("a", "The kitchen", "mock:4")]
    assert await _counts(rig) == {"Media": 2}


async def test_samples_are_short_and_of_nothing_confidential(sync_rig: MakeSyncRig) -> None:
    bad: dict[str, object] = {"Stories": "9" * 400, "ShowingAdvanceNotice": "code 1234", "ListingId": "c" * 300}
    rig = await sync_rig(Source(one_page(_with("1", bad)), all_keys("1")))
    await rig.sync()
    samples = {row["field"]: row["sample"] for row in await rig.rows("SELECT field, sample FROM findings")}
    assert samples.keys() == bad.keys()
    assert len(str(samples["Stories"])) == 80
    assert (samples["ShowingAdvanceNotice"], samples["ListingId"]) == (None, None)


async def test_pages_at_the_same_time_never_wait_for_each_other_in_a_circle(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())
    findings = [Finding(FindingKind.UNREADABLE_VALUE, f"F{number}", "not a number") for number in range(20)]

    async def change(order: list[Finding]) -> None:
        async with rig.database.transaction() as connection:
            for one in order:
                record_findings(connection, "board", "Property", [FindingChange(one, 1)], NOW)

    await asyncio.gather(*(change(findings[::step]) for step in (1, -1) * 10))
    assert set((await _stored_counts(rig)).values()) == {20}


def test_the_difference_of_two_versions_is_what_changes_the_counts() -> None:
    gone, stays, comes = (to_finding(FindingKind.UNREADABLE_VALUE, name, "no: x") for name in ("A:x", None, "C"))
    assert [Finding.parse(one.key) for one in (gone, stays, comes)] == [gone, stays, comes]
    assert compare_findings([gone, stays], [ValueFinding(stays, "s"), ValueFinding(comes, "c")]) == [
        FindingChange(gone, -1),
        FindingChange(stays, 0, "s"),
        FindingChange(comes, 1, "c"),
    ]


async def test_a_time_ahead_of_the_clock_is_a_finding_until_the_record_has_another(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", "2026-01-03T00:00:00Z"), listing("2"))))
    await rig.sync()
    (found,) = await rig.rows("SELECT kind, field, count, sample, closed_at FROM findings")
    assert found == {
        "kind": "clock_ahead",
        "field": "ModificationTimestamp",
        "count": 1,
        "sample": "2026-01-03T00:00:00Z",
        "closed_at": None,
    }
    rig.source.pages = one_page(listing("1", "2026-01-02T00:00:00Z", ListPrice=1000))
    await rig.sync(SyncType.INCREMENTAL)
    (closed,) = await rig.rows("SELECT count, closed_at FROM findings")
    assert closed["count"] == 0
    assert closed["closed_at"] is not None
