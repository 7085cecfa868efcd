"""The market: deterministic in every process, with consistent records and traceable lifecycles."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platbook.base.times import to_iso_z
from platbook.market import Market, MarketListing

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
SEEDS = st.integers(min_value=-(2**70), max_value=2**70)
DAYS = st.floats(min_value=0, max_value=1500, allow_nan=False)
FEW = settings(max_examples=25, deadline=None)

PRIVATE = {"PrivateRemarks", "ShowingInstructions", "LockBoxType", "OwnerName", "ExpirationDate"}
MULTI = {"Appliances", "Cooling", "Flooring", "Heating", "InteriorFeatures", "LotFeatures", "View", "Utilities"}


def later(days: float) -> datetime:
    return STARTED + timedelta(days=days)


def text(listing: MarketListing, field: str) -> str:
    value = listing.record[field]
    assert isinstance(value, str), (field, value)
    return value


def number(listing: MarketListing, field: str) -> float:
    value = listing.record[field]
    assert isinstance(value, int | float), (field, value)
    return value


def snapshot(market: Market, at: datetime) -> dict[str, MarketListing]:
    return {listing.key: listing for listing in market.listings(at)}


@FEW
@given(SEEDS, DAYS)
def test_markets_of_equal_seed_and_size_are_equal(seed: int, days: float) -> None:
    one, other = Market(seed, 7, STARTED), Market(seed, 7, STARTED)
    assert list(other.listings(later(1500)))
    assert snapshot(one, later(days)) == snapshot(other, later(days))


def test_different_seeds_make_different_markets() -> None:
    one = {text(listing, "UnparsedAddress") for listing in Market(1, 50, STARTED).listings(STARTED)}
    other = {text(listing, "UnparsedAddress") for listing in Market(2, 50, STARTED).listings(STARTED)}
    assert len(one | other) > 95


@FEW
@given(SEEDS, DAYS, st.integers(1, 60))
def test_the_feed_always_has_its_configured_size(seed: int, days: float, size: int) -> None:
    market = Market(seed, size, STARTED)
    keys = market.keys(later(days))
    assert len(set(keys)) == size
    assert keys == sorted(keys) == [listing.key for listing in market.listings(later(days))]


@FEW
@given(SEEDS, DAYS, st.floats(0, 120, allow_nan=False))
def test_changed_is_the_difference_of_two_snapshots(seed: int, days: float, more: float) -> None:
    market = Market(seed, 25, STARTED)
    since, at = later(days), later(days + more)
    before, after = snapshot(market, since), snapshot(market, at)
    changed = list(market.changed(since, at))
    assert {listing.key for listing in changed} == {key for key in after if before.get(key) != after[key]}
    assert [(listing.modified, listing.key) for listing in changed] == sorted(
        (one.modified, one.key) for one in changed
    )
    assert market.count_changed(since, at) == len(changed)
    assert all(listing == after[listing.key] for listing in changed)
    assert {one.key for one in market.listings(at, since=since)} == {one.key for one in changed}
    assert set(before) - set(after) <= set(market.removed(since, at))
    assert not set(market.removed(since, at)) & set(after)


@FEW
@given(SEEDS, st.integers(0, 29))
def test_a_walk_resumes_after_any_listing(seed: int, cut: int) -> None:
    market, at = Market(seed, 30, STARTED), later(50)
    by_time, by_key = list(market.changed(None, at)), list(market.listings(at))
    position = (by_time[cut].modified, by_time[cut].key)
    assert list(market.changed(None, at, after=position)) == by_time[cut + 1 :]
    assert list(market.listings(at, after=by_key[cut].key)) == by_key[cut + 1 :]


@FEW
@given(SEEDS, DAYS)
def test_a_listing_by_key_equals_the_one_in_the_feed(seed: int, days: float) -> None:
    market, at = Market(seed, 9, STARTED), later(days)
    for key, listing in snapshot(market, at).items():
        assert market.listing(key, at) == listing
    for key in (*market.removed(STARTED, at), "", "nobody", "-1", "1", "9" * 40, "¹000000000"):
        assert market.listing(key, at) is None


@FEW
@given(SEEDS)
def test_a_listing_evolves_and_never_goes_back(seed: int) -> None:
    market = Market(seed, 4, STARTED)
    seen: dict[str, MarketListing] = {}
    for day in range(0, 300, 3):
        for key, listing in snapshot(market, later(day)).items():
            before = seen.get(key)
            if before is not None:
                assert before.modified <= listing.modified <= later(day)
                assert before.record["OriginalListPrice"] == listing.record["OriginalListPrice"]
                assert number(listing, "ListPrice") <= number(before, "ListPrice")
                assert len(before.photos) <= len(listing.photos)
            seen[key] = listing
    statuses = {text(listing, "StandardStatus") for listing in seen.values()}
    assert len(seen) > 4
    assert statuses


def test_every_kind_of_event_happens() -> None:
    market = Market(1, 400, STARTED)
    majors: set[object] = set()
    photos = [0, 0]
    for day in range(0, 200, 4):
        for listing in market.changed(later(day), later(day + 4)):
            majors.add(listing.record["MajorChangeType"])
            photos[0] += any(photo.version > 1 for photo in listing.photos)
            photos[1] += any(photo.modified > listing.photos[0].modified for photo in listing.photos)
    assert majors == {
        *("Active Under Contract", "Back On Market", "Canceled", "Closed", "Coming Soon", "Expired", "Hold"),
        *("New Listing", "Pending", "Price Change", "Withdrawn"),
    }
    assert all(photos)


@pytest.fixture(scope="module")
def population() -> list[MarketListing]:
    return list(Market(3, 1500, STARTED).listings(later(70)))


def test_property_types_have_plausible_shares(population: list[MarketListing]) -> None:
    kinds = [text(listing, "PropertyType") for listing in population]
    for kind, low, high in (("Residential", 0.65, 0.83), ("Commercial", 0.08, 0.2), ("Land", 0.07, 0.18)):
        assert low < sum(one.startswith(kind) for one in kinds) / len(kinds) < high
    hidden = [listing.record["InternetEntireListingDisplayYN"] for listing in population]
    assert {True, False, None} == set(hidden)
    assert hidden.count(True) > 0.9 * len(hidden)


def test_records_have_many_fields_of_json_values(population: list[MarketListing]) -> None:
    for listing in population:
        assert len(listing.record) >= 70
        assert listing.record.keys() >= PRIVATE
        for name, value in listing.record.items():
            if isinstance(value, list):
                assert json.loads(json.dumps(value)) == value, name
            else:
                assert value is None or isinstance(value, str | int | float), name
        assert all(isinstance(listing.record[name], list) for name in MULTI & listing.record.keys())


def test_prices_and_statuses_are_consistent(population: list[MarketListing]) -> None:
    for listing in population:
        record, status = listing.record, text(listing, "StandardStatus")
        cut = record["PreviousListPrice"] is not None
        assert cut == (record["PriceChangeTimestamp"] is not None)
        assert number(listing, "OriginalListPrice") >= number(listing, "ListPrice") > 0
        if cut:
            assert number(listing, "PreviousListPrice") > number(listing, "ListPrice")
        closed = status == "Closed"
        assert closed == (record["ClosePrice"] is not None) == (record["CloseDate"] is not None)
        assert closed == (record["BuyerAgentKey"] is not None)
        if closed:
            assert 0.9 < number(listing, "ClosePrice") / number(listing, "ListPrice") < 1.1
        assert (status in {"Pending", "Closed", "Active Under Contract"}) == (
            record["PurchaseContractDate"] is not None
        )
        assert (record["OnMarketDate"] is None) == (status == "Coming Soon")


def test_timestamps_are_in_order(population: list[MarketListing]) -> None:
    for listing in population:
        record = listing.record
        modified = text(listing, "ModificationTimestamp")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", modified)
        assert datetime.fromisoformat(modified) == listing.modified <= later(70)
        timestamps = [value for name, value in record.items() if name.endswith("Timestamp") and value is not None]
        assert max(map(str, timestamps)) == modified
        dates = ("ListingContractDate", "OnMarketDate", "PurchaseContractDate", "CloseDate")
        present = [date.fromisoformat(str(record[name])) for name in dates if record[name] is not None]
        assert present == sorted(present)
        if record["StandardStatus"] == "Expired":
            assert text(listing, "ExpirationDate") == text(listing, "StatusChangeTimestamp")[:10]
        else:
            assert text(listing, "ExpirationDate") > modified[:10]


def test_a_home_has_rooms_a_condominium_a_unit_and_land_neither(population: list[MarketListing]) -> None:
    for listing in population:
        record, kind = listing.record, text(listing, "PropertyType")
        if kind == "Residential":
            assert number(listing, "BedroomsTotal") >= 1
            baths = number(listing, "BathroomsFull") + number(listing, "BathroomsHalf")
            assert number(listing, "BathroomsTotalInteger") == baths
            assert number(listing, "YearBuilt") <= int(text(listing, "OriginalEntryTimestamp")[:4])
            assert 30 < number(listing, "OriginalListPrice") / number(listing, "LivingArea") < 1200
            assert (record["UnitNumber"] is not None) == (record["PropertySubType"] != "Single Family Residence")
        else:
            assert not record.keys() & {"BedroomsTotal", "BathroomsFull"}
        if kind == "Land":
            assert not record.keys() & {"YearBuilt", "LivingArea"}
            assert record["UnitNumber"] is None
            assert number(listing, "LotSizeSquareFeet") == round(number(listing, "LotSizeAcres") * 43_560)


def test_remarks_agree_with_the_record(population: list[MarketListing]) -> None:
    for listing in population:
        remarks = text(listing, "PublicRemarks")
        assert text(listing, "City") in remarks
        assert text(listing, "OwnerName") not in remarks
        if listing.record["PropertyType"] == "Residential":
            assert f"{number(listing, 'LivingArea'):,} square feet" in remarks
            assert f"{number(listing, 'BedroomsTotal')} bedroom" in remarks
        if listing.record["PropertyType"] == "Land":
            assert f"{number(listing, 'LotSizeAcres'):g} acres" in remarks


def test_addresses_and_coordinates_are_consistent(population: list[MarketListing]) -> None:
    places: dict[str, set[tuple[str, str, str]]] = {}
    boxes = {"CO": (40, 41, -106, -104), "NC": (35, 36, -83, -82), "WI": (42, 44, -90, -89)}
    for listing in population:
        state = text(listing, "StateOrProvince")
        south, north, west, east = boxes[state]
        assert south < number(listing, "Latitude") < north
        assert west < number(listing, "Longitude") < east
        place = (text(listing, "CountyOrParish"), state, text(listing, "PostalCode")[:2])
        places.setdefault(text(listing, "City"), set()).add(place)
        full = text(listing, "UnparsedAddress")
        assert full.startswith(f"{text(listing, 'StreetNumber')} {text(listing, 'StreetName')} ")
        assert full.endswith(f"{text(listing, 'City')}, {state} {text(listing, 'PostalCode')}")
    assert len(places) == 10
    assert all(len(values) == 1 for values in places.values())


def test_people_are_consistent_and_have_fictitious_numbers(population: list[MarketListing]) -> None:
    agents: dict[str, set[tuple[object, ...]]] = {}
    names = ("ListAgentFullName", "ListAgentEmail", "ListAgentMlsId", "ListOfficeKey", "ListOfficeName")
    for listing in population:
        agents.setdefault(text(listing, "ListAgentKey"), set()).add(tuple(listing.record[name] for name in names))
        assert re.fullmatch(r"[a-z.]+\d*@example\.com", text(listing, "ListAgentEmail"))
        for field in ("ListAgentDirectPhone", "ListOfficePhone"):
            assert re.fullmatch(r"\d{3}-555-01\d\d", text(listing, field))
    assert len(agents) > 50
    assert all(len(values) == 1 for values in agents.values())


def test_photos_are_consistent_with_the_record(population: list[MarketListing]) -> None:
    for listing in population:
        assert len(listing.photos) == listing.record["PhotosCount"]
        assert [photo.order for photo in listing.photos] == list(range(1, len(listing.photos) + 1))
        assert len({photo.key for photo in listing.photos}) == len(listing.photos)
        newest = max(photo.modified for photo in listing.photos)
        assert text(listing, "PhotosChangeTimestamp") == to_iso_z(newest)


def test_a_time_before_the_start_is_refused() -> None:
    with pytest.raises(ValueError, match="not before"):
        Market(1, 5, STARTED).keys(later(-1))
    with pytest.raises(ValueError, match="at least one"):
        Market(1, 0, STARTED)
