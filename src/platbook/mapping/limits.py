"""Values beyond their limits (`reso.limits`) are left out, with a finding."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final

from platbook.mapping.faults import ValueFaults
from platbook.providers.finding import FindingKind
from platbook.reso.coercion import DEGREES, Value
from platbook.reso.fields import FIELDS, SLOT
from platbook.reso.limits import (
    ADDRESS_FORMS,
    COUNTRIES,
    COUNTRY_NAMES,
    LIMITS,
    CoordinateBox,
    find_limit_fault,
)
from platbook.reso.lookups import find_state

_LATITUDE, _LONGITUDE = SLOT["Latitude"], SLOT["Longitude"]
_COUNTRY, _STATE, _POSTAL_CODE = SLOT["Country"], SLOT["StateOrProvince"], SLOT["PostalCode"]
_NOT_NEGATIVE: Final = itemgetter(*(SLOT[name] for name, limit in LIMITS.items() if limit.least == 0 and name in SLOT))
_BETWEEN: Final = tuple(
    (SLOT[name], limit.least, limit.greatest) for name, limit in LIMITS.items() if limit.least != 0 and name in SLOT
)
_LIMITED: Final = tuple((SLOT[name], name) for name in LIMITS if name in SLOT)
_FURTHER: Final = frozenset(LIMITS) - SLOT.keys()


def check_limits(values: list[Value], more: dict[str, Value], faults: ValueFaults, sources: Mapping[str, str]) -> None:
    """Leave out values beyond their limits. `sources` names the source's fields."""
    if not _are_within(values):
        for slot, name in _LIMITED:
            if (reason := find_limit_fault(name, values[slot])) is not None:
                _leave_out(name, values[slot], reason, faults, sources)
                values[slot] = None
    if _FURTHER.isdisjoint(more):
        return
    for name in _FURTHER & more.keys():
        if (reason := find_limit_fault(name, more[name])) is not None:
            _leave_out(name, more.pop(name), reason, faults, sources)


def _are_within(values: Sequence[Value]) -> bool:
    """Whether every value of a column is within its limits, as nearly all are."""
    for value in _NOT_NEGATIVE(values):
        if value is not None and value < 0:
            return False
    for slot, least, greatest in _BETWEEN:
        value = values[slot]
        if value is not None and not least <= value <= greatest:  # pyright: ignore[reportOperatorIssue] - a limit is of its field's type
            return False
    return True


def _leave_out(name: str, value: object, reason: str, faults: ValueFaults, sources: Mapping[str, str]) -> None:
    faults.add_lost(FindingKind.SUSPICIOUS_VALUE, sources.get(name, name), FIELDS[name], value, reason)


def check_position(values: list[Value], faults: ValueFaults, sources: Mapping[str, str]) -> None:
    """Leave out a position that cannot be: beyond the poles, or elsewhere than its address says.

    A position outside the listing's country is left out only where a wrong sign or an exchange explains it.
    """
    latitude, longitude = values[_LATITUDE], values[_LONGITUDE]
    if latitude is None and longitude is None:
        return
    if isinstance(latitude, float) and isinstance(longitude, float):
        if not latitude and not longitude:  # "null island": sources send it for an unknown position
            values[_LATITUDE] = values[_LONGITUDE] = None
            return
        if (fault := _find_position_fault(latitude, longitude, values)) is None:
            return
        name, reason = fault
    elif isinstance(latitude, float) and abs(latitude) > DEGREES["Latitude"]:
        name, reason = "Latitude", "beyond 90 degrees"
    else:
        return
    value = latitude if name == "Latitude" else longitude
    _leave_out(name, value, reason, faults, sources)
    values[_LATITUDE] = values[_LONGITUDE] = None


def _find_position_fault(latitude: float, longitude: float, values: Sequence[Value]) -> tuple[str, str] | None:
    """The field at fault and the reason."""
    if abs(latitude) > DEGREES["Latitude"]:
        is_exchanged = abs(longitude) <= DEGREES["Latitude"]
        return "Latitude", "exchanged with the longitude" if is_exchanged else "beyond 90 degrees"
    boxes = COUNTRIES.get(_find_country(values) or "", ())
    if not boxes or _is_in(boxes, latitude, longitude):
        return None
    if _is_in(boxes, latitude, -longitude):
        return "Longitude", "its sign is not that of the country"
    if _is_in(boxes, -latitude, longitude):
        return "Latitude", "its sign is not that of the country"
    return ("Latitude", "exchanged with the longitude") if _is_in(boxes, longitude, latitude) else None


def _is_in(boxes: Sequence[CoordinateBox], latitude: float, longitude: float) -> bool:
    return any(box.holds(latitude, longitude) for box in boxes)


def _find_country(values: Sequence[Value]) -> str | None:
    """The country that is named, or that state and postal code tell together."""
    country = values[_COUNTRY]
    if isinstance(country, str):
        return _find_named(country)
    state, postal_code = values[_STATE], values[_POSTAL_CODE]
    if not isinstance(state, str) or not isinstance(postal_code, str):
        return None
    found = _find_country_of_state(state)
    return found if found is not None and ADDRESS_FORMS[found][1].fullmatch(postal_code) else None


@lru_cache(maxsize=256)
def _find_country_of_state(state: str) -> str | None:
    code = find_state(state)
    return next((name for name, (states, _) in ADDRESS_FORMS.items() if code in states), None)


@lru_cache(maxsize=256)
def _find_named(country: str) -> str | None:
    return COUNTRY_NAMES.get("".join(letter for letter in country.casefold() if letter.isalpha()))
