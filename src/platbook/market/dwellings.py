"""Houses, condominiums and townhouses."""

from dataclasses import dataclass

from platbook.market.listing import PhotoSubject
from platbook.market.property import RESIDENTIAL, MarketProperty, plan_lot
from platbook.market.seeded_random import SeededRandom
from platbook.market.towns import Town

_INTERIOR = {
    "Breakfast Bar": "a breakfast bar",
    "Ceiling Fan(s)": "ceiling fans",
    "Eat-in Kitchen": "an eat-in kitchen",
    "Granite Counters": "granite counters",
    "High Ceilings": "high ceilings",
    "Kitchen Island": "a kitchen island",
    "Open Floorplan": "an open floor plan",
    "Pantry": "a pantry",
    "Vaulted Ceiling(s)": "vaulted ceilings",
    "Walk-In Closet(s)": "a walk-in closet",
}
_INTERIOR_NAMES = tuple(_INTERIOR)
_ONE_STORY_BEDS = 3
_SMALL, _MIDDLING, _ROOMY, _LARGE = 1100, 1400, 1800, 2600
_ATTACHED_GARAGES_SINCE, _ASSOCIATIONS_SINCE = 1950, 1985
_OLD, _MODERN = 1940, 1985
_YOUNG_YEARS, _VENERABLE_YEARS = 8, 70
_LEVELS: dict[int, list[str]] = {1: ["One"], 2: ["Two"], 3: ["Three Or More"]}


@dataclass(slots=True)
class _Home:
    """The attributes every dwelling has."""

    beds: int
    area: int
    age: int
    built: int
    full_baths: int
    half_baths: int
    interior: list[str]


def plan_house(rng: SeededRandom, town: Town, year: int) -> MarketProperty:
    """Generate a single-family house as of `year`."""
    beds = rng.pick((2, 3, 3, 3, 4, 4, 4, 5, 6))
    home = _plan_home(rng, beds, 10 * rng.between(52 + beds * 24, 95 + beds * 42), int(rng.random() ** 2 * 95), year)
    stories = rng.pick((1, 1, 2)) if beds <= _ONE_STORY_BEDS else rng.pick((1, 2, 2, 2))
    acres = round(rng.spread(0.11, 0.45) if rng.chance(0.85) else rng.spread(0.6, 6.0), 2)
    garage = rng.pick((0, 1, 2, 2, 2, 3)) if home.area > _SMALL else rng.pick((0, 0, 1))
    style = _style_of(rng, home.built, stories)
    fields = _dwelling_fields(rng, town, home) | plan_lot(acres, rng) | _house_fields(rng, home, garage)
    fields["Stories"], fields["Levels"] = stories, _LEVELS[stories]
    fields["ArchitecturalStyle"] = [style]
    age_factor = 1.12 if home.age < _YOUNG_YEARS else 0.9 if home.age > _VENERABLE_YEARS else 1.0
    price = (home.area * town.price + acres * town.acre * 0.4 + garage * 14_000) * age_factor * rng.spread(0.86, 1.16)
    phrases = (
        *_to_phrases(rng, home),
        f"{'Single-level' if stories == 1 else 'Two-story'} {style} home on {acres:g} acres",
        f"The {garage}-car garage has room for bikes and a workbench." if garage else "Plenty of off-street parking.",
    )
    return MarketProperty(
        RESIDENTIAL, "Single Family Residence", town, price, PhotoSubject.HOUSE, fields, phrases, beds=beds
    )


def plan_attached(rng: SeededRandom, town: Town, year: int) -> MarketProperty:
    """Generate a condominium or a townhouse as of `year`."""
    return _plan_condominium(rng, town, year) if rng.chance(0.6) else _plan_townhouse(rng, town, year)


def _plan_condominium(rng: SeededRandom, town: Town, year: int) -> MarketProperty:
    beds = rng.pick((1, 1, 2, 2, 2, 3))
    home = _plan_home(rng, beds, 10 * rng.between(38 + beds * 20, 60 + beds * 32), rng.between(0, 45), year)
    floors = rng.between(3, 9)
    level = rng.between(1, floors)
    garage = rng.pick((0, 1, 1))
    fee = 5 * rng.between(36, 96)
    fields = (
        _dwelling_fields(rng, town, home)
        | _shared_fields(fee, garage)
        | {
            "Stories": 1,
            "StoriesTotal": floors,
            "Levels": ["One"],
            "ArchitecturalStyle": [rng.pick(("Contemporary", "Modern", "Traditional"))],
            "AttachedGarageYN": False,
            "ParkingFeatures": ["Assigned", "Underground"] if garage else ["Unassigned"],
            "CommonWalls": ["2+ Common Walls"],
            "Roof": ["Flat"],
            "ConstructionMaterials": ["Concrete", "Steel Frame"],
        }
    )
    price = home.area * town.price * rng.spread(0.92, 1.22) * (1 + 0.02 * level)
    phrases = (
        *_to_phrases(rng, home),
        f"Floor {level} of {floors}, and the ${fee} a month association fee takes care of the building",
        "One assigned space underground." if garage else "Street and guest parking.",
    )
    unit = f"{level}{rng.between(1, 24):02d}"
    return MarketProperty(RESIDENTIAL, "Condominium", town, price, PhotoSubject.TOWER, fields, phrases, unit, beds)


def _plan_townhouse(rng: SeededRandom, town: Town, year: int) -> MarketProperty:
    beds = rng.pick((2, 3, 3, 4))
    home = _plan_home(rng, beds, 10 * rng.between(60 + beds * 20, 90 + beds * 30), rng.between(0, 48), year)
    stories = rng.pick((2, 2, 3))
    garage = rng.pick((1, 2))
    fee = 5 * rng.between(24, 70)
    fields = (
        _dwelling_fields(rng, town, home)
        | _shared_fields(fee, garage)
        | {
            "Stories": stories,
            "StoriesTotal": stories,
            "Levels": _LEVELS[stories],
            "ArchitecturalStyle": [rng.pick(("Contemporary", "Craftsman", "Traditional"))],
            "AttachedGarageYN": True,
            "ParkingFeatures": ["Attached", "Garage"],
            "CommonWalls": [rng.pick(("End Unit", "2+ Common Walls"))],
            "Roof": ["Shingle"],
            "ConstructionMaterials": ["Fiber Cement", "Frame"],
        }
    )
    phrases = (
        *_to_phrases(rng, home),
        f"A {stories}-story townhome with its own front door and very little yard to mow",
        f"Attached {garage}-car garage; the association fee is ${fee} a month.",
    )
    price = home.area * town.price * rng.spread(0.85, 1.12)
    unit = rng.pick("ABCDEFGH")
    return MarketProperty(RESIDENTIAL, "Townhouse", town, price, PhotoSubject.TOWNHOUSE, fields, phrases, unit, beds)


def _plan_home(rng: SeededRandom, beds: int, area: int, age: int, year: int) -> _Home:
    full = max(1, min(beds, area // 750))
    half = int(rng.chance(0.45)) if area > _SMALL else 0
    return _Home(beds, area, age, year - age, full, half, rng.sample(_INTERIOR_NAMES, 2, 4))


def _style_of(rng: SeededRandom, built: int, stories: int) -> str:
    if built < _OLD:
        return rng.pick(("Bungalow", "Craftsman", "Victorian") if stories > 1 else ("Bungalow", "Craftsman"))
    if stories == 1:
        return "Ranch"
    return rng.pick(("Contemporary", "Craftsman", "Farmhouse") if built >= _MODERN else ("Colonial", "Traditional"))


def _house_fields(rng: SeededRandom, home: _Home, garage: int) -> dict[str, object]:
    member = home.built > _ASSOCIATIONS_SINCE and rng.chance(0.5)
    return {
        "GarageSpaces": garage,
        "GarageYN": garage > 0,
        "AttachedGarageYN": garage > 0 and home.built > _ATTACHED_GARAGES_SINCE,
        "ParkingFeatures": ["Driveway", "Garage"] if garage else ["Driveway", "Off Street"],
        "Roof": [rng.pick(("Shingle", "Shingle", "Composition", "Metal"))],
        "ConstructionMaterials": ["Frame", rng.pick(("Brick Veneer", "Fiber Cement", "Wood Siding", "Vinyl Siding"))],
        "Basement": rng.pick((["Finished", "Full"], ["Full", "Unfinished"], ["Crawl Space"], ["None"])),
        "Fencing": rng.pick((["Privacy", "Wood"], ["Split Rail"], ["None"], ["Partial"])),
        "PatioAndPorchFeatures": rng.sample(("Covered", "Deck", "Front Porch", "Patio"), 1, 2),
        "AssociationFee": 5 * rng.between(5, 30) if member else None,
        "AssociationFeeFrequency": "Monthly" if member else None,
        "AssociationYN": member,
        "PropertyAttachedYN": False,
        "Zoning": "R-1",
    }


def _shared_fields(fee: int, garage: int) -> dict[str, object]:
    return {
        "GarageSpaces": garage,
        "GarageYN": garage > 0,
        "AssociationFee": fee,
        "AssociationFeeFrequency": "Monthly",
        "AssociationYN": True,
        "PropertyAttachedYN": True,
        "Zoning": "R-3",
    }


def _dwelling_fields(rng: SeededRandom, town: Town, home: _Home) -> dict[str, object]:
    fireplaces = rng.pick((0, 0, 1, 1, 2)) if home.area > _MIDDLING else 0
    gas = rng.chance(0.7)
    utilities = ["Cable Available", "Electricity Connected", "Water Connected"]
    return {
        "BedroomsTotal": home.beds,
        "BathroomsFull": home.full_baths,
        "BathroomsHalf": home.half_baths,
        "BathroomsTotalInteger": home.full_baths + home.half_baths,
        "RoomsTotal": home.beds + 3 + int(home.area > _ROOMY) + int(home.area > _LARGE),
        "LivingArea": home.area,
        "LivingAreaUnits": "Square Feet",
        "YearBuilt": home.built,
        "FireplacesTotal": fireplaces,
        "FireplaceYN": fireplaces > 0,
        "Appliances": [
            *("Dishwasher", "Gas Range" if gas else "Electric Range", "Refrigerator"),
            *rng.sample(("Disposal", "Dryer", "Microwave", "Washer"), 0, 4),
        ],
        "Heating": ["Forced Air", "Natural Gas"] if gas else ["Electric", rng.pick(("Baseboard", "Heat Pump"))],
        "Cooling": [rng.pick(("Central Air", "Central Air", "Ceiling Fan(s)", "Evaporative Cooling"))],
        "InteriorFeatures": home.interior,
        "Flooring": rng.sample(("Carpet", "Hardwood", "Tile", "Vinyl"), 1, 3),
        "View": rng.sample(town.county.views, 0, 2) or ["Neighborhood"],
        "Utilities": [*utilities, "Natural Gas Connected"] if gas else utilities,
        "Sewer": ["Public Sewer"],
        "WaterSource": ["Public"],
        "NewConstructionYN": home.age == 0,
        "PoolPrivateYN": rng.chance(0.03),
    }


def _to_phrases(rng: SeededRandom, home: _Home) -> tuple[str, str, str]:
    features = [_INTERIOR[name] for name in home.interior]
    baths = home.full_baths + home.half_baths
    size = f"{home.beds} bedroom{'s' if home.beds > 1 else ''}, {baths} bath{'s' if baths > 1 else ''}"
    age = "Brand new, never lived in" if home.age == 0 else f"Built in {home.built}"
    if home.age > _VENERABLE_YEARS:
        age += " and full of character"
    extra = rng.pick(("Natural light all day.", "Easy evenings outdoors.", "Friendly neighbors.", "Move-in ready."))
    return (
        f"{size} and {home.area:,} square feet",
        f"Inside you will find {', '.join(features[:-1])} and {features[-1]}.",
        f"{age}. {extra}",
    )
