"""The life of one listing: when it is listed, what happens to it, and how it stands at a moment.

Moments are whole seconds since 1970 in UTC. A life fills a window of time exactly, from the moment it enters the feed
to the moment it silently leaves it; everything in between happens at shares of that window.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from platbook.market.dice import Dice

_LIFE = 1

_SOLD, _EXPIRED, _WITHDRAWN, _CANCELED = 0.64, 0.76, 0.86, 0.91
_CUT_SHARES = (0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06)


class Turn(IntEnum):
    """What can happen to a listing."""

    STATUS = 1
    """It goes to the status named."""
    PRICE = 2
    """Its price falls by the share named."""
    PHOTOS_ADDED = 3
    """So many photos come to those it has."""
    PHOTO_RETAKEN = 4
    """The photo of that place (from 1, modulo those there) is taken anew."""


@dataclass(frozen=True, slots=True)
class Life:
    """Everything that will ever happen to a listing. `events` are (moment, turn, value), in order of time."""

    born: int
    gone: int
    first_status: str
    events: tuple[tuple[int, Turn, str | float], ...]
    close_share: float
    """What share of the last asking price the buyer pays."""


@dataclass(slots=True)
class State:
    """How a listing stands at one moment."""

    status: str
    status_at: int
    modified: int
    photos_at: int
    major: str
    major_at: int
    cuts: list[float] = field(default_factory=list[float])
    price_at: int | None = None
    photos_added: int = 0
    retaken: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """(place, number of photos added before it, moment) of each new take."""
    added_at: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """(photos added, moment)."""
    on_market_at: int | None = None
    contract_at: int | None = None
    closed_at: int | None = None
    off_market_at: int | None = None


def plan_life(seed: int, index: int, born: int, gone: int) -> Life:
    """Plan the whole life of the listing `index`, between two moments."""
    dice = Dice(seed, index, _LIFE)
    span = gone - born
    events: list[tuple[int, Turn, str | float]] = []
    active = 0.0
    first_status = "Active"
    if dice.chance(0.1):
        first_status = "Coming Soon"
        active = dice.spread(0.03, 0.08)
        events.append((born + int(active * span), Turn.STATUS, "Active"))
    asked_until = _plan_outcome(dice, born, span, active, events)
    for _ in range(dice.between(0, 2) if dice.chance(0.75) else 3):
        at = born + int(dice.spread(active + 0.02, asked_until - 0.01) * span)
        events.append((at, Turn.PRICE, dice.pick(_CUT_SHARES)))
    if dice.chance(0.3):
        at = born + int(dice.spread(0.01, asked_until) * span)
        events.append((at, Turn.PHOTOS_ADDED, float(dice.between(1, 3))))
    if dice.chance(0.35):
        at = born + int(dice.spread(0.01, asked_until) * span)
        events.append((at, Turn.PHOTO_RETAKEN, float(dice.between(1, 9))))
    events.sort()
    return Life(born, gone, first_status, tuple(events), dice.spread(0.955, 1.015))


def _plan_outcome(
    dice: Dice, born: int, span: int, active: float, events: list[tuple[int, Turn, str | float]]
) -> float:
    """Plan the status changes; answer until what share of the window the asking price may still fall."""
    fate = dice.throw()
    if fate >= _CANCELED:
        return 0.97
    if fate >= _SOLD:
        end = dice.spread(0.8, 0.92)
        status = "Expired" if fate < _EXPIRED else "Withdrawn" if fate < _WITHDRAWN else "Canceled"
        if dice.chance(0.12):
            rest = dice.spread(active + 0.1, end - 0.2)
            events.append((born + int(rest * span), Turn.STATUS, "Hold"))
            events.append((born + int((rest + dice.spread(0.03, 0.15)) * span), Turn.STATUS, "Active"))
        events.append((born + int(end * span), Turn.STATUS, status))
        return end
    contract = dice.spread(active + 0.12, 0.48)
    at = contract
    if dice.chance(0.15):
        events.append((born + int(at * span), Turn.STATUS, "Active Under Contract"))
        at += dice.spread(0.02, 0.06)
        events.append((born + int(at * span), Turn.STATUS, "Active"))
        at += dice.spread(0.04, 0.12)
    if dice.chance(0.6):
        events.append((born + int(at * span), Turn.STATUS, "Active Under Contract"))
        at += dice.spread(0.03, 0.08)
    events.append((born + int(at * span), Turn.STATUS, "Pending"))
    events.append((born + int((at + dice.spread(0.1, 0.2)) * span), Turn.STATUS, "Closed"))
    return contract


def to_state(life: Life, at: int) -> State:
    """Work out how a listing stands at a moment, which must not be before its birth."""
    born, status = life.born, life.first_status
    major = "New Listing" if status == "Active" else status
    state = State(status, born, born, born, major, born)
    if status == "Active":
        state.on_market_at = born
    for moment, turn, value in life.events:
        if moment > at:
            break
        state.modified = moment
        if turn is Turn.STATUS:
            _turn_status(state, moment, str(value))
        elif turn is Turn.PRICE:
            state.cuts.append(float(value))
            state.price_at = state.major_at = moment
            state.major = "Price Change"
        elif turn is Turn.PHOTOS_ADDED:
            state.photos_added += int(value)
            state.added_at.append((int(value), moment))
            state.photos_at = moment
        else:
            state.retaken.append((int(value), state.photos_added, moment))
            state.photos_at = moment
    return state


def get_modified(life: Life, at: int) -> int:
    """Find the moment of the last thing that happened up to `at`: `to_state(life, at).modified`, but cheaper."""
    modified = life.born
    for event in life.events:
        if event[0] > at:
            break
        modified = event[0]
    return modified


def _turn_status(state: State, at: int, status: str) -> None:
    """Let the status change, and with it the dates that go with a status."""
    before = state.status
    state.status, state.status_at, state.major_at = status, at, at
    state.major = status
    if status == "Active":
        state.contract_at = state.off_market_at = None
        if state.on_market_at is None:
            state.on_market_at = at
            state.major = "New Listing"
        else:
            state.major = "Back On Market"
    elif status in {"Active Under Contract", "Pending"}:
        if before == "Active":
            state.contract_at = at
        if status == "Pending":
            state.off_market_at = at
    elif status == "Closed":
        state.closed_at = at
    else:
        state.off_market_at = at
