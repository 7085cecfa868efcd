"""Asking by values: what a public caller finds by one that is hidden from it, and what it counts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, cast

from tests.display.expected import Expected
from tests.display.marked_world import MarkedListing, find_marks_of, make_word
from tests.display.public_site import PublicSite, Reply

_EXACT: Mapping[str, str] = {
    "PropertyType": "propertyType",
    "PropertySubType": "propertySubType",
    "City": "city",
    "CountyOrParish": "county",
    "StateOrProvince": "state",
    "PostalCode": "postalCode",
    "ListingId": "mlsNumber",
    "ListAgentKey": "agent",
    "ListAgentMlsId": "agent",
    "ListAgentFullName": "agent",
    "ListOfficeKey": "office",
    "ListOfficeMlsId": "office",
    "ListOfficeName": "office",
}
_RANGES: Mapping[str, str] = {
    "ListPrice": "Price",
    "BedroomsTotal": "Bedrooms",
    "BathroomsTotalInteger": "Bathrooms",
    "LivingArea": "SquareFeet",
    "LotSizeSquareFeet": "LotSize",
    "YearBuilt": "YearBuilt",
}
_WORDS = (
    "UnparsedAddress", "StreetName", "StreetNumber", "UnitNumber", "City", "PostalCode", "SubdivisionName", "ListingId",
    "PublicRemarks", "PrivateRemarks",
)  # fmt: skip
_SUGGESTED = ("UnparsedAddress", "StreetName", "StreetNumber", "City", "PostalCode", "SubdivisionName", "ListingId")
_SORTS: Mapping[str, str] = {
    "listPrice": "ListPrice",
    "bedrooms": "BedroomsTotal",
    "livingArea": "LivingArea",
    "listedAt": "ListingContractDate",
    "daysOnMarket": "DaysOnMarket",
}
_FACETS: Mapping[str, str] = {
    "status": "StandardStatus",
    "propertyType": "PropertyType",
    "propertySubType": "PropertySubType",
    "city": "City",
    "county": "CountyOrParish",
    "state": "StateOrProvince",
    "postalCode": "PostalCode",
    "agent": "ListAgentFullName",
    "office": "ListOfficeName",
}


class Question(NamedTuple):
    """A question by one value of a listing, and the same one by a value that no listing ever had."""

    listing: MarkedListing
    field: str
    path: str
    parameters: Mapping[str, object]
    control: Mapping[str, object]


def find_questions(expected: Expected) -> Iterator[Question]:
    """Every question by a value that is hidden, in a fixed order."""
    for listing in expected.listings:
        for field in dict.fromkeys([*_EXACT, *_RANGES, *_WORDS, *_SUGGESTED, "Latitude"]):
            if not expected.shows(listing, field) and find_marks_of(listing.latest[field]):
                yield from _ask_by(listing, field)


async def check_question(site: PublicSite, expected: Expected, question: Question) -> None:
    """Check that asking by a hidden value is answered as asking by one that does not exist."""
    reply = await site.search(question.path, **question.parameters)
    control = await site.search(question.path, **question.control)
    expected.check(reply)
    expected.expect(_measure(reply) == _measure(control), f"{question.field} is answered differently", reply)


async def check_order(site: PublicSite, expected: Expected) -> None:
    """Check that each sort puts rows whose value is hidden after the others, and tells no order among them."""
    for sort, field in _SORTS.items():
        for order in ("asc", "desc"):
            reply = await site.search(sortBy=sort, sortOrder=order)
            rows = [expected.ids[one] for one in reply.ids if one in expected.ids]
            values = [_value_of(one, field, expected) for one in rows]
            if sort == "daysOnMarket":
                values = [_days_of(one) if expected.shows(one, "DaysOnMarket") else None for one in rows]
            known = [_to_number(value) for value in values if value is not None]
            expected.expect(known == sorted(known, reverse=order == "desc"), f"{sort} is out of order", reply)
            expected.expect(None not in values[: len(known)], f"{sort} puts hidden values among others", reply)
            hidden = [one for one, value in zip(reply.ids, values, strict=False) if value is None]
            expected.expect(hidden in (sorted(hidden), sorted(hidden)[::-1]), f"{sort} orders hidden values", reply)


async def check_counts(site: PublicSite, expected: Expected) -> None:
    """Check totals, facets and statistics against a count of what is shown."""
    reply = await site.search(facets=",".join(_FACETS))
    expected.expect(reply.total == len(expected.shown), "a wrong total", reply)
    facets = cast("Mapping[str, Sequence[Mapping[str, object]]]", reply.data["facets"])
    for name, field in _FACETS.items():
        told = {str(one["value"]): one["count"] for one in facets[name]}
        expected.expect(told == dict(_count(expected, field)), f"wrong counts of {name}", reply)
    stats = await site.get("/api/v1/properties/stats")
    counted = {"byStatus": "StandardStatus", "byType": "PropertyType", "byCity": "City"}
    for name, field in counted.items():
        expected.expect(stats.data[name] == dict(_count(expected, field)), f"wrong counts of {name}", stats)
    expected.expect(stats.data["total"] == len(expected.shown), "a wrong total", stats)
    prices = [value for one in expected.shown if (value := _value_of(one, "ListPrice", expected)) is not None]
    other = cast("Mapping[str, Mapping[str, object]]", stats.data["other"])
    expected.expect(other["price"]["median"] == _find_median(prices), "a wrong median", stats)
    _check_months(expected, stats)


def _check_months(expected: Expected, stats: Reply) -> None:
    listed: Counter[str] = Counter()
    closed: dict[str, list[object]] = {}
    for one in expected.shown:
        came, left = one.latest["OnMarketDate"], _value_of(one, "CloseDate", expected)
        if isinstance(came, date) and expected.shows(one, "DaysOnMarket"):
            listed[f"{came:%Y-%m}"] += 1
        if isinstance(left, date) and _value_of(one, "StandardStatus", expected) == "Closed":
            closed.setdefault(f"{left:%Y-%m}", []).append(_value_of(one, "ClosePrice", expected))
    for month in cast("Sequence[Mapping[str, object]]", stats.data["byMonth"]):
        name, other = str(month["month"]), cast("Mapping[str, object]", month["other"])
        prices = [price for price in closed.get(name, []) if price is not None]
        told = (other["listed"], other["closed"], other["medianClosePrice"])
        expected.expect(told == (listed[name], len(closed.get(name, [])), _find_median(prices)), f"{name} wrong", stats)


def _ask_by(listing: MarkedListing, field: str) -> Iterator[Question]:
    value = str(listing.latest[field])
    word = value.rpartition(" ")[2]
    other = make_word(value) if word.startswith("qz") else f"{int(float(word)) + 7}"
    if field in _EXACT:
        name = _EXACT[field]
        for path in ("", "/stats"):
            yield Question(listing, field, path, {name: value}, {name: other})
    if field in _RANGES:
        low, high = f"min{_RANGES[field]}", f"max{_RANGES[field]}"
        yield Question(listing, field, "", {low: value, high: value}, {low: other, high: other})
    if field in _WORDS:
        yield Question(listing, field, "", {"search": word}, {"search": other})
    if field in _SUGGESTED:
        for cut in (len(word), 8):
            asked = {"q": word[:cut], "limit": 20}
            yield Question(listing, field, "/suggest", asked, {"q": other[:cut], "limit": 20} if cut > 8 else asked)
    if field == "Latitude":
        here = {"near": f"{value},{listing.latest['Longitude']}", "radiusMiles": 0.00001}
        yield Question(listing, field, "", here, {"near": "10,10", "radiusMiles": 0.00001})


def _measure(reply: Reply) -> object:
    """What an answer tells, without the caller's own words."""
    if reply.status != 200:
        return reply.status
    data = dict(reply.data)
    if "suggestions" in data:
        return data["suggestions"]
    if "properties" in data:
        return reply.total, reply.ids
    return data


def _value_of(listing: MarkedListing, field: str, expected: Expected) -> object:
    return listing.latest[field] if expected.shows(listing, field) else None


def _days_of(listing: MarkedListing) -> float:
    """How long a listing was, or is, on the market; any moment far in the future will do for now."""
    came, left = listing.latest["OnMarketDate"], listing.latest["OffMarketDate"]
    assert isinstance(came, date)
    assert isinstance(left, date)
    is_over = listing.latest["StandardStatus"] in {"Pending", "Closed", "Withdrawn"}
    return (left if is_over else date.max).toordinal() - came.toordinal()


def _count(expected: Expected, field: str) -> Counter[str]:
    values = (_value_of(one, field, expected) for one in expected.shown)
    return Counter(str(value) for value in values if value is not None)


def _to_number(value: object) -> float:
    return value.toordinal() if isinstance(value, date) else float(str(value))


def _find_median(values: Sequence[object]) -> float | None:
    numbers = sorted(float(str(value)) for value in values)
    if not numbers:
        return None
    middle = len(numbers) // 2
    return round(numbers[middle] if len(numbers) % 2 else (numbers[middle - 1] + numbers[middle]) / 2, 2)
