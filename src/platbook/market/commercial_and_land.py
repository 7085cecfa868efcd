"""Commercial buildings and land."""

from platbook.market.listing import PhotoSubject
from platbook.market.property import COMMERCIAL_LEASE, COMMERCIAL_SALE, LAND, MarketProperty, plan_lot
from platbook.market.seeded_random import SeededRandom
from platbook.market.towns import Town

_SQUARE_FEET_IN_ACRE = 43_560
_CITY_ACRES, _ESTATE_ACRES, _FARM_ACRES = 1.5, 8, 25
_STALL_FEET = 320

_TRADES = (
    ("Office", PhotoSubject.OFFICE, 1800, 24_000, 0.85),
    ("Office", PhotoSubject.OFFICE, 1200, 9_000, 0.9),
    ("Retail", PhotoSubject.STORE, 1100, 12_000, 0.95),
    ("Retail", PhotoSubject.STORE, 900, 6_000, 1.05),
    ("Mixed Use", PhotoSubject.STORE, 2400, 14_000, 0.8),
    ("Warehouse", PhotoSubject.WAREHOUSE, 4000, 48_000, 0.42),
    ("Industrial", PhotoSubject.WAREHOUSE, 6000, 60_000, 0.45),
)

_VIEW_LABELS = {
    "Mountain(s)": "mountains",
    "Trees/Woods": "woods",
    "Park/Greenbelt": "greenbelt",
    "Rural": "open country",
}


def plan_commercial(rng: SeededRandom, town: Town, year: int, *, lease: bool) -> MarketProperty:
    """Generate a commercial building as of `year`, for sale or for lease (the price is then a month's rent)."""
    sub_type, front, low, high, factor = rng.pick(_TRADES)
    area = 50 * rng.between(low // (150 if lease else 50), high // (150 if lease else 50))
    built = year - int(rng.random() ** 1.5 * 70)
    acres = round(area / _SQUARE_FEET_IN_ACRE * rng.spread(1.6, 4.0), 2)
    stalls = max(3, round(area / _STALL_FEET))
    fields = plan_lot(acres, rng) | {
        "BuildingAreaTotal": area,
        "LivingArea": None,
        "YearBuilt": built,
        "Stories": (stories := rng.between(1, 3) if sub_type in {"Office", "Mixed Use"} else 1),
        "Heating": ["Forced Air", "Natural Gas"],
        "Cooling": ["Central Air"] if front is not PhotoSubject.WAREHOUSE else ["None"],
        "ParkingFeatures": ["Parking Lot", "Paved", "Lighted"],
        "ParkingTotal": stalls,
        "ConstructionMaterials": [rng.pick(("Brick", "Block", "Concrete", "Steel Frame"))],
        "Roof": [rng.pick(("Flat", "Membrane", "Metal"))],
        "Flooring": [rng.pick(("Concrete", "Carpet", "Tile"))],
        "CurrentUse": [{"Mixed Use": "Mixed Use", "Industrial": "Industrial"}.get(sub_type, sub_type)],
        "Utilities": ["Electricity Connected", "Natural Gas Connected", "Water Connected"],
        "Sewer": ["Public Sewer"],
        "WaterSource": ["Public"],
        "Zoning": "I-1" if front is PhotoSubject.WAREHOUSE else "C-2",
        "LeaseAmountFrequency": "Monthly" if lease else None,
    }
    value = area * town.price * factor * rng.spread(0.8, 1.2)
    phrases = (
        f"{area:,} square feet of {sub_type.lower()} space, built in {built}",
        f"{stories} {'story' if stories == 1 else 'stories'} and {stalls} parking stalls",
        f"Zoned {fields['Zoning']}, {acres:g} acres, all utilities in place.",
        "Offered for lease; the rent asked is per month." if lease else "Offered with the land; books on request.",
    )
    unit = f"{rng.between(1, 4)}{rng.between(0, 40):02d}" if lease and rng.chance(0.7) else None
    kind = COMMERCIAL_LEASE if lease else COMMERCIAL_SALE
    return MarketProperty(kind, sub_type, town, value * 0.0062 if lease else value, front, fields, phrases, unit)


def plan_land(rng: SeededRandom, town: Town) -> MarketProperty:
    """Generate a lot without a building."""
    acres = round(rng.spread(0.2, 2.5) if rng.chance(0.6) else rng.spread(3, 80), 2)
    farm = acres > _FARM_ACRES and rng.chance(0.5)
    view = rng.pick(town.county.views)
    use = (
        ["Agricultural", "Pasture"]
        if farm
        else ["Single Family"]
        if acres < _ESTATE_ACRES
        else ["Recreational", "Single Family"]
    )
    city_water = acres < _CITY_ACRES
    fields = plan_lot(acres, rng) | {
        "LotFeatures": rng.sample(("Cleared", "Gentle Sloping", "Level", "Many Trees", "Rolling Slope", "Views"), 1, 3),
        "CurrentUse": ["Agricultural"] if farm else ["Vacant"],
        "PossibleUse": use,
        "View": [view],
        "Utilities": ["Electricity Available", "Phone Available"],
        "Sewer": ["Public Sewer"] if city_water else ["Septic Needed"],
        "WaterSource": ["Public"] if city_water else ["Well"] if farm else ["None"],
        "RoadSurfaceType": [rng.pick(("Asphalt", "Gravel", "Gravel"))],
        "Fencing": ["Barbed Wire"] if farm else ["None"],
        "Zoning": "A-1" if acres > _ESTATE_ACRES else "R-1",
    }
    road = "paved" if fields["RoadSurfaceType"] == ["Asphalt"] else "gravel"
    price = town.acre * acres**0.62 * rng.spread(0.7, 1.25)
    phrases = (
        f"{acres:g} acres on a {road} road",
        f"The view is of the {_VIEW_LABELS.get(view, view.lower())}",
        "Water and sewer are at the street." if city_water else "Power runs along the road; a septic system is needed.",
        f"Zoned {fields['Zoning']}; good for {' and '.join(use).lower()} use.",
    )
    sub_type = "Agriculture" if farm else "Unimproved Land"
    return MarketProperty(LAND, sub_type, town, price, PhotoSubject.LOT, fields, phrases)
