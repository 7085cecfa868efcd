from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from platbook.base.errors import InvalidInput, RecordRejected
from platbook.mapping.transforms import plan_transform
from platbook.reso.coercion import Value
from platbook.reso.fields import FIELDS

STATUS = {"lookup": {"A": "Active", "s": "sold", "X": None}}
AMENITIES = {"lookup": {"P": "Pool", "G": "Golf Course"}, "separator": "|"}


def _read(name: str, options: dict[str, object], said: object) -> Value:
    return plan_transform(FIELDS[name], options, source="Src", tz=UTC)(said)


@pytest.mark.parametrize(
    ("name", "options", "said", "meant"),
    [
        ("LivingArea", {"unit": "sqm"}, "100", Decimal("1076.39")),
        ("LivingArea", {"unit": "Square Feet"}, 100, Decimal(100)),
        ("LotSizeSquareFeet", {"unit": "acres"}, 2, Decimal(87120)),
        ("LotSizeAcres", {"unit": "hectares"}, 1, Decimal("2.4711")),
        ("LotSizeAcres", {"unit": "acres"}, "", None),
        ("ListingContractDate", {"format": "%m/%d/%Y"}, "02/03/2026", date(2026, 2, 3)),
        ("ListingContractDate", {"format": "%Y%m%d"}, 20260203, date(2026, 2, 3)),
        ("ListingContractDate", {"format": "%m/%d/%Y"}, " ", None),
        ("ListingContractDate", {"format": "%m/%d/%Y"}, None, None),
        (
            "OriginalEntryTimestamp",
            {"format": "%m/%d/%Y %H:%M", "timeZone": "America/Denver"},
            "01/02/2026 03:04",
            datetime(2026, 1, 2, 10, 4, tzinfo=UTC),
        ),
        (
            "OriginalEntryTimestamp",
            {"format": "%Y-%m-%d %H:%M %z"},
            "2026-01-02 03:04 -0100",
            datetime(2026, 1, 2, 4, 4, tzinfo=UTC),
        ),
        (
            "OriginalEntryTimestamp",
            {"timeZone": "America/Denver"},
            "2026-01-02T03:04:05",
            datetime(2026, 1, 2, 10, 4, 5, tzinfo=UTC),
        ),
        ("StandardStatus", STATUS, "A", "Active"),
        ("StandardStatus", STATUS, " a ", "Active"),
        ("StandardStatus", STATUS, "S", "Closed"),
        ("StandardStatus", STATUS, "X", None),
        ("StandardStatus", STATUS, "Pending", "Pending"),
        ("StandardStatus", STATUS, None, None),
        ("StandardStatus", {**STATUS, "otherwise": "null"}, "Q", None),
        ("StandardStatus", {**STATUS, "otherwise": "reject"}, "", None),
        ("PropertyType", {"lookup": {"1": "Residential"}}, 1, "Residential"),
        ("InternetEntireListingDisplayYN", {"lookup": {"Private": False, "Public": True}}, "Private", False),
        ("AssociationAmenities", AMENITIES, "P|G|Tennis", ["Pool", "Golf Course", "Tennis"]),
        ("AssociationAmenities", {**AMENITIES, "otherwise": "null"}, ["P", "Z"], ["Pool"]),
        ("AssociationAmenities", {"separator": ";"}, "a, b;c", ["a, b", "c"]),
        ("BathroomsTotalInteger", {"round": "down"}, "2.50", 2),
        ("BathroomsTotalInteger", {"round": "up"}, 2.5, 3),
        ("BathroomsTotalInteger", {"round": "nearest"}, "2.5", 3),
        ("BathroomsTotalInteger", {"round": "down"}, "", None),
    ],
)
def test_values_are_transformed(name: str, options: dict[str, object], said: object, meant: Value) -> None:
    assert _read(name, options, said) == meant


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("LivingArea", {"unit": "sqm"}, "big"),
        ("ListingContractDate", {"format": "%m/%d/%Y"}, "2026-02-03"),
        ("ListingContractDate", {"format": "%Y%m%d"}, [1]),
        ("ListingContractDate", {"format": "%Y%m%d"}, 10**4000),
        ("StandardStatus", {**STATUS, "otherwise": "reject"}, "Q"),
        ("StandardStatus", {**STATUS, "otherwise": "reject"}, ["A", "Q"]),
        ("StandardStatus", STATUS, "Q"),
        ("BathroomsTotalInteger", {"round": "down"}, "1e12"),
    ],
)
def test_what_a_transform_cannot_read_is_refused(name: str, options: dict[str, object], said: object) -> None:
    with pytest.raises(RecordRejected) as refused:
        _read(name, options, said)
    assert refused.value.field == "Src"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("LivingArea", {"unit": "cubits"}),
        ("LivingArea", {"unit": 5}),
        ("ListPrice", {"unit": "sqm"}),
        ("ListPrice", {"format": "%Y"}),
        ("CloseDate", {"format": "%Y"}),
        ("CloseDate", {"format": "soon"}),
        ("CloseDate", {"format": "%Q%"}),
        ("CloseDate", {"format": 5}),
        ("CloseDate", {"timeZone": "UTC"}),
        ("ModificationTimestamp", {"timeZone": "Mars/Olympus"}),
        ("ModificationTimestamp", {"timeZone": "../../etc"}),
        ("ModificationTimestamp", {"timeZone": 5}),
        ("StandardStatus", {"lookup": {"A": "Aktive"}}),
        ("StandardStatus", {"lookup": {}}),
        ("StandardStatus", {"lookup": ["A"]}),
        ("StandardStatus", {"lookup": {"A": "Active"}, "otherwise": "guess"}),
        ("StandardStatus", {"otherwise": "keep"}),
        ("StandardStatus", {"separator": ";"}),
        ("Appliances", {"separator": "--"}),
        ("Appliances", {"separator": '"'}),
        ("BedroomsTotal", {"round": "sideways"}),
        ("ListPrice", {"round": "down"}),
        ("LivingArea", {"unit": "sqm", "lookup": {"A": 1}}),
    ],
)
def test_a_transform_that_cannot_work_is_refused_while_planning(name: str, options: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as wrong:
        plan_transform(FIELDS[name], options, source="Src", tz=UTC)
    assert [problem.field for problem in wrong.value.details] == ["fieldMapping.Src"]
