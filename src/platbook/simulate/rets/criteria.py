"""Evaluates DMQL2 queries on the rows of one class (RETS 1.7.2, section 7.7): compiles a condition to a predicate.

Dates and timestamps are compared as the market's text, which sorts chronologically.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import cast

from platbook.base.times import as_utc
from platbook.simulate.rets.codes import RefusedError, ReplyCode
from platbook.simulate.rets.dmql import AllOf, AnyOf, Condition, DmqlCriterion, Not, split_list
from platbook.simulate.rets.fields import DataType, Interpretation, SimulatedField
from platbook.simulate.rets.inventory import Value, Values
from platbook.simulate.rets.lookups import LOOKUPS, to_code

RowPredicate = Callable[[Values], bool]
"""Whether a row's values satisfy a condition."""
_ValuePredicate = Callable[[Value], bool]
_Comparable = str | float

_NUMBER = r"[-+]?[0-9]+(?:\.[0-9]+)?"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = (
    rf"{_DAY}(?:T[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]+)?)?(?:Z|[-+][0-9]{{2}}:?[0-9]{{2}})?)?"
    r"|\.?(?:TODAY|NOW)\.?"
)
_STRING = re.compile(r"[^\"()+|~=]+")
_DAY_LENGTH = 10


@dataclass(frozen=True, slots=True)
class QueryContext:
    """The context of a query: fields and their indexes by the names in use, the current time, the time zone."""

    fields: Mapping[str, tuple[int, SimulatedField]]
    now: datetime
    zone: timezone


def compile_condition(condition: Condition, context: QueryContext) -> RowPredicate:
    """Compile a condition to a predicate. RefusedError 20200: unknown field; 20206: a value invalid for the type."""
    match condition:
        case DmqlCriterion(name, value):
            return _compile_criterion(name, value, context)
        case Not(part):
            inner = compile_condition(part, context)
            return lambda values: not inner(values)
        case AllOf(parts):
            all_tests = [compile_condition(part, context) for part in parts]
            return lambda values: all(test(values) for test in all_tests)
        case AnyOf(parts):
            any_tests = [compile_condition(part, context) for part in parts]
            return lambda values: any(test(values) for test in any_tests)


def _compile_criterion(name: str, value: str, context: QueryContext) -> RowPredicate:
    entry = context.fields.get(name)
    if entry is None:
        raise RefusedError(ReplyCode.UNKNOWN_FIELD, f"Unknown Query Field: {name}.")
    index, field = entry
    if not value:
        raise _invalid(name, "the value is missing")
    matches = _to_predicate(field, value, context)
    return lambda values: matches(values[index])


def _to_predicate(field: SimulatedField, value: str, context: QueryContext) -> _ValuePredicate:
    if value == ".EMPTY.":
        return lambda actual: actual in {None, "", ()}
    if field.interpretation in {Interpretation.LOOKUP, Interpretation.LOOKUP_MULTI}:
        return _to_lookup_predicate(field, value)
    if value == ".ANY.":
        return lambda actual: actual not in {None, "", ()}
    if value[0] in "|~":
        raise _invalid(field.name, f"{value[0]} is allowed for lookup fields only")
    return _to_typed_predicate(field, value, context)


def _to_typed_predicate(field: SimulatedField, value: str, context: QueryContext) -> _ValuePredicate:
    match field.type:
        case DataType.BOOLEAN:
            return _to_boolean_predicate(field, value)
        case DataType.CHARACTER:
            return _to_text_predicate(field, value)
        case DataType.DATE | DataType.DATE_TIME:
            return _to_range_predicate(field, value, _TIME, lambda text: _to_time_range(text, field.type, context))
        case _:
            return _to_range_predicate(field, value, _NUMBER, lambda text: (float(text), float(text)))


def _to_lookup_predicate(field: SimulatedField, value: str) -> _ValuePredicate:
    operator, codes_text = (value[0], value[1:]) if value[0] in "|+~" else ("|", value)
    if codes_text == ".ANY.":
        return lambda actual: (actual not in {None, ()}) == (operator != "~")
    codes = {_unquote(item) for item in split_list(codes_text)}
    if not all(codes) or not codes:
        raise _invalid(field.name, "a lookup value is missing")
    if any(re.search(r"[*?]", code) for code in codes):
        raise _invalid(field.name, "wildcards are not allowed in lookup values")
    expected = {long for long in LOOKUPS[field.lookup] if to_code(long) in codes}

    def values_of(actual: Value) -> set[str]:
        if isinstance(actual, tuple):
            return set(actual)
        return set() if actual is None else {str(actual)}

    if operator == "+":
        return lambda actual: len(expected) == len(codes) and expected <= values_of(actual)
    if operator == "~":
        return lambda actual: not expected & values_of(actual)
    return lambda actual: bool(expected & values_of(actual))


def _to_boolean_predicate(field: SimulatedField, value: str) -> _ValuePredicate:
    if value not in {"0", "1"}:
        raise _invalid(field.name, "a Boolean must be 1 or 0")
    expected = value == "1"
    return lambda actual: actual is expected


def _to_text_predicate(field: SimulatedField, value: str) -> _ValuePredicate:
    patterns = [_to_pattern(field, item) for item in split_list(value)]
    return lambda actual: actual is not None and any(pattern.fullmatch(str(actual)) for pattern in patterns)


def _to_pattern(field: SimulatedField, item: str) -> re.Pattern[str]:
    if item.startswith('"'):
        return re.compile(re.escape(_unquote(item)), re.IGNORECASE)
    if not _STRING.fullmatch(item):
        raise _invalid(
            field.name, f"{item[:40]!r} is not a string; special characters must be quoted, and text has no ranges"
        )
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(letter) or re.escape(letter) for letter in item), re.IGNORECASE | re.DOTALL)


def _to_range_predicate(
    field: SimulatedField, value: str, one: str, to_ends: Callable[[str], tuple[_Comparable, _Comparable]]
) -> _ValuePredicate:
    """Compile a comma-separated list of values and ranges: a, a-b, a+, a-. `to_ends` returns a value's bounds."""
    shape = re.compile(rf"({one})(?:([-+])|-({one}))?")
    ranges: list[tuple[float | None, float | None]] = []
    for item in split_list(value):
        match = shape.fullmatch(_unquote(item))
        if not match:
            raise _invalid(field.name, f"{item[:60]!r} is not a value or range of {field.type}")
        low, high = cast("tuple[float, float]", to_ends(match[1]))
        if match[3]:
            ranges.append((low, cast("float", to_ends(match[3])[1])))
        else:
            ranges.append((None if match[2] == "-" else low, None if match[2] == "+" else high))

    def matches(actual: Value) -> bool:
        if actual is None or isinstance(actual, tuple):
            return False
        value = cast("float", actual)  # or text, as are both bounds then: all have the field's type
        return any((low is None or value >= low) and (high is None or value <= high) for low, high in ranges)

    return matches


def _to_time_range(text: str, kind: DataType, context: QueryContext) -> tuple[str, str]:
    keyword = text.strip(".").upper()
    if keyword in {"NOW", "TODAY"}:
        time = context.now.astimezone(context.zone)
        text = time.isoformat() if keyword == "NOW" and kind is DataType.DATE_TIME else time.date().isoformat()
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise RefusedError(ReplyCode.INVALID_QUERY, f"Invalid Query Syntax: {text} is not a time.") from None
    if kind is DataType.DATE:
        return text[:_DAY_LENGTH], text[:_DAY_LENGTH]
    if len(text) == _DAY_LENGTH:
        first = time.replace(tzinfo=context.zone)
        return _to_text(first), _to_text(first + timedelta(days=1, seconds=-1))
    time = time if time.tzinfo else time.replace(tzinfo=context.zone)
    return _to_text(time), _to_text(time)


def _to_text(time: datetime) -> str:
    try:
        return f"{as_utc(time):%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0")
    except ValueError:
        raise RefusedError(ReplyCode.INVALID_QUERY, "Invalid Query Syntax: a time is out of range.") from None


def _unquote(item: str) -> str:
    if len(item) > 1 and item[0] == item[-1] == '"':
        return item[1:-1].replace('""', '"')
    return item


def _invalid(name: str, why: str) -> RefusedError:
    return RefusedError(ReplyCode.INVALID_QUERY, f"Invalid Query Syntax in {name}: {why}.")
