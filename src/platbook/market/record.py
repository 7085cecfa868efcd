"""A listing's record at a moment, under the names and values of RESO Data Dictionary 2.0."""

from dataclasses import dataclass

from platbook.market.address import plan_address
from platbook.market.dice import Dice
from platbook.market.dwellings import plan_attached, plan_house
from platbook.market.grounds import plan_commercial, plan_land
from platbook.market.life import Life, State
from platbook.market.listing import to_date, to_timestamp, to_year
from platbook.market.people import Agent, Directory, to_person_name
from platbook.market.property import COMMERCIAL_LEASE, LAND, Property, to_asking
from platbook.market.towns import TOWNS

SYSTEM_NAME = "Platbook Sample MLS"

_FACTS = 2
_DAY = 86_400
_HOUSES, _HOMES, _SALES, _BUSINESS = 0.55, 0.74, 0.83, 0.88
_HIDDEN, _UNSAID = 0.03, 0.06
_RENT = 20_000

_MLS_STATUS = {
    "Active Under Contract": "Active - Contingent",
    "Pending": "Pending - Taking Backups",
    "Closed": "Sold",
    "Hold": "Temporarily Off Market",
}


@dataclass(frozen=True, slots=True)
class Source:
    """What a record is made from, beside the state."""

    key: str
    seed: int
    index: int
    life: Life


def get_dice(source: Source) -> Dice:
    """Take up the dice of that listing: thrown for its property first, for its record then."""
    return Dice(source.seed, source.index, _FACTS)


def plan_property(source: Source, dice: Dice) -> Property:
    """Invent the property of that listing."""
    town = dice.pick(TOWNS)
    year = to_year(source.life.born)
    kind = dice.throw()
    if kind < _HOUSES:
        return plan_house(dice, town, year)
    if kind < _HOMES:
        return plan_attached(dice, town, year)
    if kind < _BUSINESS:
        return plan_commercial(dice, town, year, lease=kind >= _SALES)
    return plan_land(dice, town)


def to_record(source: Source, dice: Dice, state: State, place: Property, people: Directory) -> dict[str, object]:
    """Write the whole record but for the number of photos. The state decides on no throw, so all but it stays."""
    agent = people.agent_near(place.town, dice)
    year = to_year(source.life.born)
    record: dict[str, object] = {
        "ListingKey": source.key,
        "ListingId": f"{year % 100:02d}-{source.index + 100_000}",
        "OriginatingSystemName": SYSTEM_NAME,
        "PropertyType": place.type,
        "PropertySubType": place.sub_type,
        **_status_fields(state),
        **_price_fields(source.life, state, place),
        **plan_address(dice, place),
        **place.fields,
        **_agent_fields(agent),
        **_buyer_fields(source, state, place, people),
        **_terms(dice, source.life, place),
        **_moments(source.life, state),
    }
    record["PublicRemarks"] = _to_remarks(dice, place)
    return record


def _status_fields(state: State) -> dict[str, object]:
    return {
        "StandardStatus": state.status,
        "MlsStatus": _MLS_STATUS.get(state.status, state.status),
        "MajorChangeType": state.major,
        "MajorChangeTimestamp": to_timestamp(state.major_at),
    }


def _price_fields(life: Life, state: State, place: Property) -> dict[str, object]:
    asked = [to_asking(place.price)]
    for cut in state.cuts:
        asked.append(min(to_asking(asked[-1] * (1 - cut)), asked[-1] - 50))
    closed = state.closed_at is not None
    return {
        "ListPrice": asked[-1],
        "OriginalListPrice": asked[0],
        "PreviousListPrice": asked[-2] if state.cuts else None,
        "ClosePrice": _to_closing(asked[-1] * life.close_share) if closed else None,
        "TaxAnnualAmount": _to_tax(place, asked[0]),
        "TaxYear": to_year(life.born) - 1,
    }


def _to_closing(price: float) -> int:
    """Round a price the way two parties agree on one: to 100, a rent to 10."""
    step = 10 if price < _RENT else 100
    return round(price / step) * step


def _to_tax(place: Property, asked: int) -> int:
    """Tax what stands there at eight tenths of its value; a month's rent is taken to be 0.62 % of that."""
    value = asked / 0.0062 if place.type == COMMERCIAL_LEASE else asked
    return round(value * 0.8 * place.town.county.tax_rate)


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


def _buyer_fields(source: Source, state: State, place: Property, people: Directory) -> dict[str, object]:
    if state.closed_at is None:
        return {"BuyerAgentKey": None, "BuyerAgentFullName": None, "BuyerOfficeName": None}
    agent = people.agent_near(place.town, Dice(source.seed, source.index, state.closed_at))
    return {
        "BuyerAgentKey": agent.key,
        "BuyerAgentMlsId": agent.mls_id,
        "BuyerAgentFullName": agent.full_name,
        "BuyerOfficeKey": agent.office.key,
        "BuyerOfficeName": agent.office.name,
    }


def _terms(dice: Dice, life: Life, place: Property) -> dict[str, object]:
    """Invent what the owner and the agent agreed on, and what only they may know."""
    first, last = to_person_name(dice)
    owner = f"{last} Holdings LLC" if place.beds == 0 and dice.chance(0.6) else f"{first} {last}"
    vacant = dice.chance(0.35) or place.type == LAND
    lock_box = "None" if place.type == LAND else dice.pick(("Combo", "SentriLock", "Supra"))
    display, address = dice.throw(), dice.throw()
    lease = place.type == COMMERCIAL_LEASE
    return {
        "OwnerName": owner,
        "ListingAgreement": "Exclusive Right To Lease" if lease else "Exclusive Right To Sell",
        "ListingTerms": ["Submit"] if lease else ["Cash", "Conventional"],
        "SpecialListingConditions": ["Standard"] if dice.chance(0.95) else ["Probate Listing"],
        "PrivateRemarks": dice.pick(_PRIVATE),
        "ShowingInstructions": "Vacant, go and show; text the agent first." if vacant else dice.pick(_SHOWING),
        "LockBoxType": lock_box,
        "LockBoxSerialNumber": None if lock_box in {"None", "Combo"} else str(dice.between(10_000_000, 99_999_999)),
        "OccupantType": "Vacant" if vacant else "Owner",
        "ParcelNumber": f"{dice.between(10, 99)}-{dice.between(100, 999)}-{dice.between(1000, 9999)}",
        "InternetEntireListingDisplayYN": False if display < _HIDDEN else None if display < _UNSAID else True,
        "InternetAddressDisplayYN": False if address < _HIDDEN else None if address < _UNSAID else True,
        "InternetAutomatedValuationDisplayYN": not dice.chance(0.1),
        "InternetConsumerCommentYN": not dice.chance(0.15),
        "ExpirationDate": to_date(_get_expiry(life)),
    }


def _get_expiry(life: Life) -> int:
    """Find when the agreement ends: when the listing expires if it will, else some weeks after it leaves the feed."""
    for moment, _turn, value in life.events:
        if value == "Expired":
            return moment
    return life.gone + 30 * _DAY


def _moments(life: Life, state: State) -> dict[str, object]:
    """Write every date and timestamp that the listing's life gives it."""
    market, contract, closed = state.on_market_at, state.contract_at, state.closed_at
    off = state.off_market_at
    return {
        "ListingContractDate": to_date(life.born - _DAY),
        "OnMarketDate": to_date(market) if market is not None else None,
        "PurchaseContractDate": to_date(contract) if contract is not None else None,
        "CloseDate": to_date(closed) if closed is not None else None,
        "OffMarketDate": to_date(off) if off is not None else None,
        "DaysOnMarket": (contract - market) // _DAY if contract is not None and market is not None else None,
        "PendingTimestamp": to_timestamp(off) if off is not None and contract is not None else None,
        "OriginalEntryTimestamp": to_timestamp(life.born),
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


def _to_remarks(dice: Dice, place: Property) -> str:
    """Tell of the place in a few sentences, all true."""
    town = place.town
    opening = dice.pick(_OPENINGS).format(place=f"{town.name}, {town.county.state_name}")
    closing = dice.pick(_CLOSINGS).format(town=town.name, county=town.county.name)
    told = [phrase if phrase.endswith(".") else f"{phrase}." for phrase in place.phrases]
    return " ".join((opening, *told, closing))
