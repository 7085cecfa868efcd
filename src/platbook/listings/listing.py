"""A listing and its photos as values, typed by the Data Dictionary, and what is derived from them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import cast
from uuid import UUID

from platbook.providers.finding import ValueFinding
from platbook.reso.address_words import UNIT_WORDS
from platbook.reso.fields import ADDRESS_PARTS, FIELDS, SLOT

_STREET = SLOT["StreetName"]
_LONGEST_ADDRESS = FIELDS["UnparsedAddress"].max_length
# `fl` is a floor before a number here; anywhere in an address it may be Florida.
_NAMED_UNIT = re.compile(rf"(?:{'|'.join(sorted(UNIT_WORDS | {'fl'}))})\b", re.IGNORECASE)

OFF_MARKET = frozenset({"Canceled", "Closed", "Delete", "Expired", "Pending", "Withdrawn"})
FIRST_STORE = 1
"""The store that holds a picture where none is named."""
FILE = "file"
"""The name of the one variant of a file: its bytes as they came."""


@dataclass(frozen=True, slots=True)
class NormalListing:
    """A source's record, mapped to RESO fields.

    `values` are in the order of `reso.COLUMNS`; `more` holds the further mapped fields by RESO name, as JSON values.
    `findings` are what is wrong with the source's values. `withheld` are RESO names of fields whose values could not be
    taken and that decide what may be public (`display.DECIDING_FIELDS`). `licences` are the feed types that the record
    carries, in capitals.
    """

    listing_key: str
    values: tuple[object, ...]
    more: Mapping[str, object] = field(default_factory=dict[str, object])
    findings: Sequence[ValueFinding] = ()
    withheld: frozenset[str] = frozenset()
    licences: frozenset[str] = frozenset()

    def value(self, name: str) -> object:
        """A typed value by its RESO name."""
        return self.values[SLOT[name]]

    @property
    def standard_status(self) -> str | None:
        """The standard status."""
        return cast("str | None", self.value("StandardStatus"))

    @property
    def modification_timestamp(self) -> datetime | None:
        """When the source last changed the record, by its own account."""
        return cast("datetime | None", self.value("ModificationTimestamp"))


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """The stored picture of a photo: its size in pixels, and its variants by name; or a file stored as it came.

    A variant is `{name, width, height, bytes, format}`, where `name` is its object's name. `is_public`: everybody may
    read the objects. `store_id`: the store that holds them. `media_type` is the Content-Type of a file, which has no
    size in pixels and the one variant FILE; None: a picture.
    """

    width: int | None
    height: int | None
    color: str | None
    placeholder: str | None
    variants: Mapping[str, Mapping[str, object]]
    is_public: bool
    store_id: int = FIRST_STORE
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo, video or document of a listing, as stored.

    `modified` is the source's version of it, as text. `state`: waiting (to be fetched), stored, failed (given up, see
    `reason`), linked (not fetched, or a web page and no file, see `reason`). `picture` may be of an older version.
    `finding_key` is the finding of a photo that was given up and not fetched since. `is_open`: everybody may see it
    where the listing is public.
    """

    media_key: str
    order: int
    category: str
    caption: str | None
    permission: Sequence[str] | None
    modified: str | None
    state: str
    source_address: str | None = None
    reason: str | None = None
    finding_key: str | None = None
    is_open: bool = False
    picture: StoredPicture | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The provenance of a version of a listing: the run or the user, and when it was stored."""

    provider_id: str
    source: str
    stored_at: datetime
    sync_id: UUID | None = None
    author_id: UUID | None = None
    is_local: bool = False


def listed_at(listing: NormalListing) -> datetime | None:
    """When it came on the market; None where the source has no date of it."""
    for name in ("OnMarketDate", "ListingContractDate"):
        day = listing.value(name)
        if isinstance(day, date):
            return midnight(day)
    return cast("datetime | None", listing.value("OriginalEntryTimestamp"))


def off_market_at(listing: NormalListing) -> datetime | None:
    """When it left the market; None while it is on the market."""
    if listing.standard_status not in OFF_MARKET:
        return None
    for name in ("OffMarketDate", "PurchaseContractDate", "CloseDate"):
        day = listing.value(name)
        if isinstance(day, date):
            return midnight(day)
    return cast("datetime | None", listing.value("StatusChangeTimestamp") or listing.modification_timestamp)


def midnight(day: date) -> datetime:
    """The start of a day in UTC."""
    return datetime.combine(day, time(), UTC)


def to_full_address(values: Sequence[object], parts: Sequence[str] = ADDRESS_PARTS) -> str | None:
    """A street address out of its parts, in their order; None where there is no street.

    A unit that does not say what it is stands behind a `#`.
    """
    if not values[_STREET]:
        return None
    texts = (_to_unit(text) if name == "UnitNumber" else text for name in parts if (text := values[SLOT[name]]))
    return " ".join(str(text) for text in texts)[:_LONGEST_ADDRESS]


def _to_unit(unit: object) -> str:
    text = str(unit)
    return text if text.startswith("#") or _NAMED_UNIT.match(text) else f"#{text}"
