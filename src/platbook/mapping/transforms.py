"""The transforms a field mapping may name: local codes, units of area, forms of dates, rounding, separators of lists.

Each is compiled once into a function from the source's value to the field's value, as `reso.coercion` does for plain
fields. What cannot work is refused while compiling (InvalidInput); what a record cannot satisfy, while reading
(RecordRejected).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Final, cast
from zoneinfo import ZoneInfo

from platbook.base.errors import InvalidInput, RecordRejected
from platbook.reso.coercion import Coercer, Value, coercer
from platbook.reso.fields import FIELDS, Field, Kind
from platbook.reso.text import split_list

_SQUARE_FEET_PER_SQUARE_METRE: Final = 1 / Decimal("0.09290304")
SQUARE_FEET_PER_ACRE: Final = Decimal(43560)

AREA_UNITS: Mapping[str, Decimal] = MappingProxyType(
    {
        "sqft": Decimal(1),
        "squarefeet": Decimal(1),
        "sqm": _SQUARE_FEET_PER_SQUARE_METRE,
        "squaremeters": _SQUARE_FEET_PER_SQUARE_METRE,
        "squaremetres": _SQUARE_FEET_PER_SQUARE_METRE,
        "sqyd": Decimal(9),
        "squareyards": Decimal(9),
        "acres": SQUARE_FEET_PER_ACRE,
        "hectares": 10000 * _SQUARE_FEET_PER_SQUARE_METRE,
    }
)
"""Square feet in one of each unit of area; names without spaces, in lower case."""

_KEPT_IN: Mapping[str, tuple[Decimal, Decimal]] = MappingProxyType(
    {
        "LivingArea": (Decimal(1), Decimal("0.01")),
        "LotSizeSquareFeet": (Decimal(1), Decimal("0.01")),
        "LotSizeAcres": (SQUARE_FEET_PER_ACRE, Decimal("0.0001")),
    }
)
"""The areas of a listing: the unit each is kept in (in square feet), and its smallest step."""

_ROUNDING: Final = {"down": ROUND_FLOOR, "up": ROUND_CEILING, "nearest": ROUND_HALF_UP}
_OPTIONS: Final = frozenset({"to", "unit", "format", "lookup", "otherwise", "timeZone", "round", "separator"})
_OTHERWISE: Final = frozenset({"keep", "reject", "null"})


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a transform leads: the field, the words for refusals, the zone of times that name none."""

    field: Field
    source: str
    tz: tzinfo

    def wrong(self, message: str) -> InvalidInput:
        return InvalidInput.of(f"fieldMapping.{self.source}", message)

    def only_for(self, option: str, *kinds: Kind) -> None:
        if self.field.kind not in kinds:
            raise self.wrong(f"{option} does not fit {self.field.name}, which is of kind {self.field.kind}")


def parse_time_zone(name: object, field: str) -> tzinfo:
    """Read an IANA time zone's name, or raise InvalidInput naming `field`."""
    if isinstance(name, str) and name:
        try:
            return UTC if name == "UTC" else ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            pass
    raise InvalidInput.of(field, f"{str(name)[:40]!r} is no time zone such as America/Denver")


def to_unit(field: Field, number: Decimal, square_feet: Decimal) -> Decimal:
    """Convert an area, given in a unit of so many square feet, to the unit that `field` is kept in."""
    kept_in, step = _KEPT_IN[field.name]
    return (number * square_feet / kept_in).quantize(step)


def plan_transform(field: Field, options: Mapping[str, object], *, source: str, tz: tzinfo) -> Coercer:
    """Compile the object form of a mapping entry (`{"to": ..., ...}`) into the reader of its field.

    Raises InvalidInput naming `fieldMapping.{source}`.
    """
    if "timeZone" in options:
        tz = parse_time_zone(options["timeZone"], f"fieldMapping.{source}")
    target = _Target(field, source, tz)
    _check_options(target, options)
    if "unit" in options:
        return _unit(target, options["unit"])
    if "format" in options:
        return _format(target, options["format"])
    if "lookup" in options:
        return _lookup(target, options["lookup"], options.get("otherwise", "keep"), options.get("separator", ","))
    if "round" in options:
        return _round(target, options["round"])
    if "separator" in options:
        return _separated(target, options["separator"])
    return coercer(field, tz, source)


def _check_options(target: _Target, options: Mapping[str, object]) -> None:
    if unknown := sorted(set(options) - _OPTIONS):
        raise target.wrong(f"unknown option {unknown[0]!r}; there are {', '.join(sorted(_OPTIONS))}")
    chosen = sorted({"unit", "format", "lookup", "round"} & set(options))
    if len(chosen) > 1:
        raise target.wrong(f"{' and '.join(chosen)} exclude each other")
    if "otherwise" in options and "lookup" not in options:
        raise target.wrong("otherwise belongs to lookup")
    if "timeZone" in options:
        target.only_for("timeZone", Kind.TIMESTAMP)
    if "separator" in options:
        target.only_for("separator", Kind.LOOKUP_LIST)


def _unit(target: _Target, unit: object) -> Coercer:
    square_feet = AREA_UNITS.get(unit.replace(" ", "").lower()) if isinstance(unit, str) else None
    if square_feet is None:
        raise target.wrong(f"unknown unit; there are {', '.join(AREA_UNITS)}")
    if target.field.name not in _KEPT_IN:
        raise target.wrong(f"unit fits areas only: {', '.join(FIELDS[name].name for name in _KEPT_IN)}")
    field, factor = target.field, square_feet
    read_number = coercer(field, label=target.source)

    def read(value: object) -> Value:
        number = read_number(value)
        return to_unit(field, number, factor) if isinstance(number, Decimal) else None

    return read


def _format(target: _Target, form: object) -> Coercer:
    target.only_for("format", Kind.DATE, Kind.TIMESTAMP)
    sample = datetime(2026, 2, 3, 16, 5, 6, tzinfo=UTC)
    try:
        if not isinstance(form, str) or datetime.strptime(sample.strftime(form), form).date() != sample.date():  # noqa: DTZ007 - only tried out
            raise target.wrong("format must tell a whole date, such as %m/%d/%Y")
    except ValueError:
        raise target.wrong("format is not one of Python's strptime, such as %m/%d/%Y") from None
    pattern, source = form, target.source
    read_moment = coercer(target.field, target.tz, source)

    def read(value: object) -> Value:
        if isinstance(value, (datetime, date)):
            return read_moment(value)
        text = _code_of(value)
        if value is None or text == "":
            return None
        if text is None:
            raise RecordRejected(f"this is not a date as {pattern}", field=source)
        try:
            moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - `read_moment` gives the zone
        except ValueError:
            raise RecordRejected(f"{text[:40]!r} is not a date as {pattern}", field=source) from None
        return read_moment(moment)

    return read


def _round(target: _Target, way: object) -> Coercer:
    target.only_for("round", Kind.INTEGER)
    rounding = _ROUNDING.get(way) if isinstance(way, str) else None
    if rounding is None:
        raise target.wrong(f"round is one of {', '.join(_ROUNDING)}")
    read_number = coercer(FIELDS["ListPrice"], label=target.source)  # any field of kind decimal reads alike
    read_whole = coercer(target.field, label=target.source)
    mode = rounding

    def read(value: object) -> Value:
        number = read_number(value)
        return read_whole(number.to_integral_value(mode)) if isinstance(number, Decimal) else None

    return read


def _separated(target: _Target, separator: object) -> Coercer:
    one = _one_character(target, separator)
    read_list = coercer(target.field, label=target.source)
    source = target.source

    def read(value: object) -> Value:
        return split_list(source, value, one) if isinstance(value, str) else read_list(value)

    return read


def _one_character(target: _Target, separator: object) -> str:
    if isinstance(separator, str) and len(separator) == 1 and separator not in '"\r\n\0':
        return separator
    raise target.wrong("separator must be one character")


def _lookup(target: _Target, table: object, otherwise: object, separator: object) -> Coercer:
    if otherwise not in _OTHERWISE:
        raise target.wrong(f"otherwise is one of {', '.join(sorted(_OTHERWISE))}")
    known = _plan_table(target, table)
    translate = _translator(target, known, str(otherwise))
    if target.field.kind is not Kind.LOOKUP_LIST:
        return translate
    read_list = _separated(target, separator)

    def read_each(value: object) -> Value:
        items = read_list(value)
        if not isinstance(items, list):
            return None
        found = (translate(item) for item in items)
        return [item for part in found for item in (part if isinstance(part, list) else [])]

    return read_each


def _plan_table(target: _Target, table: object) -> dict[str, Value]:
    """Read the values that local codes stand for; an exact code first, any capitals second."""
    if not isinstance(table, Mapping) or not table:
        raise target.wrong('lookup must be an object such as {"A": "Active"}')
    read = coercer(target.field, target.tz, target.source)
    codes = cast("Mapping[str, object]", table)
    try:
        exact = {str(code).strip(): read(value) for code, value in codes.items()}
    except RecordRejected as refused:
        raise target.wrong(f"lookup: {refused.reason}") from None
    return {code.casefold(): value for code, value in exact.items()} | exact


def _translator(target: _Target, known: Mapping[str, Value], otherwise: str) -> Coercer:
    read_plain = coercer(target.field, target.tz, target.source)
    source = target.source

    def read(value: object) -> Value:
        code = _code_of(value)
        if code is not None:
            if code in known:
                return known[code]
            if (folded := code.casefold()) in known:
                return known[folded]
        if otherwise == "keep" or value is None or code == "":
            return read_plain(value)
        if otherwise == "null":
            return None
        raise RecordRejected(f"{str(code)[:40]!r} is not in the lookup of the mapping", field=source)

    return read


def _code_of(value: object) -> str | None:
    """Spell a value as a lookup's code is spelt in JSON; None: it is none that a code could be."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return str(value)
    return None
