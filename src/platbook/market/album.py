"""Which photos a listing has at a moment."""

from platbook.market.life import Life, State
from platbook.market.listing import MarketPhoto, Subject, to_moment
from platbook.market.property import Property

_INSIDE = (
    (Subject.LIVING, "Living room"),
    (Subject.KITCHEN, "Kitchen"),
    (Subject.BEDROOM, "Bedroom"),
    (Subject.BATH, "Bathroom"),
)
_CAPTIONS = {
    Subject.HOUSE: "Front of the house",
    Subject.TOWNHOUSE: "Street view",
    Subject.TOWER: "The building",
    Subject.OFFICE: "Office building",
    Subject.STORE: "Storefront",
    Subject.WAREHOUSE: "Loading side",
    Subject.LOT: "The land",
}


def _count_first(place: Property) -> int:
    """Tell with how many photos a listing starts."""
    return 4 + min(place.beds, 3) if place.beds else 2


def plan_album(key: str, life: Life, state: State, place: Property) -> tuple[MarketPhoto, ...]:
    """List a listing's photos in order, each with its version and the moment it was taken."""
    first = _count_first(place)
    taken = [life.born] * first
    for number, moment in state.added_at:
        taken += [moment] * number
    versions = [1] * len(taken)
    for place_at, added, moment in state.retaken:
        at = (place_at - 1) % (first + added)
        versions[at] += 1
        taken[at] = moment
    moments = {second: to_moment(second) for second in set(taken)}
    return tuple(
        MarketPhoto(f"{key}-{at + 1}", at + 1, *_show(place, at), versions[at], moments[taken[at]])
        for at in range(len(taken))
    )


def _show(place: Property, at: int) -> tuple[Subject, str]:
    """Decide what the photo at a place (from 0) shows."""
    if at == 0 or not place.beds:
        caption = _CAPTIONS[place.front]
        return place.front, caption if at == 0 else f"{caption}, {at + 1}"
    inside = at - 1
    if inside < len(_INSIDE):
        return _INSIDE[inside]
    if inside == len(_INSIDE) and place.front is not Subject.TOWER:
        return Subject.YARD, "Back yard"
    subject, caption = (
        (Subject.BEDROOM, "Another bedroom") if place.beds > 1 else (Subject.LIVING, "Living room, other side")
    )
    return subject, caption
