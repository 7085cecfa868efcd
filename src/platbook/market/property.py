"""A property: the attributes that no sale changes."""

from dataclasses import dataclass

from platbook.market.listing import PhotoSubject
from platbook.market.seeded_random import SeededRandom
from platbook.market.towns import Town

RESIDENTIAL, COMMERCIAL_SALE, COMMERCIAL_LEASE, LAND = "Residential", "Commercial Sale", "Commercial Lease", "Land"

_SQUARE_FEET_IN_ACRE = 43_560
_RENT, _MILLION = 20_000, 1_000_000
_COARSE, _FINE = 500, 50


@dataclass(slots=True)
class MarketProperty:
    """One property. `price` is its value before rounding, `fields` are its type's fields under RESO names."""

    type: str
    sub_type: str
    town: Town
    price: float
    front: PhotoSubject
    fields: dict[str, object]
    phrases: tuple[str, ...]
    """Sentences for the remarks that agree with the fields."""
    unit: str | None = None
    beds: int = 0


def plan_lot(acres: float, rng: SeededRandom) -> dict[str, object]:
    """Generate the lot fields for a size in acres."""
    feet = round(acres * _SQUARE_FEET_IN_ACRE)
    frontage = max(20, round((feet * rng.spread(0.4, 0.9)) ** 0.5))
    return {
        "LotSizeAcres": acres,
        "LotSizeSquareFeet": feet,
        "LotSizeDimensions": f"{frontage} x {round(feet / frontage)}",
        "LotFeatures": rng.sample(("Back Yard", "Corner Lot", "Cul-De-Sac", "Few Trees", "Landscaped", "Level"), 1, 3),
    }


def round_list_price(price: float) -> int:
    """Round to a typical list price: to 500 under a million, to 5,000 above, rents to 50."""
    step = _FINE if price < _RENT else _COARSE if price < _MILLION else 10 * _COARSE
    rounded = max(step, round(price / step) * step)
    return rounded - 100 if step == _COARSE and rounded % (2 * _COARSE) == 0 else rounded
