from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.base.errors import InvalidInput, RecordRejected
from platbook.connectors.contract import RawRecord
from platbook.mapping.mapping import NormalListing, plan_mapping
from platbook.reso.fields import COLUMNS, FIELDS


def _normal(field_mapping: Mapping[str, object], **fields: object) -> NormalListing:
    return plan_mapping(field_mapping).normalise(RawRecord("k1", {"StandardStatus": "Active", **fields}))


def _refusals(field_mapping: Mapping[str, object]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as wrong:
        plan_mapping(field_mapping)
    return {problem.field: problem.message for problem in wrong.value.details}


def test_reso_names_need_no_mapping_and_others_stay_raw() -> None:
    listing = _normal({}, ListPrice="450000.00", City="Naples", Appliances="Range,Oven", Local_Field="x", Media=[])
    assert listing.listing_key == "k1"
    assert len(listing.values) == len(COLUMNS)
    assert listing.value("ListPrice") == Decimal("450000.00")
    assert listing.value("City") == "Naples"
    assert listing.more == {"Appliances": ["Range", "Oven"]}


def test_the_sample_configuration_is_accepted_as_it_stands() -> None:
    mapping = plan_mapping({"ListingKey": "listingId", "StandardStatus": "status", "ListPrice": "price"})
    listing = mapping.normalise(
        RawRecord("k1", {"ListingKey": "k1", "ListingId": "A-7", "StandardStatus": "Sold", "ListPrice": 5})
    )
    assert mapping.key_field == "ListingKey"
    assert listing.value("ListingId") == "A-7"
    assert listing.standard_status == "Closed"
    assert listing.value("ListPrice") == 5
    assert "ListingKey" not in listing.more


def test_the_settings_key_field_beats_the_mapping() -> None:
    assert plan_mapping({"matrix_unique_id": "ListingKey"}).key_field == "matrix_unique_id"
    assert plan_mapping({"ListingKey": "listingId"}, key_field="matrix_unique_id").key_field == "matrix_unique_id"
    assert plan_mapping({}).key_field is None


def test_a_key_is_kept_as_it_came_since_sweeps_compare_it() -> None:
    record = RawRecord(" 7 ", {"StandardStatus": "Active"})
    assert plan_mapping({}).normalise(record).listing_key == " 7 "
    for key in ("", " ", "a\0b"):
        with pytest.raises(RecordRejected):
            plan_mapping({}).normalise(RawRecord(key, {"StandardStatus": "Active"}))


def test_a_named_source_beats_the_one_that_bears_the_name() -> None:
    listing = _normal({"CurrentPrice": "price"}, CurrentPrice=2, ListPrice=1)
    assert listing.value("ListPrice") == 2
    assert _normal({"CurrentPrice": "price"}, ListPrice=1).value("ListPrice") is None


def test_null_keeps_a_field_out() -> None:
    assert _normal({"ListPrice": None}, ListPrice=1).value("ListPrice") is None


def test_one_source_may_have_several_targets() -> None:
    codes = {"to": "status", "lookup": {"A": "Active", "U": "Pending"}, "otherwise": "reject"}
    listing = plan_mapping({"St": [codes, "MlsStatus"]}).normalise(RawRecord("k", {"St": "U"}))
    assert listing.standard_status == "Pending"
    assert listing.value("MlsStatus") == "U"


def test_constants_hold_in_every_record() -> None:
    mapping = {"$constants": {"country": "US", "ListAOR": "Naples", "AvailabilityDate": "2026-01-02"}}
    listing = _normal(mapping, Country="CA")
    assert listing.value("Country") == "US"
    assert listing.more == {"ListAOR": "Naples", "AvailabilityDate": "2026-01-02"}


def test_further_fields_are_fit_for_json() -> None:
    listing = _normal({}, OnMarketTimestamp="2026-01-02T03:04:05-01:00", WithdrawnDate="2026-01-02", CapRate="5.5")
    assert listing.more == {
        "OnMarketTimestamp": "2026-01-02T04:04:05Z",
        "WithdrawnDate": "2026-01-02",
        "CapRate": Decimal("5.5"),
    }


def test_the_status_comes_from_the_local_one_where_there_is_no_other() -> None:
    mapping = plan_mapping({"Status": "MlsStatus"})
    assert mapping.normalise(RawRecord("k", {"Status": "Sold"})).standard_status == "Closed"
    with pytest.raises(RecordRejected) as refused:
        mapping.normalise(RawRecord("k", {"Status": "Z9"}))
    assert refused.value.field == "Status"
    with pytest.raises(RecordRejected) as refused:
        mapping.normalise(RawRecord("k", {"City": "Naples"}))
    assert refused.value.field == "StandardStatus"


def test_a_refusal_names_the_sources_field() -> None:
    with pytest.raises(RecordRejected) as refused:
        _normal({"St": "status"}, St="Gone fishing")
    assert refused.value.field == "St"


def test_the_modification_time_may_come_from_the_record_itself() -> None:
    fields = {"StandardStatus": "Active"}
    mapping = plan_mapping({}, tz=ZoneInfo("America/Denver"))
    listing = mapping.normalise(RawRecord("k", fields, modified="2026-01-02T03:04:05"))
    assert listing.modification_timestamp == datetime(2026, 1, 2, 10, 4, 5, tzinfo=UTC)
    assert mapping.normalise(RawRecord("k", fields, modified="#17")).modification_timestamp is None
    both = RawRecord("k", {**fields, "ModificationTimestamp": "2025-01-01T00:00:00Z"}, modified="2026-01-01T00:00:00Z")
    assert mapping.normalise(both).modification_timestamp == datetime(2025, 1, 1, tzinfo=UTC)


def test_areas_are_brought_to_one_unit() -> None:
    listing = _normal({}, LivingArea=100, LivingAreaUnits="Square Meters", LotSizeArea=1, LotSizeUnits="Acres")
    assert listing.value("LivingArea") == Decimal("1076.39")
    assert listing.more["LivingAreaUnits"] == "Square Feet"
    assert listing.value("LotSizeSquareFeet") == 43560
    assert listing.value("LotSizeAcres") == 1
    assert _normal({}, LotSizeAcres="0.5").value("LotSizeSquareFeet") == 21780
    assert _normal({}, LotSizeSquareFeet=21780).value("LotSizeAcres") == Decimal("0.5")
    assert _normal({}, LivingArea=100, LivingAreaUnits="Square Feet").value("LivingArea") == 100


@pytest.mark.parametrize(
    "lot",
    [
        {"LotSizeAcres": 0.25, "LotSizeSquareFeet": 0},
        {"LotSizeAcres": 0, "LotSizeSquareFeet": 10890},
        {"LotSizeAcres": 0, "LotSizeSquareFeet": "0", "LotSizeArea": "0.25", "LotSizeUnits": "Acres"},
        {"LotSizeArea": "0.25", "LotSizeUnits": "Acre"},
        {"LotSizeArea": "10890", "LotSizeUnits": "Sq. Ft."},
        {"LotSizeArea": "10,890.0", "LotSizeUnits": "square foot"},
        {"LotSizeArea": "0.101171411", "LotSizeUnits": "Hectares"},
        {"LotSizeArea": "1011.714106", "LotSizeUnits": "M²"},
        {"LotSizeArea": "1210", "LotSizeUnits": "Sq Yds"},
    ],
)
def test_a_lot_is_known_in_both_units_however_the_source_says_it(lot: dict[str, object]) -> None:
    listing = _normal({}, **lot)
    assert listing.value("LotSizeSquareFeet") == 10890
    assert listing.value("LotSizeAcres") == Decimal("0.25")


def test_a_lot_of_nothing_stays_nothing() -> None:
    assert _normal({}, LotSizeAcres=0).value("LotSizeSquareFeet") == 0
    assert _normal({}, LotSizeArea=5, LotSizeUnits="Furlongs").value("LotSizeSquareFeet") is None
    unknown = _normal({}, LotSizeSquareFeet=0, LotSizeAcres=0, LotSizeArea=5, LotSizeUnits="Furlongs")
    assert (unknown.value("LotSizeSquareFeet"), unknown.value("LotSizeAcres")) == (None, None)


BATHS = ("BathroomsTotalInteger", "BathroomsFull", "BathroomsHalf")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"BathroomsTotalInteger": "2.5"}, (3, 2, 1)),
        ({"BathroomsTotalInteger": 2.5}, (3, 2, 1)),
        ({"BathroomsTotalInteger": Decimal("2.50"), "BathroomsFull": 2}, (3, 2, 1)),
        ({"BathroomsFull": 2, "BathroomsHalf": 1, "BathroomsTotalInteger": "2.5"}, (3, 2, 1)),
        ({"BathroomsTotalInteger": "0.5"}, (1, 0, 1)),
        ({"BathroomsTotalInteger": "3.0"}, (3, None, None)),
    ],
)
def test_half_bathrooms_are_counted(said: dict[str, object], meant: tuple[object, ...]) -> None:
    listing = _normal({}, **said)
    assert tuple(listing.value(name) for name in BATHS) == meant
    assert listing.findings == ()


@pytest.mark.parametrize(
    "said",
    [
        {"BathroomsTotalInteger": "2.1"},
        {"BathroomsTotalInteger": "2.75"},
        {"BathroomsTotalInteger": "2.5+"},
        {"BathroomsTotalInteger": "2.5", "BathroomsFull": 3},
        {"BathroomsTotalInteger": "2.5", "BathroomsHalf": 2},
        {"BathroomsTotalInteger": "2.5", "BathroomsThreeQuarter": 1},
    ],
)
def test_bathrooms_with_more_than_one_reading_are_left_out(said: dict[str, object]) -> None:
    listing = _normal({}, **said)
    assert listing.value("BathroomsTotalInteger") is None
    assert listing.value("BathroomsFull") == said.get("BathroomsFull")
    assert [one.finding.field for one in listing.findings] == ["BathroomsTotalInteger"]


def test_remarks_are_plain_text() -> None:
    said = "Bed &amp; bath.<br/>It&#39;s&nbsp;nice"
    listing = _normal({"Rem": "PublicRemarks"}, Rem=said, PrivateOfficeRemarks=said, ListOfficeName="A &amp; B")
    assert listing.value("PublicRemarks") == "Bed & bath.\nIt's nice"
    assert listing.value("ListOfficeName") == "A &amp; B"


PARTS = {
    "StreetNumber": "9123",
    "StreetDirPrefix": "N",
    "StreetName": "Quailrun",
    "StreetSuffix": "Dr",
    "StreetDirSuffix": "SW",
    "UnitNumber": "4B",
}


@pytest.mark.parametrize(
    ("mapping", "parts", "address"),
    [
        ({}, PARTS, "9123 N Quailrun Dr SW #4B"),
        ({}, {**PARTS, "UnparsedAddress": " "}, "9123 N Quailrun Dr SW #4B"),
        ({}, {**PARTS, "UnparsedAddress": "9123 Quailrun"}, "9123 Quailrun"),
        ({}, {**PARTS, "UnitNumber": "Apt 4"}, "9123 N Quailrun Dr SW Apt 4"),
        ({}, {**PARTS, "UnitNumber": "#4"}, "9123 N Quailrun Dr SW #4"),
        ({}, {**PARTS, "UnitNumber": "Ofc 4"}, "9123 N Quailrun Dr SW Ofc 4"),
        ({}, {**PARTS, "UnitNumber": "Fl 4"}, "9123 N Quailrun Dr SW Fl 4"),
        ({}, {"StreetName": "Quailrun", "StreetSuffix": "Dr"}, "Quailrun Dr"),
        ({}, {"StreetNumber": "9123", "UnitNumber": "4B"}, None),
        ({"$addressParts": ["unit", "StreetNumber", "street_name"]}, PARTS, "#4B 9123 Quailrun"),
    ],
)
def test_a_full_address_is_built_of_its_parts(
    mapping: dict[str, object], parts: dict[str, object], address: str | None
) -> None:
    assert _normal(mapping, **parts).value("UnparsedAddress") == address


def test_a_named_unit_is_not_converted_twice() -> None:
    listing = _normal({"Size": {"to": "livingArea", "unit": "sqm"}}, Size=100, LivingAreaUnits="Square Meters")
    assert listing.value("LivingArea") == Decimal("1076.39")


def test_no_position_is_not_a_place_in_the_ocean() -> None:
    listing = _normal({}, Latitude=0, Longitude="0.000")
    assert listing.value("Latitude") is None
    assert listing.value("Longitude") is None
    assert _normal({}, Latitude=0, Longitude=9.5).value("Latitude") == 0


def test_an_unknown_target_is_named_with_what_is_close() -> None:
    refusals = _refusals({"A": "ListPrise", "B": "xqzw", "C": "price"})
    assert list(refusals) == ["fieldMapping.A", "fieldMapping.B"]
    assert "ListPrice" in refusals["fieldMapping.A"]
    assert "did you mean" not in refusals["fieldMapping.B"]


@pytest.mark.parametrize(
    "mapping",
    [
        {"First": "price", "Second": "list_price"},
        {"First": "ListingKey", "Second": "listing_key"},
    ],
)
def test_two_sources_of_one_target_are_both_named(mapping: dict[str, object]) -> None:
    message = _refusals(mapping)["fieldMapping.Second"]
    assert "First" in message
    assert "Second" in message


@pytest.mark.parametrize(
    ("mapping", "at"),
    [
        ({"A": 5}, "A"),
        ({"A": {}}, "A"),
        ({"A": {"to": 5}}, "A"),
        ({"A": {"to": "price", "colour": "red"}}, "A"),
        ({"A": ["price", "price"]}, "A"),
        ({"A": {"to": "ListingKey", "round": "up"}}, "A"),
        ({"$other": "price"}, "$other"),
        ({"": "price"}, ""),
        ({"$constants": "US"}, "$constants"),
        ({"$addressParts": "StreetName"}, "$addressParts"),
        ({"$addressParts": []}, "$addressParts"),
        ({"$addressParts": ["StreetName", "City"]}, "$addressParts"),
        ({"$addressParts": ["StreetName", "street_name"]}, "$addressParts"),
        ({"A": {"to": "City", "negate": True}}, "A"),
        ({"A": {"to": "price", "swap": True}}, "A"),
        ({"A": {"to": "price", "absolute": "yes"}}, "A"),
        ({"A": {"to": "price", "unreadable": "keep"}}, "A"),
        ({"$constants": {"Nowhere": 1}}, "$constants.Nowhere"),
        ({"$constants": {"ListingKey": 1}}, "$constants.ListingKey"),
        ({"$constants": {"price": "much"}}, "$constants.price"),
        ({"$constants": {"price": 1, "ListPrice": 2}}, "$constants.ListPrice"),
        ({"$constants": {"price": 1}, "A": "price"}, "A"),
    ],
)
def test_what_cannot_work_is_refused_while_planning(mapping: dict[str, object], at: str) -> None:
    assert list(_refusals(mapping)) == [f"fieldMapping.{at}"]


def test_the_version_is_of_the_meaning_not_of_the_spelling() -> None:
    plain = plan_mapping({"A": "price", "B": "status"})
    assert plan_mapping({"B": {"to": "StandardStatus"}, "A": "list_price"}).version == plain.version
    others: list[dict[str, object]] = [
        {},
        {"A": "price"},
        {"A": "status", "B": "price"},
        {"A": "price", "B": "status", "City": None},
        {"A": "price", "B": "status", "$addressParts": ["StreetName"]},
        {"A": {"to": "price", "absolute": True}, "B": "status"},
        {"A": "price", "B": "status", "$constants": {"Country": "US"}},
        {"A": "price", "B": {"to": "status", "lookup": {"A": "Active"}}},
    ]
    versions = {plan_mapping(other).version for other in others}
    versions.add(plan_mapping({"A": "price", "B": "status"}, tz=ZoneInfo("America/Denver")).version)
    assert len(versions | {plain.version}) == len(others) + 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=5,
)
MAPPING = plan_mapping(
    {
        "S": [{"to": "status", "lookup": {"A": "Active"}, "otherwise": "null"}, "MlsStatus"],
        "Price": {"to": "price"},
        "Area": {"to": "living_area", "unit": "hectares"},
        "Lot": {"to": "LotSizeAcres", "unit": "sqm"},
        "Listed": {"to": "listDate", "format": "%Y%m%d"},
        "Baths": {"to": "bathrooms", "round": "down"},
        "Tags": {"to": "Appliances", "lookup": {"r": "Range"}, "separator": ";"},
    }
)


@given(
    st.dictionaries(st.sampled_from(["S", "Price", "Area", "Lot", "Listed", "Baths", "Tags"]) | st.text(), JSON),
    st.dictionaries(st.sampled_from(sorted(FIELDS)), JSON, max_size=8),
    st.sampled_from(["A", "Active", "Sold", None]),
)
def test_any_record_is_put_in_our_words_or_rejected(
    fields: dict[str, object], named: dict[str, object], status: str | None
) -> None:
    try:
        listing = MAPPING.normalise(RawRecord("k", {**fields, **named, "S": status}))
    except RecordRejected:
        return
    assert len(listing.values) == len(COLUMNS)
    assert listing.standard_status in {"Active", "Closed"}
    assert listing.more.keys() <= FIELDS.keys()
    assert not any(isinstance(value, date) for value in listing.more.values())
