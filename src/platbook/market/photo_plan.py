"""Which photos a listing has at a given time."""

from platbook.market.lifecycle import Lifecycle, ListingState
from platbook.market.listing import MarketPhoto, PhotoSubject, to_datetime
from platbook.market.property import MarketProperty

_INSIDE = (
    (PhotoSubject.LIVING, "Living room"),
    (PhotoSubject.KITCHEN, "Kitchen"),
    (PhotoSubject.BEDROOM, "Bedroom"),
    (PhotoSubject.BATH, "Bathroom"),
)
_CAPTIONS = {
    PhotoSubject.HOUSE: "Front of the house",
    PhotoSubject.TOWNHOUSE: "Street view",
    PhotoSubject.TOWER: "The building",
    PhotoSubject.OFFICE: "Office building",
    PhotoSubject.STORE: "Storefront",
    PhotoSubject.WAREHOUSE: "Loading side",
    PhotoSubject.LOT: "The land",
}


def _count_initial(prop: MarketProperty) -> int:
    """Return how many photos a listing starts with."""
    return 4 + min(prop.beds, 3) if prop.beds else 2


def plan_photos(key: str, lifecycle: Lifecycle, state: ListingState, prop: MarketProperty) -> tuple[MarketPhoto, ...]:
    """List a listing's photos in order, each with its version and the time it was taken."""
    initial = _count_initial(prop)
    taken = [lifecycle.entered_at] * initial
    for number, time in state.added_at:
        taken += [time] * number
    versions = [1] * len(taken)
    for position, added, time in state.retaken:
        at = (position - 1) % (initial + added)
        versions[at] += 1
        taken[at] = time
    taken_at = {second: to_datetime(second) for second in set(taken)}
    return tuple(
        MarketPhoto(f"{key}-{at + 1}", at + 1, *_to_subject(prop, at), versions[at], taken_at[taken[at]])
        for at in range(len(taken))
    )


def _to_subject(prop: MarketProperty, at: int) -> tuple[PhotoSubject, str]:
    """Choose subject and caption of the photo at index `at` (from 0)."""
    if at == 0 or not prop.beds:
        caption = _CAPTIONS[prop.front]
        return prop.front, caption if at == 0 else f"{caption}, {at + 1}"
    inside = at - 1
    if inside < len(_INSIDE):
        return _INSIDE[inside]
    if inside == len(_INSIDE) and prop.front is not PhotoSubject.TOWER:
        return PhotoSubject.YARD, "Back yard"
    subject, caption = (
        (PhotoSubject.BEDROOM, "Another bedroom") if prop.beds > 1 else (PhotoSubject.LIVING, "Living room, other side")
    )
    return subject, caption
