"""A world of listings in which every value is a mark: a word, a number or a day that nothing else holds.

So a reply that holds a mark tells which field of which version of which listing it came from.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import NamedTuple, cast

from platbook.connectors.contract import MediaRef
from platbook.listings.listing import NormalListing
from platbook.providers.local import LOCAL
from platbook.reso.fields import COLUMNS, FIELDS, SLOT, Kind

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
BOARD, EXCHANGE = "board", "exchange"
NORTH, SOUTH = "North MLS", "South MLS"
FIRST, LATEST = 1, 2
"""The versions of each listing: what was stored at first, and what is stored now."""

_FIRST_DAY = datetime(1990, 1, 1, tzinfo=UTC)
_WHOLE_DEGREES = {"Latitude": 30, "Longitude": -97}
_DIGITS = {"ListingId": 5, "StreetNumber": 5}
"""The texts that are numbers, and how these begin; whole numbers begin with 1, others with 3."""
_WORD = re.compile(r"qz[a-p]{10}x")
_NUMBER = re.compile(r"(?<!\d)\d{10}(?!\d)")
_DEGREES = re.compile(r"-?\d{2}\.\d{6}(?!\d)")
_DAY = re.compile(r"(?<!\d)(?:19|20)\d\d-\d\d-\d\d")


class Mark(NamedTuple):
    """Where a mark stands: in a field (RESO name, or a part of a photo) of one version of a listing."""

    listing_key: str
    field: str
    version: int


@dataclass(frozen=True)
class MarkedPhoto:
    """A photo or file of a listing; key, caption and URL are marks."""

    ref: MediaRef

    @property
    def key(self) -> str:
        """Its media key."""
        return self.ref.media_key


@dataclass(frozen=True)
class MarkedListing:
    """One listing: both versions of its values by RESO name, what it carries, and what became of it.

    `state`: live, removed, out of scope, erased, or archived (its provider is).
    """

    key: str
    provider_id: str
    values: Mapping[int, Mapping[str, object]] = field(repr=False)
    licences: frozenset[str]
    withheld: frozenset[str]
    photos: Sequence[MarkedPhoto] = field(repr=False)
    state: str = "live"

    @property
    def latest(self) -> Mapping[str, object]:
        """The values that are stored now."""
        return self.values[LATEST]

    def to_listing(self, version: int) -> NormalListing:
        """One version as the store takes it."""
        slots: list[object] = [None] * len(COLUMNS)
        more: dict[str, object] = {}
        for name, value in self.values[version].items():
            if name in SLOT:
                slots[SLOT[name]] = value
            elif value is not None:
                more[name] = value
        return NormalListing(self.key, tuple(slots), more, withheld=self.withheld, licences=self.licences)


@dataclass
class MarkedWorld:
    """Listings, and whose each mark is."""

    listings: list[MarkedListing] = field(default_factory=list[MarkedListing])
    marks: dict[str, Mark] = field(default_factory=dict[str, Mark])

    def find_marks(self, text: str) -> dict[str, Mark]:
        """The marks that a text holds."""
        found: set[str] = set()
        for pattern in (_WORD, _NUMBER, _DEGREES, _DAY):
            found |= set(pattern.findall(text))
        return {one: self.marks[one] for one in found if one in self.marks}


def make_world() -> MarkedWorld:
    """The same world every time."""
    maker = _Maker()
    for facts in _facts():
        maker.add(facts)
    return maker.world


def make_word(seed: str) -> str:
    """A word that resembles no other, is never stemmed, and is the same for the same seed."""
    return f"qz{''.join(chr(ord('a') + byte % 16) for byte in blake2b(seed.encode(), digest_size=10).digest())}x"


def find_marks_of(value: object) -> list[str]:
    """The texts by which a stored value is recognised in a reply; none for what is no mark."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, list):
        return [text for one in cast("list[object]", value) for text in find_marks_of(one)]
    if isinstance(value, datetime | date):
        return [f"{value:%Y-%m-%d}"]
    text = str(value)
    return [found for pattern in (_WORD, _NUMBER, _DEGREES) for found in pattern.findall(text)]


class _Facts(NamedTuple):
    """What decides about a listing."""

    provider_id: str = BOARD
    status: str = "Active"
    listing_flag: object = True
    address_flag: object = True
    valuation_flag: object = None
    comments_flag: object = None
    system: str | None = NORTH
    licences: frozenset[str] = frozenset({"IDX"})
    own: str | None = None
    """The field that names the operator's own office."""
    closed: timedelta | None = None
    """How long ago it was closed; None: the source does not say."""
    reachable: str | None = "ListOfficePhone"
    """The field that has a telephone number or an e-mail."""
    state: str = "live"
    withheld: frozenset[str] = frozenset()


OWN_OFFICE, REACHABLE = "own-office", "555-010-0199"
"""The key or MLS id of the operator's own office; the telephone number of whoever has one."""
_DAYS = timedelta(days=1)
_IDX, _VOW, _BOTH, _NONE = frozenset({"IDX"}), frozenset({"VOW"}), frozenset({"IDX", "VOW"}), frozenset[str]()


def _facts() -> Iterator[_Facts]:
    yield _Facts()
    yield _Facts(address_flag=False, own="ListOfficeKey", valuation_flag=True)
    yield _Facts(address_flag=None, system=SOUTH, licences=_BOTH, comments_flag=True)
    yield _Facts(listing_flag=None, system=None, licences=_NONE)
    yield _Facts(listing_flag=False, own="ListOfficeMlsId", licences=_VOW)
    yield _Facts(status="Closed", closed=timedelta(hours=12), licences=_BOTH, valuation_flag=False)
    yield _Facts(status="Closed", closed=200 * _DAYS, own="CoListOfficeKey", system=SOUTH)
    yield _Facts(status="Closed", closed=1500 * _DAYS, address_flag=None)
    yield _Facts(status="Closed", closed=None, system=SOUTH, licences=_NONE)
    yield _Facts(status="Coming Soon", own="CoListOfficeMlsId", licences=_VOW, reachable="AttributionContact")
    yield _Facts(status="Pending", reachable=None, system=None, comments_flag=False)
    yield _Facts(status="Withdrawn", licences=_BOTH)
    yield _Facts(state="removed")
    yield _Facts(state="out of scope", system=SOUTH)
    yield _Facts(state="erased")
    yield _Facts(listing_flag=None, withheld=frozenset({"InternetEntireListingDisplayYN"}))
    yield _Facts(address_flag=None, withheld=frozenset({"InternetAddressDisplayYN"}), licences=_BOTH)
    yield _Facts(withheld=frozenset({"ListPrice"}))
    yield _Facts(provider_id=EXCHANGE, own="ListOfficeKey", licences=_NONE)
    yield _Facts(provider_id=EXCHANGE, status="Active Under Contract", licences=_BOTH, listing_flag=None)
    yield _Facts(provider_id=EXCHANGE, status="Closed", closed=40 * _DAYS, system=SOUTH, reachable=None)
    yield _Facts(provider_id="former", state="archived")
    yield _Facts(provider_id=LOCAL, system=None, licences=_NONE)
    yield _Facts(provider_id=LOCAL, system=None, licences=_NONE, address_flag=None, status="Pending")


_CATEGORIES = ("Photo", "Photo", "Photo", "Video", "Document", "Unbranded Virtual Tour", "Branded Virtual Tour")
_PERMISSIONS: Sequence[Sequence[str] | None] = (
    ["Public"], ["IDX"], None, ["Public", "Agent Only"], ["Private"], ["Agent Only", "Firm Only"], [],
)  # fmt: skip


class _Maker:
    """Makes the marks: each counter gives a number, a day or a position once."""

    def __init__(self) -> None:
        self.world = MarkedWorld()
        self._count = self._days = 0

    def add(self, facts: _Facts) -> None:
        number = len(self.world.listings)
        key = make_word(f"key {number}")
        self._mark(key, key, "ListingKey", LATEST)
        values = {version: self._make_values(key, version, facts) for version in (FIRST, LATEST)}
        photos = [self._make_photo(key, place, (place + number) % len(_PERMISSIONS)) for place in range(14)]
        listing = MarkedListing(key, facts.provider_id, values, facts.licences, facts.withheld, photos, facts.state)
        self.world.listings.append(listing)

    def _make_values(self, key: str, version: int, facts: _Facts) -> dict[str, object]:
        values = {name: self._make_value(key, name, version) for name in FIELDS if name != "ListingKey"}
        values |= {
            "StandardStatus": facts.status,
            "InternetEntireListingDisplayYN": facts.listing_flag,
            "InternetAddressDisplayYN": facts.address_flag,
            "InternetAutomatedValuationDisplayYN": facts.valuation_flag,
            "InternetConsumerCommentYN": facts.comments_flag,
            "OriginatingSystemName": facts.system,
        }
        values["UnparsedAddress"] = " ".join(
            str(values[name]) for name in ("StreetNumber", "StreetName", "UnparsedAddress")
        )
        tour = str(values["VirtualTourURLUnbranded"])
        values["VirtualTourURLUnbranded"] = f"https://tours.example/{tour}"
        if facts.own is not None:
            values[facts.own] = OWN_OFFICE
        if facts.status == "Closed":
            self._close(values, key, version, facts.closed)
        if facts.reachable is not None:
            values[facts.reachable] = f"{values[facts.reachable]} {REACHABLE}"
        if facts.withheld:
            values |= dict.fromkeys(facts.withheld)
        return values

    def _close(self, values: dict[str, object], key: str, version: int, ago: timedelta | None) -> None:
        """A listing that was closed: lately, long ago, or the source does not say when."""
        values["CloseDate"] = values["StatusChangeTimestamp"] = None
        if ago is None:
            return
        closed = NOW - ago - timedelta(days=version - LATEST)
        if ago < _DAYS:  # only to be told by the time of the change; no mark, since it is a day of ours, too
            values["StatusChangeTimestamp"] = closed
        else:
            values["CloseDate"] = closed.date()
            self._mark(f"{closed:%Y-%m-%d}", key, "CloseDate", version)

    def _make_value(self, key: str, name: str, version: int) -> object:
        """A value of a field's type that nothing else has; a flag has none, and is yes now and was no before."""
        self._count += 1
        kind = FIELDS[name].kind
        if kind is Kind.BOOLEAN:
            return version == LATEST
        if kind in {Kind.DATE, Kind.TIMESTAMP}:
            self._days += 1
            moment = _FIRST_DAY + timedelta(days=self._days)
            self._mark(f"{moment:%Y-%m-%d}", key, name, version)
            return moment if kind is Kind.TIMESTAMP else moment.date()
        if kind is Kind.LOOKUP_LIST:
            return [self._mark(make_word(f"{self._count} {one}"), key, name, version) for one in range(2)]
        text = self._mark(self._make_text(name), key, name, version)
        convert = {Kind.INTEGER: int, Kind.DECIMAL: Decimal, Kind.DEGREES: float}.get(kind)
        return text if convert is None else convert(text)

    def _make_text(self, name: str) -> str:
        kind = FIELDS[name].kind
        if kind is Kind.DEGREES:
            return f"{_WHOLE_DEGREES[name]}.{100_001 + 2 * self._count}"
        if name in _DIGITS or kind in {Kind.INTEGER, Kind.DECIMAL}:
            return f"{_DIGITS.get(name) or (1 if kind is Kind.INTEGER else 3)}{self._make_digits()}"
        return make_word(str(self._count))

    def _make_digits(self) -> str:
        """Nine digits at random, so that no mean of two numbers is a third."""
        digest = blake2b(str(self._count).encode(), digest_size=8).digest()
        return f"{int.from_bytes(digest) % 10**9:09}"

    def _make_photo(self, key: str, place: int, permission: int) -> MarkedPhoto:
        category = _CATEGORIES[place % len(_CATEGORIES)]
        media_key, caption, address = (make_word(f"{key} {place} {part}") for part in ("key", "caption", "url"))
        for part, mark in (("key", media_key), ("caption", caption), ("url", address)):
            self._mark(mark, key, f"photo:{media_key}:{part}", LATEST)
        url = f"https://photos.example/{address}.jpg"
        return MarkedPhoto(MediaRef(media_key, place, url, category, caption, _PERMISSIONS[permission], "1"))

    def _mark(self, text: str, key: str, name: str, version: int) -> str:
        assert text not in self.world.marks, f"{text} marks two things"
        self.world.marks[text] = Mark(key, name, version)
        return text
