"""A property: the facts of a place that no sale changes."""

from dataclasses import dataclass

from platbook.market.dice import Dice
from platbook.market.listing import Subject
from platbook.market.towns import Town

RESIDENTIAL, COMMERCIAL_SALE, COMMERCIAL_LEASE, LAND = "Residential", "Commercial Sale", "Commercial Lease", "Land"

_SQUARE_FEET_IN_ACRE = 43_560
_RENT, _MILLION = 20_000, 1_000_000
_COARSE, _FINE = 500, 50


@dataclass(slots=True)
class Property:
    """One property. `price` is what an owner would first ask; `fields` are those of its kind under RESO names."""

    type: str
    sub_type: str
    town: Town
    price: float
    front: Subject
    fields: dict[str, object]
    phrases: tuple[str, ...]
    """Sentences that are true of it, for the remarks."""
    unit: str | None = None
    beds: int = 0


def plan_lot(acres: float, dice: Dice) -> dict[str, object]:
    """Lay out a lot of that size."""
    feet = round(acres * _SQUARE_FEET_IN_ACRE)
    frontage = max(20, round((feet * dice.spread(0.4, 0.9)) ** 0.5))
    return {
        "LotSizeAcres": acres,
        "LotSizeSquareFeet": feet,
        "LotSizeDimensions": f"{frontage} x {round(feet / frontage)}",
        "LotFeatures": dice.some(("Back Yard", "Corner Lot", "Cul-De-Sac", "Few Trees", "Landscaped", "Level"), 1, 3),
    }


def to_asking(price: float) -> int:
    """Round a price the way owners do: to 500 under a million, to 5,000 above, rents and small sums to 50."""
    step = _FINE if price < _RENT else _COARSE if price < _MILLION else 10 * _COARSE
    rounded = max(step, round(price / step) * step)
    return rounded - 100 if step == _COARSE and rounded % (2 * _COARSE) == 0 else rounded
