"""What a DMQL2 query means for the rows of one class (RETS 1.7.2, section 7.7): a condition made into a test of values.

Dates and timestamps are compared as the market's text, which sorts as time does.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import cast

from platbook.base.times import as_utc
from platbook.simulate.rets.codes import Code, RefusedError
from platbook.simulate.rets.dmql import AllOf, AnyOf, Condition, Criterion, Not, split_list
from platbook.simulate.rets.fields import DataType, Field, Shape
from platbook.simulate.rets.inventory import Value, Values
from platbook.simulate.rets.lookups import LOOKUPS, to_code

Holds = Callable[[Values], bool]
"""Whether a row's values satisfy a condition."""
_Suits = Callable[[Value], bool]
_Comparable = str | float

_NUMBER = r"[-+]?[0-9]+(?:\.[0-9]+)?"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_PERIOD = (
    rf"{_DAY}(?:T[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]+)?)?(?:Z|[-+][0-9]{{2}}:?[0-9]{{2}})?)?"
    r"|\.?(?:TODAY|NOW)\.?"
)
_STRING = re.compile(r"[^\"()+|~=]+")
_DAY_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Meaning:
    """What names and moments mean to the one who asks: fields by the names used, their places, now, the zone."""

    fields: Mapping[str, tuple[int, Field]]
    now: datetime
    zone: timezone


def compile_condition(condition: Condition, meaning: Meaning) -> Holds:
    """Make a test of a condition; RefusedError 20200 for an unknown field, 20206 for a value its type forbids."""
    match condition:
        case Criterion(name, value):
            return _criterion(name, value, meaning)
        case Not(part):
            inner = compile_condition(part, meaning)
            return lambda values: not inner(values)
        case AllOf(parts):
            every = [compile_condition(part, meaning) for part in parts]
            return lambda values: all(holds(values) for holds in every)
        case AnyOf(parts):
            some = [compile_condition(part, meaning) for part in parts]
            return lambda values: any(holds(values) for holds in some)


def _criterion(name: str, value: str, meaning: Meaning) -> Holds:
    known = meaning.fields.get(name)
    if known is None:
        raise RefusedError(Code.UNKNOWN_FIELD, f"Unknown Query Field: {name}.")
    place, field = known
    if not value:
        raise _invalid(name, "it has no value")
    suits = _suits(field, value, meaning)
    return lambda values: suits(values[place])


def _suits(field: Field, value: str, meaning: Meaning) -> _Suits:
    if value == ".EMPTY.":
        return lambda held: held in {None, "", ()}
    if field.shape in {Shape.LOOKUP, Shape.LOOKUP_MULTI}:
        return _lookup(field, value)
    if value == ".ANY.":
        return lambda held: held not in {None, "", ()}
    if value[0] in "|~":
        raise _invalid(field.name, f"{value[0]} is for lookup fields alone")
    return _typed(field, value, meaning)


def _typed(field: Field, value: str, meaning: Meaning) -> _Suits:
    match field.type:
        case DataType.BOOLEAN:
            return _boolean(field, value)
        case DataType.CHARACTER:
            return _character(field, value)
        case DataType.DATE | DataType.DATE_TIME:
            return _ranges(field, value, _PERIOD, lambda said: _to_period(said, field.type, meaning))
        case _:
            return _ranges(field, value, _NUMBER, lambda said: (float(said), float(said)))


def _lookup(field: Field, value: str) -> _Suits:
    mark, said = (value[0], value[1:]) if value[0] in "|+~" else ("|", value)
    if said == ".ANY.":
        return lambda held: (held not in {None, ()}) == (mark != "~")
    codes = {_unquote(word) for word in split_list(said)}
    if not all(codes) or not codes:
        raise _invalid(field.name, "a lookup value is missing")
    if any(re.search(r"[*?]", code) for code in codes):
        raise _invalid(field.name, "there are no wildcards in lookup values")
    wanted = {long for long in LOOKUPS[field.lookup] if to_code(long) in codes}

    def held_words(held: Value) -> set[str]:
        if isinstance(held, tuple):
            return set(held)
        return set() if held is None else {str(held)}

    if mark == "+":
        return lambda held: len(wanted) == len(codes) and wanted <= held_words(held)
    if mark == "~":
        return lambda held: not wanted & held_words(held)
    return lambda held: bool(wanted & held_words(held))


def _boolean(field: Field, value: str) -> _Suits:
    if value not in {"0", "1"}:
        raise _invalid(field.name, "a Boolean is 1 or 0")
    wanted = value == "1"
    return lambda held: held is wanted


def _character(field: Field, value: str) -> _Suits:
    patterns = [_to_pattern(field, word) for word in split_list(value)]
    return lambda held: held is not None and any(pattern.fullmatch(str(held)) for pattern in patterns)


def _to_pattern(field: Field, word: str) -> re.Pattern[str]:
    if word.startswith('"'):
        return re.compile(re.escape(_unquote(word)), re.IGNORECASE)
    if not _STRING.fullmatch(word):
        raise _invalid(
            field.name, f"{word[:40]!r} is no string; what is not plain is quoted, and ranges are not for text"
        )
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(letter) or re.escape(letter) for letter in word), re.IGNORECASE | re.DOTALL)


def _ranges(field: Field, value: str, one: str, to_ends: Callable[[str], tuple[_Comparable, _Comparable]]) -> _Suits:
    """A comma list of values and ranges: a, a-b, a+, a-. `to_ends` gives the first and last moment a value means."""
    shape = re.compile(rf"({one})(?:([-+])|-({one}))?")
    spans: list[tuple[float | None, float | None]] = []
    for word in split_list(value):
        found = shape.fullmatch(_unquote(word))
        if not found:
            raise _invalid(field.name, f"{word[:60]!r} is no {field.type} and no range of them")
        low, high = cast("tuple[float, float]", to_ends(found[1]))
        if found[3]:
            spans.append((low, cast("float", to_ends(found[3])[1])))
        else:
            spans.append((None if found[2] == "-" else low, None if found[2] == "+" else high))

    def suits(held: Value) -> bool:
        if held is None or isinstance(held, tuple):
            return False
        value = cast("float", held)  # or text, as both ends then are: they have the kind of the field's type
        return any((low is None or value >= low) and (high is None or value <= high) for low, high in spans)

    return suits


def _to_period(said: str, kind: DataType, meaning: Meaning) -> tuple[str, str]:
    word = said.strip(".").upper()
    if word in {"NOW", "TODAY"}:
        moment = meaning.now.astimezone(meaning.zone)
        said = moment.isoformat() if word == "NOW" and kind is DataType.DATE_TIME else moment.date().isoformat()
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise RefusedError(Code.INVALID_QUERY, f"Invalid Query Syntax: there is no moment {said}.") from None
    if kind is DataType.DATE:
        return said[:_DAY_LENGTH], said[:_DAY_LENGTH]
    if len(said) == _DAY_LENGTH:
        first = moment.replace(tzinfo=meaning.zone)
        return _to_text(first), _to_text(first + timedelta(days=1, seconds=-1))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=meaning.zone)
    return _to_text(moment), _to_text(moment)


def _to_text(moment: datetime) -> str:
    try:
        return f"{as_utc(moment):%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0")
    except ValueError:
        raise RefusedError(Code.INVALID_QUERY, "Invalid Query Syntax: a moment is out of all time.") from None


def _unquote(word: str) -> str:
    if len(word) > 1 and word[0] == word[-1] == '"':
        return word[1:-1].replace('""', '"')
    return word


def _invalid(name: str, why: str) -> RefusedError:
    return RefusedError(Code.INVALID_QUERY, f"Invalid Query Syntax in {name}: {why}.")
