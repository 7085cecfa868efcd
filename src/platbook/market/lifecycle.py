"""The lifecycle of one listing: when it is listed, its events, and its state at any time.

Times are whole seconds since 1970 in UTC. A lifecycle spans an exact time window, from the second the listing enters
the feed to the second it silently leaves it; every event happens at a fraction of that window.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from platbook.market.seeded_random import SeededRandom

_LIFE = 1

_SOLD, _EXPIRED, _WITHDRAWN, _CANCELED = 0.64, 0.76, 0.86, 0.91
_CUT_SHARES = (0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06)


class EventKind(IntEnum):
    """The kinds of events in a listing's lifecycle."""

    STATUS = 1
    """The status changes to the value."""
    PRICE = 2
    """The price falls by the fraction in the value."""
    PHOTOS_ADDED = 3
    """That number of photos is added."""
    PHOTO_RETAKEN = 4
    """The photo at that position (from 1, modulo the number of photos) is replaced."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """All events of a listing. `events` are (time, kind, value), ordered by time."""

    entered_at: int
    left_at: int
    first_status: str
    events: tuple[tuple[int, EventKind, str | float], ...]
    close_share: float
    """Close price as a fraction of the last list price."""


@dataclass(slots=True)
class ListingState:
    """A listing's state at one time."""

    status: str
    status_at: int
    modified: int
    photos_at: int
    major_change: str
    major_change_at: int
    record_modified: int
    """`modified` without the changes of photos."""
    cuts: list[float] = field(default_factory=list[float])
    price_at: int | None = None
    photos_added: int = 0
    retaken: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """(position, photos added before it, time) of each replacement."""
    added_at: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """(photos added, time)."""
    on_market_at: int | None = None
    contract_at: int | None = None
    closed_at: int | None = None
    off_market_at: int | None = None


def plan_lifecycle(seed: int, index: int, entered_at: int, left_at: int) -> Lifecycle:
    """Generate the lifecycle of the listing `index`, between two times."""
    rng = SeededRandom(seed, index, _LIFE)
    span = left_at - entered_at
    events: list[tuple[int, EventKind, str | float]] = []
    active = 0.0
    first_status = "Active"
    if rng.chance(0.1):
        first_status = "Coming Soon"
        active = rng.spread(0.03, 0.08)
        events.append((entered_at + int(active * span), EventKind.STATUS, "Active"))
    listed_until = _plan_outcome(rng, entered_at, span, active, events)
    for _ in range(rng.between(0, 2) if rng.chance(0.75) else 3):
        at = entered_at + int(rng.spread(active + 0.02, listed_until - 0.01) * span)
        events.append((at, EventKind.PRICE, rng.pick(_CUT_SHARES)))
    if rng.chance(0.3):
        at = entered_at + int(rng.spread(0.01, listed_until) * span)
        events.append((at, EventKind.PHOTOS_ADDED, float(rng.between(1, 3))))
    if rng.chance(0.35):
        at = entered_at + int(rng.spread(0.01, listed_until) * span)
        events.append((at, EventKind.PHOTO_RETAKEN, float(rng.between(1, 9))))
    events.sort()
    return Lifecycle(entered_at, left_at, first_status, tuple(events), rng.spread(0.955, 1.015))


def _plan_outcome(
    rng: SeededRandom, entered_at: int, span: int, active: float, events: list[tuple[int, EventKind, str | float]]
) -> float:
    """Generate the status changes; return the fraction of the window until which price cuts may happen."""
    outcome = rng.random()
    if outcome >= _CANCELED:
        return 0.97
    if outcome >= _SOLD:
        end = rng.spread(0.8, 0.92)
        status = "Expired" if outcome < _EXPIRED else "Withdrawn" if outcome < _WITHDRAWN else "Canceled"
        if rng.chance(0.12):
            rest = rng.spread(active + 0.1, end - 0.2)
            events.append((entered_at + int(rest * span), EventKind.STATUS, "Hold"))
            events.append((entered_at + int((rest + rng.spread(0.03, 0.15)) * span), EventKind.STATUS, "Active"))
        events.append((entered_at + int(end * span), EventKind.STATUS, status))
        return end
    contract = rng.spread(active + 0.12, 0.48)
    at = contract
    if rng.chance(0.15):
        events.append((entered_at + int(at * span), EventKind.STATUS, "Active Under Contract"))
        at += rng.spread(0.02, 0.06)
        events.append((entered_at + int(at * span), EventKind.STATUS, "Active"))
        at += rng.spread(0.04, 0.12)
    if rng.chance(0.6):
        events.append((entered_at + int(at * span), EventKind.STATUS, "Active Under Contract"))
        at += rng.spread(0.03, 0.08)
    events.append((entered_at + int(at * span), EventKind.STATUS, "Pending"))
    events.append((entered_at + int((at + rng.spread(0.1, 0.2)) * span), EventKind.STATUS, "Closed"))
    return contract


def to_state(lifecycle: Lifecycle, at: int) -> ListingState:
    """Compute a listing's state at a time, which must not be before it enters the feed."""
    entered_at, status = lifecycle.entered_at, lifecycle.first_status
    major_change = "New Listing" if status == "Active" else status
    state = ListingState(status, entered_at, entered_at, entered_at, major_change, entered_at, entered_at)
    if status == "Active":
        state.on_market_at = entered_at
    for time, kind, value in lifecycle.events:
        if time > at:
            break
        state.modified = time
        if kind in {EventKind.STATUS, EventKind.PRICE}:
            state.record_modified = time
        if kind is EventKind.STATUS:
            _change_status(state, time, str(value))
        elif kind is EventKind.PRICE:
            state.cuts.append(float(value))
            state.price_at = state.major_change_at = time
            state.major_change = "Price Change"
        elif kind is EventKind.PHOTOS_ADDED:
            state.photos_added += int(value)
            state.added_at.append((int(value), time))
            state.photos_at = time
        else:
            state.retaken.append((int(value), state.photos_added, time))
            state.photos_at = time
    return state


def get_modified(lifecycle: Lifecycle, at: int) -> int:
    """Return the time of the last event up to `at`: `to_state(lifecycle, at).modified`, but cheaper."""
    modified = lifecycle.entered_at
    for event in lifecycle.events:
        if event[0] > at:
            break
        modified = event[0]
    return modified


def _change_status(state: ListingState, at: int, status: str) -> None:
    """Change the status and the dates that depend on it."""
    before = state.status
    state.status, state.status_at, state.major_change_at = status, at, at
    state.major_change = status
    if status == "Active":
        state.contract_at = state.off_market_at = None
        if state.on_market_at is None:
            state.on_market_at = at
            state.major_change = "New Listing"
        else:
            state.major_change = "Back On Market"
    elif status in {"Active Under Contract", "Pending"}:
        if before == "Active":
            state.contract_at = at
        if status == "Pending":
            state.off_market_at = at
    elif status == "Closed":
        state.closed_at = at
    else:
        state.off_market_at = at
