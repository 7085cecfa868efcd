"""The transforms of a field mapping: lookups of local codes, units of area, date formats, rounding, signs, separators.

Each is compiled once into a function from the source's value to the field's value, as `reso.coercion` does for plain
fields. Invalid options are refused while compiling (InvalidInput), invalid values while reading (RecordRejected).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final, cast
from zoneinfo import ZoneInfo

from platbook.base.errors import InvalidInput, RecordRejected
from platbook.base.folding import fold_label
from platbook.mapping.plain_text import plain_text_reader
from platbook.reso.coercion import DEGREES, Coercer, Value, coercer
from platbook.reso.fields import FIELDS, REMARKS, Field, Kind
from platbook.reso.numbers import degrees_reader
from platbook.reso.text import split_list

_SQUARE_FEET_PER_SQUARE_METRE: Final = 1 / Decimal("0.09290304")
SQUARE_FEET_PER_ACRE: Final = Decimal(43560)

AREA_UNITS: Mapping[str, Decimal] = MappingProxyType(
    {
        "sqft": Decimal(1),
        "sqm": _SQUARE_FEET_PER_SQUARE_METRE,
        "sqyd": Decimal(9),
        "acres": SQUARE_FEET_PER_ACRE,
        "hectares": 10000 * _SQUARE_FEET_PER_SQUARE_METRE,
    }
)
"""Square feet in one of each unit of area."""

_SPELLINGS: Mapping[str, str] = {
    "sqft": "sqfeet sqfoot squareft squarefeet squarefoot sf ft2 feet2 sqfts",
    "sqm": "sqmeter sqmeters sqmetre sqmetres squarem squaremeter squaremeters squaremetre squaremetres m2 mtr2",
    "sqyd": "sqyds sqyard sqyards squareyard squareyards yd2 yds2",
    "acres": "acre ac acs",
    "hectares": "hectare ha hectar",
}
_UNITS: Mapping[str, Decimal] = MappingProxyType(
    AREA_UNITS
    | {spelling: AREA_UNITS[unit] for unit, spellings in _SPELLINGS.items() for spelling in spellings.split()}
)


@lru_cache(maxsize=256)
def find_unit(text: str) -> Decimal | None:
    """Square feet in a unit of area, however it is spelt (`Sq. Ft.`, `m²`, `Acre`); None: it is not known."""
    return _UNITS.get(fold_label(text))


_STORED_UNIT: Mapping[str, tuple[Decimal, Decimal]] = MappingProxyType(
    {
        "LivingArea": (Decimal(1), Decimal("0.01")),
        "LotSizeSquareFeet": (Decimal(1), Decimal("0.01")),
        "LotSizeAcres": (SQUARE_FEET_PER_ACRE, Decimal("0.0001")),
    }
)
"""The areas of a listing: the unit each is stored in (in square feet), and its precision."""

_ROUNDING: Final = {"down": ROUND_FLOOR, "up": ROUND_CEILING, "nearest": ROUND_HALF_UP}
_OPTIONS: Final = frozenset(
    {
        "absolute",
        "negate",
        "swap",
        "to",
        "unit",
        "format",
        "lookup",
        "otherwise",
        "timeZone",
        "round",
        "separator",
        "unreadable",
    }
)
_OTHERWISE: Final = frozenset({"keep", "reject", "null"})
_NUMERIC: Final = (Kind.INTEGER, Kind.DECIMAL, Kind.DEGREES)
_UNREADABLE: Final = frozenset({"null", "reject"})


@dataclass(frozen=True, slots=True)
class _Target:
    """The target of a transform: the field, the source field's name for messages, the zone of times without one."""

    field: Field
    source: str
    tz: tzinfo

    def error(self, message: str) -> InvalidInput:
        return InvalidInput.of(f"fieldMapping.{self.source}", message)

    def only_for(self, option: str, *kinds: Kind) -> None:
        if self.field.kind not in kinds:
            raise self.error(f"{option} does not fit {self.field.name}, which is of kind {self.field.kind}")


def parse_time_zone(name: object, field: str) -> tzinfo:
    """Read an IANA time zone's name, or raise InvalidInput naming `field`."""
    if isinstance(name, str) and name:
        try:
            return UTC if name == "UTC" else ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            pass
    raise InvalidInput.of(field, f"{str(name)[:40]!r} is not a time zone such as America/Denver")


def to_unit(field: Field, number: Decimal, square_feet: Decimal) -> Decimal:
    """Convert an area in a unit of `square_feet` square feet to the unit that `field` is stored in."""
    stored_unit, step = _STORED_UNIT[field.name]
    return (number * square_feet / stored_unit).quantize(step)


def plan_transform(field: Field, options: Mapping[str, object], *, source: str, tz: tzinfo) -> Coercer:
    """Compile the object form of a mapping entry (`{"to": ..., ...}`) into the reader of its field.

    Raises InvalidInput naming `fieldMapping.{source}`.
    """
    if "timeZone" in options:
        tz = parse_time_zone(options["timeZone"], f"fieldMapping.{source}")
    target = _Target(field, source, tz)
    _check_options(target, options)
    read = _plan_reading(target, options)
    return _signed(read, absolute="absolute" in options, negate="negate" in options)


def _plan_reading(target: _Target, options: Mapping[str, object]) -> Coercer:
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
    return plain_reader(target.field, target.tz, target.source)


def plain_reader(field: Field, tz: tzinfo, source: str) -> Coercer:
    """The reader of a field that needs no transform."""
    if field.name in DEGREES:  # their limits are judged as a position (`mapping.limits`), after every transform
        return degrees_reader(source, max(DEGREES.values()))
    read = coercer(field, tz, source)
    return plain_text_reader(read) if field.name in REMARKS else read


def _signed(read: Coercer, *, absolute: bool, negate: bool) -> Coercer:
    """Take the absolute value of a number, or its negative; both: what is never above zero."""
    if not absolute and not negate:
        return read

    def read_signed(value: object) -> Value:
        number = read(value)
        if not isinstance(number, (int, float, Decimal)) or isinstance(number, bool):
            return number
        number = abs(number) if absolute else number
        return -number if negate and number else number

    return read_signed


def _check_options(target: _Target, options: Mapping[str, object]) -> None:
    if unknown := sorted(set(options) - _OPTIONS):
        raise target.error(f"unknown option {unknown[0]!r}; the options are {', '.join(sorted(_OPTIONS))}")
    chosen = sorted({"unit", "format", "lookup", "round"} & set(options))
    if len(chosen) > 1:
        raise target.error(f"{' and '.join(chosen)} cannot be combined")
    if "otherwise" in options and "lookup" not in options:
        raise target.error("otherwise requires lookup")
    if options.get("unreadable", "null") not in _UNREADABLE:
        raise target.error(f"unreadable must be one of {', '.join(sorted(_UNREADABLE))}")
    for option in sorted({"absolute", "negate", "swap"} & set(options)):
        if options[option] is not True:
            raise target.error(f"{option} must be true, or left out")
        target.only_for(option, *(_NUMERIC if option != "swap" else (Kind.DEGREES,)))
    if "timeZone" in options:
        target.only_for("timeZone", Kind.TIMESTAMP)
    if "separator" in options:
        target.only_for("separator", Kind.LOOKUP_LIST)


def _unit(target: _Target, unit: object) -> Coercer:
    square_feet = find_unit(unit) if isinstance(unit, str) else None
    if square_feet is None:
        raise target.error(f"unknown unit; the units are {', '.join(AREA_UNITS)}")
    if target.field.name not in _STORED_UNIT:
        raise target.error(f"unit is allowed for areas only: {', '.join(FIELDS[name].name for name in _STORED_UNIT)}")
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
        if not isinstance(form, str) or datetime.strptime(sample.strftime(form), form).date() != sample.date():  # noqa: DTZ007 - only a trial
            raise target.error("format must name year, month and day, such as %m/%d/%Y")
    except ValueError:
        raise target.error("format is not one of Python's strptime, such as %m/%d/%Y") from None
    pattern, source = form, target.source
    summary = f"not a date in the format {pattern}"
    read_time = coercer(target.field, target.tz, source)

    def read(value: object) -> Value:
        if isinstance(value, (datetime, date)):
            return read_time(value)
        text = _code_of(value)
        if value is None or text == "":
            return None
        if text is None:
            raise RecordRejected(f"the value is {summary}", field=source, summary=summary)
        try:
            parsed = datetime.strptime(text, pattern)  # noqa: DTZ007 - `read_time` gives the zone
        except ValueError:
            raise RecordRejected(f"{text[:40]!r} is {summary}", field=source, summary=summary) from None
        return read_time(parsed)

    return read


def _round(target: _Target, mode_name: object) -> Coercer:
    target.only_for("round", Kind.INTEGER)
    rounding = _ROUNDING.get(mode_name) if isinstance(mode_name, str) else None
    if rounding is None:
        raise target.error(f"round must be one of {', '.join(_ROUNDING)}")
    read_number = coercer(FIELDS["ListPrice"], label=target.source)  # any field of kind decimal reads alike
    read_integer = coercer(target.field, label=target.source)
    mode = rounding

    def read(value: object) -> Value:
        number = read_number(value)
        return read_integer(number.to_integral_value(mode)) if isinstance(number, Decimal) else None

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
    raise target.error("separator must be one character")


def _lookup(target: _Target, table: object, otherwise: object, separator: object) -> Coercer:
    if otherwise not in _OTHERWISE:
        raise target.error(f"otherwise must be one of {', '.join(sorted(_OTHERWISE))}")
    values = _plan_table(target, table)
    translate = _translator(target, values, str(otherwise))
    if target.field.kind is not Kind.LOOKUP_LIST:
        return translate
    read_list = _separated(target, separator)

    def read_each(value: object) -> Value:
        items = read_list(value)
        if not isinstance(items, list):
            return None
        translated = (translate(item) for item in items)
        return [item for part in translated for item in (part if isinstance(part, list) else [])]

    return read_each


def _plan_table(target: _Target, table: object) -> dict[str, Value]:
    """The values of local codes; an exact code takes precedence over a case-insensitive one."""
    if not isinstance(table, Mapping) or not table:
        raise target.error('lookup must be an object such as {"A": "Active"}')
    read = coercer(target.field, target.tz, target.source)
    codes = cast("Mapping[str, object]", table)
    try:
        exact = {str(code).strip(): read(value) for code, value in codes.items()}
    except RecordRejected as error:
        raise target.error(f"lookup: {error.reason}") from None
    return {code.casefold(): value for code, value in exact.items()} | exact


def _translator(target: _Target, values: Mapping[str, Value], otherwise: str) -> Coercer:
    read_plain = coercer(target.field, target.tz, target.source)
    source = target.source

    def read(value: object) -> Value:
        code = _code_of(value)
        if code is not None:
            if code in values:
                return values[code]
            if (folded := code.casefold()) in values:
                return values[folded]
        if otherwise == "keep" or value is None or code == "":
            return read_plain(value)
        if otherwise == "null":
            return None
        summary = "not in the lookup of the mapping"
        raise RecordRejected(f"{str(code)[:40]!r} is {summary}", field=source, summary=summary)

    return read


def _code_of(value: object) -> str | None:
    """A value as the text of a lookup's code in JSON; None: it cannot be a code."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return str(value)
    return None
