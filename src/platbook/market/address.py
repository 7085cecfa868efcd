"""Where a property stands: an address and a point on the map that fit its town."""

from platbook.market.dice import Dice
from platbook.market.property import COMMERCIAL_LEASE, COMMERCIAL_SALE, LAND, Property
from platbook.market.towns import BUSINESS_STREETS, STREETS, SUFFIXES


def plan_address(dice: Dice, place: Property) -> dict[str, object]:
    """Give the property an address and a point on the map near its town's middle."""
    town = place.town
    business = place.type in {COMMERCIAL_SALE, COMMERCIAL_LEASE}
    street = dice.pick(BUSINESS_STREETS) if business and dice.chance(0.7) else dice.pick(STREETS)
    suffix = "Street" if business else dice.pick(SUFFIXES)
    number = str(dice.between(11, 989) if dice.chance(0.3) else dice.between(1000, 7999))
    postal_code = dice.pick(town.postal_codes)
    line = f"{number} {street} {suffix}"
    if place.unit is not None:
        line = f"{line} Unit {place.unit}"
    reach = 0.09 if place.type == LAND else 0.024
    return {
        "StreetNumber": number,
        "StreetNumberNumeric": int(number),
        "StreetName": street,
        "StreetSuffix": suffix,
        "UnitNumber": place.unit,
        "City": town.name,
        "CountyOrParish": town.county.name,
        "StateOrProvince": town.county.state,
        "PostalCode": postal_code,
        "Country": "US",
        "UnparsedAddress": f"{line}, {town.name}, {town.county.state} {postal_code}",
        "SubdivisionName": None if business else dice.pick(town.subdivisions),
        "Latitude": round(town.latitude + (dice.throw() + dice.throw() - 1) * reach, 6),
        "Longitude": round(town.longitude + (dice.throw() + dice.throw() - 1) * reach, 6),
    }
