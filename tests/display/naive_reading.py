"""A second reading of the display rules: slow, without the product's own decision, for tests to hold against it.

It is written from what the settings are said to mean, one sentence of theirs after another.
"""

from calendar import month_name, monthrange
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import cast

from platbook.reso.fields import FIELDS
from platbook.reso.public_fields import LOCATION_FIELDS, MARKET_TIME_FIELDS
from tests.display.marked_world import REACHABLE, MarkedListing

Settings = Mapping[str, object]


@dataclass(frozen=True)
class PlainRule:
    """A rule as an operator writes it; settings by their names in JSON."""

    settings: Settings
    originating_system: str | None = None
    feed: str | None = None
    ours: bool = False


@dataclass(frozen=True)
class PlainRules:
    """The public rules of one provider, and the operator's own offices."""

    rules: Sequence[PlainRule]
    own_offices: AbstractSet[str] = frozenset()


@dataclass(frozen=True)
class Reading:
    """What of one listing may be shown. `named`: photos among those of the listing; `opened`: whose content is shown.

    `hidden_by`: the setting or the flag for which the listing is hidden; None: it is shown.
    """

    hidden_by: str | None
    until: datetime | None
    address: bool
    valuation: bool
    comments: bool
    fields: AbstractSet[str]
    """RESO names, with those of the attribution's contact and of the days on market, which are shown beside others."""
    named: AbstractSet[str]
    opened: AbstractSet[str]
    settings: Settings

    @property
    def shown(self) -> bool:
        """Whether anything of it is shown."""
        return self.hidden_by is None


DEFAULTS: Settings = MappingProxyType(
    {
        "statuses": ["Active", "Active Under Contract", "Closed", "Coming Soon", "Pending"],
        "showClosePrice": True,
        "photoPermissions": ["Public", "IDX"],
        "showDaysOnMarket": True,
        "showHistory": "all",
    }
)
WINDOWS: Mapping[str, Callable[[datetime], datetime]] = MappingProxyType(
    {
        "PT1H": lambda at: at + timedelta(hours=1),
        "PT24H": lambda at: at + timedelta(hours=24),
        "P90D": lambda at: at + timedelta(days=90),
        "P6M": lambda at: _add_months(at, 6),
        "P36M": lambda at: _add_months(at, 36),
        "P10Y": lambda at: _add_months(at, 120),
    }
)
"""The durations that rules of tests have."""
_SHOWN_BESIDE_IDX = ("Country", "Latitude", "Longitude", "ListOfficePhone", "AttributionContact")
_DAYS_COME_FROM = {"OnMarketDate", "ListingContractDate", "CloseDate", "StatusChangeTimestamp"}
_STREET = ("StreetNumber", "StreetDirPrefix", "StreetName", "StreetSuffix", "StreetDirSuffix", "UnitNumber")


def read_listing(listing: MarkedListing, rules: PlainRules, now: datetime) -> Reading:
    """Read the rules for one listing at a moment."""
    values = listing.latest
    is_ours = bool(_find_firms(values, "Office") & rules.own_offices)
    system = values["OriginatingSystemName"]
    # The most specific first: of own listings, then of an originating system, then of a feed type.
    holding = [
        rule
        for ours in ([True, False] if is_ours else [False])
        for named in ([system, None] if system is not None else [None])
        for feed in [*sorted(listing.licences, reverse=True), None]
        for rule in rules.rules
        if (rule.ours, rule.originating_system, rule.feed) == (ours, named, feed)
    ]
    settings: dict[str, object] = dict(DEFAULTS)
    for rule in reversed(holding):
        settings |= {name: value for name, value in rule.settings.items() if value is not None}
    address = _flag(listing, "InternetAddressDisplayYN", settings.get("addressDisplayWhenNull"))
    hidden_by = _find_fault(listing, settings)
    window, until = _find_end(listing, settings)
    if hidden_by is None and window is not None and (until is None or until <= now):
        hidden_by = window
    if not holding:
        hidden_by = "no rule"
    named = {one.key for one in listing.photos if holding and _is_open(one.ref.permission, settings)}
    opened = {
        one.key
        for one in listing.photos
        if one.key in named
        and (
            one.ref.category == "Photo"
            or (address and one.ref.category in {"Video", "Document", "Unbranded Virtual Tour"})
        )
    }
    return Reading(
        hidden_by,
        until,
        address,
        _flag(listing, "InternetAutomatedValuationDisplayYN", settings.get("valuationWhenNull")),
        _flag(listing, "InternetConsumerCommentYN", settings.get("commentsWhenNull")),
        frozenset(name for name in FIELDS if _shows_field(name, settings, address=address)),
        frozenset(named),
        frozenset(opened),
        settings,
    )


def _find_fault(listing: MarkedListing, settings: Settings) -> str | None:
    """The first setting or flag for which a listing is hidden, whenever it is read."""
    values = listing.latest
    contacts = [str(values["AttributionContact"]), str(values["ListOfficePhone"])]
    faults = {
        "an unreadable price": bool(listing.withheld & {"ListPrice", "ClosePrice"}),
        "InternetEntireListingDisplayYN": not _flag(
            listing, "InternetEntireListingDisplayYN", settings.get("listingDisplayWhenNull")
        ),
        "statuses": values["StandardStatus"] not in _texts(settings["statuses"]),
        "propertyTypes": "propertyTypes" in settings
        and values["PropertyType"] not in _texts(settings["propertyTypes"]),
        "licences": "licences" in settings and not listing.licences & set(_texts(settings["licences"])),
        "optOutOffices": bool(_find_firms(values, "Office") & set(_texts(settings.get("optOutOffices", [])))),
        "optOutAgents": bool(_find_firms(values, "Agent") & set(_texts(settings.get("optOutAgents", [])))),
        "requireContact": bool(settings.get("requireContact"))
        and not any(REACHABLE in contact for contact in contacts),
    }
    return next((name for name, is_fault in faults.items() if is_fault), None)


def _find_end(listing: MarkedListing, settings: Settings) -> tuple[str | None, datetime | None]:
    """The moment from which a closed listing is hidden, with the setting; with it alone where it is always hidden."""
    made = [name for name in ("soldWithin", "hideAfterClosing") if name in settings]
    if listing.latest["StandardStatus"] != "Closed" or not made:
        return None, None
    closed = listing.latest["CloseDate"] or listing.latest["StatusChangeTimestamp"]
    if not isinstance(closed, date):
        return made[0], None
    start = closed if isinstance(closed, datetime) else datetime.combine(closed, time(), UTC)
    ends = {name: WINDOWS[str(settings[name])](start) for name in made}
    first = min(ends, key=lambda name: ends[name])
    return first, ends[first]


def _find_firms(values: Mapping[str, object], kind: str) -> set[str]:
    """The offices, or agents, of a listing."""
    return {str(values[f"{side}{kind}{name}"]) for side in ("List", "CoList") for name in ("Key", "MlsId")}


def _shows_field(name: str, settings: Settings, *, address: bool) -> bool:
    field, taken = FIELDS[name], set(_texts(settings.get("hideFields", [])))
    if name == "DaysOnMarket":
        return bool(settings["showDaysOnMarket"]) and not _DAYS_COME_FROM & taken
    faults = (
        field.confidential,
        not (field.idx or name in _SHOWN_BESIDE_IDX),
        name in LOCATION_FIELDS and not address,
        name == "ClosePrice" and not settings["showClosePrice"],
        name in MARKET_TIME_FIELDS and not settings["showDaysOnMarket"],
        name == "UnparsedAddress" and bool(taken.intersection(_STREET)),  # it holds them
        name == "StreetNumberNumeric" and "StreetNumber" in taken,  # the same as a number
        name in taken,
    )
    return not any(faults)


def _flag(listing: MarkedListing, name: str, when_silent: object) -> bool:
    value = listing.latest[name]
    if name in listing.withheld:
        return False
    return bool(when_silent) if value is None else value is True


def _is_open(permission: Sequence[str] | None, settings: Settings) -> bool:
    if permission is None:
        return bool(settings.get("photoDisplayWhenNull"))
    return any(one in _texts(settings["photoPermissions"]) for one in permission)


def _texts(value: object) -> Sequence[str]:
    assert isinstance(value, list)
    return [str(one) for one in cast("list[object]", value)]


def _add_months(at: datetime, months: int) -> datetime:
    year, month = at.year, at.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == len(month_name) - 1 else (year, month + 1)
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))
