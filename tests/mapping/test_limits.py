"""What cannot be true is left out, with a finding; a mapping can mend it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from platbook.connectors.contract import RawRecord
from platbook.listings.listing import NormalListing
from platbook.mapping.mapping import plan_mapping
from platbook.providers.finding import FindingKind
from platbook.reso.limits import find_limit_fault

US = {"Country": "US"}
DENVER = (39.74, -104.99)


def _normal(field_mapping: Mapping[str, object], fields: Mapping[str, object]) -> NormalListing:
    return plan_mapping(field_mapping).normalise(RawRecord("k1", {"StandardStatus": "Active", **fields}))


def _position(listing: NormalListing) -> tuple[object, object]:
    return listing.value("Latitude"), listing.value("Longitude")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ListPrice", -450000, "below zero"),
        ("ClosePrice", "-$1,000", None),
        ("BedroomsTotal", -1, "below zero"),
        ("LotSizeAcres", "-0.1", "below zero"),
        ("YearBuilt", 0, "not a year from 1000 to 2199"),
        ("YearBuilt", 19999, "not a year from 1000 to 2199"),
        ("CloseDate", "0001-01-01", "not a date from 1800 to 2199"),
        ("RoomsTotal", -3, "below zero"),
    ],
)
def test_a_value_beyond_its_limit_is_left_out(name: str, value: object, reason: str | None) -> None:
    listing = _normal({"Src": name}, {"Src": value})
    assert name not in listing.more
    assert name in listing.more or name == "RoomsTotal" or listing.value(name) is None
    (found,) = listing.findings
    assert (found.finding.kind, found.finding.field) == (FindingKind.SUSPICIOUS_VALUE, "Src")
    assert found.finding.reason == (reason or "below zero")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ListPrice", 0),
        ("YearBuilt", 1626),
        ("CloseDate", "2026-01-02"),
        ("Longitude", -180),
        ("NetOperatingIncome", -5),
    ],
)
def test_a_value_within_its_limit_stays(name: str, value: object) -> None:
    assert _normal({}, {name: value}).findings == ()


def test_limits_are_of_the_type_of_their_field() -> None:
    assert find_limit_fault("ListPrice", Decimal(-1)) == "below zero"
    assert find_limit_fault("CloseDate", date(1799, 12, 31)) is not None
    assert find_limit_fault("City", "Naples") is None


def test_a_price_that_cannot_be_withholds_the_public_document() -> None:
    assert _normal({}, {"ListPrice": -1}).withheld == {"ListPrice"}
    assert _normal({}, {"YearBuilt": 0}).withheld == frozenset()


@pytest.mark.parametrize(
    ("latitude", "longitude", "address", "reason"),
    [
        (39.74, 104.99, US, "its sign is not that of the country"),
        (39.74, 104.99, {"Country": "United States"}, "its sign is not that of the country"),
        (39.74, 104.99, {"StateOrProvince": "CO", "PostalCode": "80401"}, "its sign is not that of the country"),
        (39.74, 104.99, {"StateOrProvince": "Colorado", "PostalCode": "80401"}, "its sign is not that of the country"),
        (-39.74, -104.99, US, "its sign is not that of the country"),
        (-87.6, 41.9, US, "exchanged with the longitude"),
        (-104.99, 39.74, US, "exchanged with the longitude"),
        (-104.99, 39.74, {}, "exchanged with the longitude"),
        (120.0, 170.0, {}, "beyond 90 degrees"),
        (49.28, 123.1, {"Country": "CA"}, "its sign is not that of the country"),
    ],
)
def test_a_position_that_cannot_be_is_left_out(
    latitude: float, longitude: float, address: dict[str, object], reason: str
) -> None:
    listing = _normal({}, {"Latitude": latitude, "Longitude": longitude, **address})
    assert _position(listing) == (None, None)
    (found,) = listing.findings
    assert (found.finding.kind, found.finding.reason) == (FindingKind.SUSPICIOUS_VALUE, reason)


@pytest.mark.parametrize(
    ("latitude", "longitude", "address"),
    [
        (*DENVER, US),
        (13.45, 144.78, US),  # Guam
        (52.9, 173.2, US),  # the Aleutian Islands
        (39.74, 104.99, {"Country": "CN"}),
        (39.74, 104.99, {}),
        (-31.95, 115.86, {"StateOrProvince": "WA", "PostalCode": "6000"}),
        (20.0, 5.0, US),  # nothing explains it
        (51.5, 0.0, {}),
    ],
)
def test_a_position_that_may_be_stays(latitude: float, longitude: float, address: dict[str, object]) -> None:
    listing = _normal({}, {"Latitude": latitude, "Longitude": longitude, **address})
    assert (_position(listing), listing.findings) == ((latitude, longitude), ())


@pytest.mark.parametrize(
    ("mapping", "fields", "price", "position"),
    [
        ({"Price": {"to": "price", "absolute": True}}, {"Price": "-5"}, 5, (None, None)),
        ({"Lng": {"to": "longitude", "negate": True}}, {"Latitude": 39.74, "Lng": "104.99"}, None, DENVER),
        (
            {"Lng": {"to": "longitude", "absolute": True, "negate": True}},
            {"Latitude": 39.74, "Lng": -104.99},
            None,
            DENVER,
        ),
        ({"Latitude": {"to": "latitude", "swap": True}}, {"Latitude": -104.99, "Longitude": 39.74}, None, DENVER),
        (
            {"A": {"to": "latitude", "swap": True}, "B": {"to": "longitude", "swap": True}},
            {"A": -104.99, "B": 39.74},
            None,
            DENVER,
        ),
    ],
)
def test_a_mapping_mends_signs_and_exchanges(
    mapping: dict[str, object], fields: dict[str, object], price: object, position: tuple[object, object]
) -> None:
    listing = _normal(mapping, {**fields, **US})
    assert (listing.value("ListPrice"), _position(listing), listing.findings) == (price, position, ())
