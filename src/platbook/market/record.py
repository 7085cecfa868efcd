"""A listing's record at a given time, with RESO Data Dictionary 2.0 field names and values."""

from dataclasses import dataclass

from platbook.market.address import plan_address
from platbook.market.commercial_and_land import plan_commercial, plan_land
from platbook.market.dwellings import plan_attached, plan_house
from platbook.market.lifecycle import Lifecycle, ListingState
from platbook.market.listing import to_date, to_timestamp, to_year
from platbook.market.people import Agent, Directory, to_person_name
from platbook.market.property import COMMERCIAL_LEASE, LAND, MarketProperty, round_list_price
from platbook.market.seeded_random import SeededRandom
from platbook.market.towns import TOWNS

SYSTEM_NAME = "Platbook Sample MLS"

_FACTS = 2
_DAY = 86_400
_HOUSES, _HOMES, _SALES, _BUSINESS = 0.55, 0.74, 0.83, 0.88
_HIDDEN, _UNSET = 0.03, 0.06
_RENT = 20_000

_MLS_STATUS = {
    "Active Under Contract": "Active - Contingent",
    "Pending": "Pending - Taking Backups",
    "Closed": "Sold",
    "Hold": "Temporarily Off Market",
}


@dataclass(frozen=True, slots=True)
class ListingIdentity:
    """What a record is derived from, besides the state."""

    key: str
    seed: int
    index: int
    lifecycle: Lifecycle


def get_rng(identity: ListingIdentity) -> SeededRandom:
    """The random stream of that listing: consumed by its property first, then by its record."""
    return SeededRandom(identity.seed, identity.index, _FACTS)


def plan_property(identity: ListingIdentity, rng: SeededRandom) -> MarketProperty:
    """Generate the property of that listing."""
    town = rng.pick(TOWNS)
    year = to_year(identity.lifecycle.entered_at)
    kind = rng.random()
    if kind < _HOUSES:
        return plan_house(rng, town, year)
    if kind < _HOMES:
        return plan_attached(rng, town, year)
    if kind < _BUSINESS:
        return plan_commercial(rng, town, year, lease=kind >= _SALES)
    return plan_land(rng, town)


def to_record(
    identity: ListingIdentity, rng: SeededRandom, state: ListingState, prop: MarketProperty, people: Directory
) -> dict[str, object]:
    """Build the record without PhotosCount. The state draws no random numbers, so the rest never changes."""
    agent = people.pick_agent_near(prop.town, rng)
    year = to_year(identity.lifecycle.entered_at)
    record: dict[str, object] = {
        "ListingKey": identity.key,
        "ListingId": f"{year % 100:02d}-{identity.index + 100_000}",
        "OriginatingSystemName": SYSTEM_NAME,
        "PropertyType": prop.type,
        "PropertySubType": prop.sub_type,
        **_status_fields(state),
        **_price_fields(identity.lifecycle, state, prop),
        **plan_address(rng, prop),
        **prop.fields,
        **_agent_fields(agent),
        **_buyer_fields(identity, state, prop, people),
        **_agreement_fields(rng, identity.lifecycle, prop),
        **_date_fields(identity.lifecycle, state),
    }
    record["PublicRemarks"] = _to_remarks(rng, prop)
    return record


def _status_fields(state: ListingState) -> dict[str, object]:
    return {
        "StandardStatus": state.status,
        "MlsStatus": _MLS_STATUS.get(state.status, state.status),
        "MajorChangeType": state.major_change,
        "MajorChangeTimestamp": to_timestamp(state.major_change_at),
    }


def _price_fields(lifecycle: Lifecycle, state: ListingState, prop: MarketProperty) -> dict[str, object]:
    prices = [round_list_price(prop.price)]
    for cut in state.cuts:
        prices.append(min(round_list_price(prices[-1] * (1 - cut)), prices[-1] - 50))
    closed = state.closed_at is not None
    return {
        "ListPrice": prices[-1],
        "OriginalListPrice": prices[0],
        "PreviousListPrice": prices[-2] if state.cuts else None,
        "ClosePrice": _round_close_price(prices[-1] * lifecycle.close_share) if closed else None,
        "TaxAnnualAmount": _to_tax(prop, prices[0]),
        "TaxYear": to_year(lifecycle.entered_at) - 1,
    }


def _round_close_price(price: float) -> int:
    """Round to a typical close price: to 100, a rent to 10."""
    step = 10 if price < _RENT else 100
    return round(price / step) * step


def _to_tax(prop: MarketProperty, list_price: int) -> int:
    """Compute the tax on 80 % of the value; a month's rent is taken to be 0.62 % of the value."""
    value = list_price / 0.0062 if prop.type == COMMERCIAL_LEASE else list_price
    return round(value * 0.8 * prop.town.county.tax_rate)


def _agent_fields(agent: Agent) -> dict[str, object]:
    return {
        "ListAgentKey": agent.key,
        "ListAgentMlsId": agent.mls_id,
        "ListAgentFirstName": agent.first_name,
        "ListAgentLastName": agent.last_name,
        "ListAgentFullName": agent.full_name,
        "ListAgentEmail": agent.email,
        "ListAgentDirectPhone": agent.phone,
        "ListAgentStateLicense": agent.license,
        "ListOfficeKey": agent.office.key,
        "ListOfficeMlsId": agent.office.mls_id,
        "ListOfficeName": agent.office.name,
        "ListOfficePhone": agent.office.phone,
    }


def _buyer_fields(
    identity: ListingIdentity, state: ListingState, prop: MarketProperty, people: Directory
) -> dict[str, object]:
    if state.closed_at is None:
        return {"BuyerAgentKey": None, "BuyerAgentFullName": None, "BuyerOfficeName": None}
    agent = people.pick_agent_near(prop.town, SeededRandom(identity.seed, identity.index, state.closed_at))
    return {
        "BuyerAgentKey": agent.key,
        "BuyerAgentMlsId": agent.mls_id,
        "BuyerAgentFullName": agent.full_name,
        "BuyerOfficeKey": agent.office.key,
        "BuyerOfficeName": agent.office.name,
    }


def _agreement_fields(rng: SeededRandom, lifecycle: Lifecycle, prop: MarketProperty) -> dict[str, object]:
    """Generate the listing agreement's fields and the confidential ones."""
    first, last = to_person_name(rng)
    owner = f"{last} Holdings LLC" if prop.beds == 0 and rng.chance(0.6) else f"{first} {last}"
    vacant = rng.chance(0.35) or prop.type == LAND
    lock_box = "None" if prop.type == LAND else rng.pick(("Combo", "SentriLock", "Supra"))
    display, address = rng.random(), rng.random()
    lease = prop.type == COMMERCIAL_LEASE
    return {
        "OwnerName": owner,
        "ListingAgreement": "Exclusive Right To Lease" if lease else "Exclusive Right To Sell",
        "ListingTerms": ["Submit"] if lease else ["Cash", "Conventional"],
        "SpecialListingConditions": ["Standard"] if rng.chance(0.95) else ["Probate Listing"],
        "PrivateRemarks": rng.pick(_PRIVATE),
        "ShowingInstructions": "Vacant, go and show; text the agent first." if vacant else rng.pick(_SHOWING),
        "LockBoxType": lock_box,
        "LockBoxSerialNumber": None if lock_box in {"None", "Combo"} else str(rng.between(10_000_000, 99_999_999)),
        "OccupantType": "Vacant" if vacant else "Owner",
        "ParcelNumber": f"{rng.between(10, 99)}-{rng.between(100, 999)}-{rng.between(1000, 9999)}",
        "InternetEntireListingDisplayYN": False if display < _HIDDEN else None if display < _UNSET else True,
        "InternetAddressDisplayYN": False if address < _HIDDEN else None if address < _UNSET else True,
        "InternetAutomatedValuationDisplayYN": not rng.chance(0.1),
        "InternetConsumerCommentYN": not rng.chance(0.15),
        "ExpirationDate": to_date(_get_expiry(lifecycle)),
    }


def _get_expiry(lifecycle: Lifecycle) -> int:
    """Return when the agreement ends: when the listing expires, or else 30 days after it leaves the feed."""
    for time, _kind, value in lifecycle.events:
        if value == "Expired":
            return time
    return lifecycle.left_at + 30 * _DAY


def _date_fields(lifecycle: Lifecycle, state: ListingState) -> dict[str, object]:
    """Build the date and timestamp fields from the lifecycle."""
    market, contract, closed = state.on_market_at, state.contract_at, state.closed_at
    off = state.off_market_at
    return {
        "ListingContractDate": to_date(lifecycle.entered_at - _DAY),
        "OnMarketDate": to_date(market) if market is not None else None,
        "PurchaseContractDate": to_date(contract) if contract is not None else None,
        "CloseDate": to_date(closed) if closed is not None else None,
        "OffMarketDate": to_date(off) if off is not None else None,
        "DaysOnMarket": (contract - market) // _DAY if contract is not None and market is not None else None,
        "PendingTimestamp": to_timestamp(off) if off is not None and contract is not None else None,
        "OriginalEntryTimestamp": to_timestamp(lifecycle.entered_at),
        "StatusChangeTimestamp": to_timestamp(state.status_at),
        "PriceChangeTimestamp": to_timestamp(state.price_at) if state.price_at is not None else None,
        "PhotosChangeTimestamp": to_timestamp(state.photos_at),
        "ModificationTimestamp": to_timestamp(state.modified),
    }


_PRIVATE = (
    "Seller prefers a 30 day close. Buyer to verify all measurements.",
    "Please remove shoes. Offers reviewed as they come, allow 24 hours.",
    "Pre-inspection report available to buyers' agents on request.",
    "Seller is relocating for work and will look at every reasonable offer.",
    "Survey and disclosures are in the documents tab; use the newest forms.",
)
_SHOWING = (
    "Two hours' notice, please. A small dog will be taken for a walk.",
    "By appointment through the listing office, 9 to 7.",
    "Call the owner first; no showings on Sunday mornings.",
)
_OPENINGS = (
    "Welcome to {place}.",
    "Here is one worth slowing down for in {place}.",
    "A rare find in {place}.",
    "Come and see what {place} has to offer.",
    "Tucked into {place}, this one is easy to like.",
)
_CLOSINGS = (
    "Call to see it this week.",
    "Downtown {town} is minutes away.",
    "Bring your plans and your questions.",
    "{county} County living at its best.",
    "Easy to show.",
)


def _to_remarks(rng: SeededRandom, prop: MarketProperty) -> str:
    """Write remarks of a few sentences that agree with the fields."""
    town = prop.town
    opening = rng.pick(_OPENINGS).format(place=f"{town.name}, {town.county.state_name}")
    closing = rng.pick(_CLOSINGS).format(town=town.name, county=town.county.name)
    sentences = [phrase if phrase.endswith(".") else f"{phrase}." for phrase in prop.phrases]
    return " ".join((opening, *sentences, closing))
