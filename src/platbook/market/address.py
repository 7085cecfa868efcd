"""Generates the address and coordinates of a property, consistent with its town."""

from platbook.market.property import COMMERCIAL_LEASE, COMMERCIAL_SALE, LAND, MarketProperty
from platbook.market.seeded_random import SeededRandom
from platbook.market.towns import BUSINESS_STREETS, STREETS, SUFFIXES


def plan_address(rng: SeededRandom, prop: MarketProperty) -> dict[str, object]:
    """Generate an address, and coordinates near the town's center."""
    town = prop.town
    business = prop.type in {COMMERCIAL_SALE, COMMERCIAL_LEASE}
    street = rng.pick(BUSINESS_STREETS) if business and rng.chance(0.7) else rng.pick(STREETS)
    suffix = "Street" if business else rng.pick(SUFFIXES)
    number = str(rng.between(11, 989) if rng.chance(0.3) else rng.between(1000, 7999))
    postal_code = rng.pick(town.postal_codes)
    line = f"{number} {street} {suffix}"
    if prop.unit is not None:
        line = f"{line} Unit {prop.unit}"
    radius = 0.09 if prop.type == LAND else 0.024
    return {
        "StreetNumber": number,
        "StreetNumberNumeric": int(number),
        "StreetName": street,
        "StreetSuffix": suffix,
        "UnitNumber": prop.unit,
        "City": town.name,
        "CountyOrParish": town.county.name,
        "StateOrProvince": town.county.state,
        "PostalCode": postal_code,
        "Country": "US",
        "UnparsedAddress": f"{line}, {town.name}, {town.county.state} {postal_code}",
        "SubdivisionName": None if business else rng.pick(town.subdivisions),
        "Latitude": round(town.latitude + (rng.random() + rng.random() - 1) * radius, 6),
        "Longitude": round(town.longitude + (rng.random() + rng.random() - 1) * radius, 6),
    }
