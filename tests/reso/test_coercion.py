from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.base.errors import RecordRejected
from platbook.reso.coercion import Value, coerce, coercer
from platbook.reso.fields import FIELDS, MONEY, Field, Kind

DENVER = ZoneInfo("America/Denver")

READ: list[tuple[str, object, Value]] = [
    ("ListPrice", "450000.00", Decimal("450000.00")),
    ("ListPrice", 450000, Decimal(450000)),
    ("ListPrice", 0.1, Decimal("0.1")),
    ("ListPrice", " +1.5E3 ", Decimal(1500)),
    ("ListPrice", "-0.0", Decimal(0)),
    ("ListPrice", "", None),
    ("ListPrice", "$450,000", Decimal(450000)),
    ("ListPrice", "450,000", Decimal(450000)),
    ("ListPrice", "US$ 1,234,000.50", Decimal("1234000.50")),
    ("ListPrice", "450000 CAD", Decimal(450000)),
    ("ListPrice", "-1,234", Decimal(-1234)),
    ("ListPrice", "1234.565", Decimal("1234.57")),
    ("ListPrice", 450000.1, Decimal("450000.1")),
    ("ListPrice", "1234.500", Decimal("1234.50")),
    ("ListPrice", "1,234.500", Decimal("1234.50")),
    ("ListPrice", "0.125", Decimal("0.13")),
    ("TaxAssessedValue", "$1,234", 1234),
    ("LivingArea", "850.000", Decimal(850)),
    ("BedroomsTotal", "3.000", 3),
    ("LotSizeAcres", "1.234", Decimal("1.234")),
    ("LivingArea", "1,850", Decimal(1850)),
    ("LivingArea", "1,234.50", Decimal("1234.50")),
    ("LotSizeAcres", "1,234,000", Decimal(1234000)),
    ("LotSizeAcres", "1.23456789", Decimal("1.23456789")),
    ("YearBuilt", "1,990", 1990),
    ("CloseDate", "2014/07/24", date(2014, 7, 24)),
    ("BedroomsTotal", "3", 3),
    ("BedroomsTotal", "3.0", 3),
    ("BedroomsTotal", 3.0, 3),
    ("BedroomsTotal", Decimal("3.00"), 3),
    ("BedroomsTotal", 2**31 - 1, 2**31 - 1),
    ("TaxAssessedValue", 2**40, 2**40),
    ("ViewYN", "Y", True),
    ("ViewYN", "no", False),
    ("ViewYN", "FALSE", False),
    ("ViewYN", 1, True),
    ("ViewYN", 0.0, False),
    ("ViewYN", " ", None),
    ("CloseDate", "2014-07-24", date(2014, 7, 24)),
    ("CloseDate", "2014-07-24T00:00:00.000", date(2014, 7, 24)),
    ("CloseDate", "2014-07-24T23:00:00-09:00", date(2014, 7, 24)),
    ("CloseDate", datetime(2014, 7, 24, 23, tzinfo=UTC), date(2014, 7, 24)),
    ("Latitude", "26.142", 26.142),
    ("Latitude", -90, -90.0),
    ("Longitude", -81.79, -81.79),
    ("City", "  NAPLES ", "NAPLES"),
    ("City", "", None),
    ("UnitNumber", 12, "12"),
    ("PublicRemarks", "naïve “words” 🏠", "naïve “words” 🏠"),
    ("PublicRemarks", ["a", "", "b"], "a, b"),
    ("StandardStatus", "sold", "Closed"),
    ("StandardStatus", ["Active"], "Active"),
    ("PropertySubType", "Houseboat", "Houseboat"),
    ("Appliances", "Dishwasher, Range,,Washer ", ["Dishwasher", "Range", "Washer"]),
    ("Appliances", '"Range, Gas",Washer', ["Range, Gas", "Washer"]),
    ("Appliances", ["Dryer", " ", 3], ["Dryer", "3"]),
    ("Appliances", [], []),
    ("Appliances", "", None),
]

REFUSED: list[tuple[str, object]] = [
    ("ListPrice", "1.234,50"),
    ("ListPrice", "450.000"),
    ("ListPrice", "$1.250"),
    ("ListPrice", "-450.000 USD"),
    ("TaxAssessedValue", "450.000"),
    ("LivingArea", "1.850"),
    ("ListPrice", "1,5"),
    ("ListPrice", "1,2345"),
    ("ListPrice", "0,500"),
    ("ListPrice", "12,34,567"),
    ("ListPrice", "$450K"),
    ("ListPrice", "450000+"),
    ("ListPrice", "400,000-450,000"),
    ("ListPrice", "$5 USD"),
    ("ListPrice", "€5"),
    ("LivingArea", "$1,850"),
    ("LivingArea", "1850 sqft"),
    ("LotSizeAcres", "1,234"),
    ("BedroomsTotal", "4+"),
    ("YearBuilt", "1890s"),
    ("YearBuilt", "c. 1890"),
    ("CloseDate", "07-24-2014"),
    ("CloseDate", "24/07/2014"),
    ("ListPrice", "1_000"),
    ("ListPrice", "١٢٣"),
    ("ListPrice", "NaN"),
    ("ListPrice", "1e99"),
    ("ListPrice", "9" * 5000),
    ("ListPrice", float("nan")),
    ("ListPrice", float("inf")),
    ("ListPrice", Decimal("sNaN")),
    ("ListPrice", 10**4000),
    ("ListPrice", True),
    ("ListPrice", {}),
    ("BedroomsTotal", "3.5"),
    ("BedroomsTotal", 3.5),
    ("BedroomsTotal", 2**31),
    ("BedroomsTotal", "-2147483649"),
    ("BedroomsTotal", False),
    ("TaxAssessedValue", 2**63),
    ("ViewYN", "maybe"),
    ("ViewYN", 2),
    ("ViewYN", Decimal("sNaN")),
    ("ViewYN", []),
    ("CloseDate", "07/24/2014"),
    ("CloseDate", "2014-W30-4"),
    ("CloseDate", "0000-00-00"),
    ("CloseDate", 20140724),
    ("ModificationTimestamp", "2014-02-30T00:00:00Z"),
    ("ModificationTimestamp", "2014-02-03T24:01:00Z"),
    ("ModificationTimestamp", "0001-01-01T00:00:00+05:00"),
    ("ModificationTimestamp", 1700000000),
    ("Latitude", 90.0001),
    ("Longitude", "-180.5"),
    ("Latitude", float("nan")),
    ("City", "a\0b"),
    ("City", "half \ud83c"),
    ("City", {"a": 1}),
    ("City", [["a"]]),
    ("StandardStatus", "Gone fishing"),
    ("Appliances", ["a\0b"]),
    ("Appliances", 5),
]


@pytest.mark.parametrize(("name", "raw", "expected"), READ)
def test_values_are_coerced_to_their_fields_type(name: str, raw: object, expected: Value) -> None:
    coerced = coerce(FIELDS[name], raw)
    assert coerced == expected
    assert type(coerced) is type(expected)


@pytest.mark.parametrize(("name", "raw"), REFUSED)
def test_invalid_values_are_rejected_with_the_field(name: str, raw: object) -> None:
    with pytest.raises(RecordRejected) as refused:
        coerce(FIELDS[name], raw)
    assert refused.value.field == name
    assert len(refused.value.reason) < 160
    assert refused.value.reason.encode()


@pytest.mark.parametrize(
    ("raw", "micros"),
    [
        ("2026-01-02T03:04:05", 0),
        ("2026-01-02 03:04:05", 0),
        ("2026-01-02T03:04:05.02", 20000),
        ("2026-01-02T03:04:05.123", 123000),
        ("2026-01-02T03:04:05.123456789", 123456),
    ],
)
def test_a_timestamp_without_an_offset_is_in_the_zone_passed(raw: str, micros: int) -> None:
    field = FIELDS["ModificationTimestamp"]
    assert coerce(field, raw) == datetime(2026, 1, 2, 3, 4, 5, micros, tzinfo=UTC)
    assert coerce(field, raw, DENVER) == datetime(2026, 1, 2, 10, 4, 5, micros, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Z", "+00:00", "+0000", "+00"])
def test_a_timestamp_with_an_offset_ignores_the_zone(zone: str) -> None:
    coerced = coerce(FIELDS["ModificationTimestamp"], f"2026-01-02T03:04:05{zone}", DENVER)
    assert coerced == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert isinstance(coerced, datetime)
    assert coerced.tzinfo is UTC


def test_a_rejection_names_the_label_if_there_is_one() -> None:
    with pytest.raises(RecordRejected) as refused:
        coercer(FIELDS["ListPrice"], label="CurrentPrice")("$1K")
    assert refused.value.field == "CurrentPrice"
    assert "'$1K'" in refused.value.reason
    assert refused.value.summary == "not a plain number"


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.dates()
    | st.datetimes()
    | st.text(st.characters(exclude_categories=()))
    | st.from_regex(r"[-+0-9.eE$,:TZ/ ]{0,30}", fullmatch=True),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=6,
)

HOLDS: dict[Kind, type | tuple[type, ...]] = {
    Kind.TEXT: str,
    Kind.LOOKUP: str,
    Kind.LOOKUP_LIST: list,
    Kind.INTEGER: int,
    Kind.DECIMAL: Decimal,
    Kind.DEGREES: float,
    Kind.BOOLEAN: bool,
    Kind.DATE: date,
    Kind.TIMESTAMP: datetime,
}
ONE_OF_EACH = [
    FIELDS[name]
    for name in (
        "City",
        "StandardStatus",
        "PropertyType",
        "PublicRemarks",
        "Appliances",
        "BedroomsTotal",
        "TaxAssessedValue",
        "ListPrice",
        "Latitude",
        "ViewYN",
        "CloseDate",
        "ModificationTimestamp",
    )
]


NUMBERS = [FIELDS[name] for name in ("ListPrice", "TaxAssessedValue", "LivingArea", "LotSizeAcres", "BedroomsTotal")]
AMOUNTS = st.decimals(-(10**9), 10**9, places=2) | st.integers(-(10**9), 10**9).map(Decimal)


def _reading(field: Field, text: str) -> Value:
    try:
        return coerce(field, text)
    except RecordRejected:
        return None


@given(field=st.sampled_from(NUMBERS), amount=AMOUNTS, sign=st.sampled_from(["", "$", "US$", "$ ", "USD "]))
def test_a_number_written_for_people_is_read_right_or_not_at_all(field: Field, amount: Decimal, sign: str) -> None:
    minus, grouped = ("-" if amount < 0 else ""), f"{abs(amount):,f}"
    swapped = grouped.replace(",", "_").replace(".", ",").replace("_", ".")
    assert _reading(field, f"{minus}{sign}{grouped}") in {amount, None}
    if "," in swapped or field.name in MONEY:  # a lone point is elsewhere a plain numeral
        assert _reading(field, f"{minus}{sign}{swapped}") in {amount, None}


@given(amount=AMOUNTS)
def test_an_amount_of_money_with_its_sign_is_always_read(amount: Decimal) -> None:
    assert _reading(FIELDS["ListPrice"], f"{'-' if amount < 0 else ''}${abs(amount):,f}") == amount


@given(field=st.sampled_from(ONE_OF_EACH), raw=ANYTHING)
def test_any_value_is_coerced_or_rejected_and_coercion_is_idempotent(field: Field, raw: object) -> None:
    try:
        coerced = coerce(field, raw, DENVER)
    except RecordRejected:
        return
    if coerced is None:
        return
    assert isinstance(coerced, HOLDS[field.kind])
    assert coerce(field, coerced, DENVER) == coerced
    for text in [coerced] if isinstance(coerced, str) else coerced if isinstance(coerced, list) else []:
        assert "\0" not in text
        assert text.encode()
