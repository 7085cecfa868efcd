"""Parses DMQL2 to a syntax tree (RETS 1.7.2, section 7.7), independent of any class.

    condition = clause *( ("|" / "OR") clause )
    clause    = element *( ("," / "AND") element )
    element   = [ "~" / "NOT" ] ( "(" field "=" value ")" / "(" condition ")" )

The value stays text: only the field's type distinguishes ranges from texts with a dash.
"""

import re
from dataclasses import dataclass

from platbook.simulate.rets.codes import RefusedError, ReplyCode

_FIELD = re.compile(r"\(\s*([A-Za-z_][A-Za-z0-9_.]*)\s*=")
_OR = re.compile(r"\s*(?:\||OR\b)\s*", re.IGNORECASE)
_AND = re.compile(r"\s*(?:,|AND\b)\s*", re.IGNORECASE)
_NOT = re.compile(r"\s*(?:~|NOT\b)\s*", re.IGNORECASE)
_VALUE = re.compile(r'(?:"(?:[^"]|"")*"|[^"()])*')
_MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class DmqlCriterion:
    """(field=value)."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    """Negation of a condition."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Conjunction of conditions."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Disjunction of conditions."""

    parts: "tuple[Condition, ...]"


Condition = DmqlCriterion | Not | AllOf | AnyOf


def parse_dmql(text: str) -> Condition:
    """Parse a query. RefusedError 20206 names the position of a syntax error."""
    parser = _Parser(text)
    condition = parser.condition(0)
    parser.expect_end()
    return condition


def split_list(value: str) -> list[str]:
    """Split a value at its commas, but not inside quotes."""
    parts = re.findall(r'(?:"(?:[^"]|"")*"|[^",])+|(?<=,)(?=,|$)|^(?=,)', value)
    return [part.strip() for part in parts]


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def condition(self, depth: int) -> Condition:
        if depth > _MAX_DEPTH:
            raise self._error("it is nested too deeply")
        parts = [self._clause(depth)]
        while self._skip(_OR):
            parts.append(self._clause(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def expect_end(self) -> None:
        if self._text[self._position :].strip():
            raise self._error("nothing more is expected")

    def _clause(self, depth: int) -> Condition:
        parts = [self._element(depth)]
        while self._skip(_AND):
            parts.append(self._element(depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _element(self, depth: int) -> Condition:
        if self._skip(_NOT):
            return Not(self._group(depth))
        return self._group(depth)

    def _group(self, depth: int) -> Condition:
        while self._text[self._position : self._position + 1].isspace():
            self._position += 1
        named = _FIELD.match(self._text, self._position)
        if named:
            self._position = named.end()
            value = _VALUE.match(self._text, self._position)
            text = value[0] if value else ""
            self._position += len(text)
            self._close()
            return DmqlCriterion(named[1], text.strip())
        if not self._text.startswith("(", self._position):
            raise self._error("( is expected")
        self._position += 1
        inner = self.condition(depth + 1)
        while self._text[self._position : self._position + 1].isspace():
            self._position += 1
        self._close()
        return inner

    def _close(self) -> None:
        if not self._text.startswith(")", self._position):
            raise self._error(") is expected")
        self._position += 1

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._position)
        if match:
            self._position = match.end()
        return match is not None

    def _error(self, why: str) -> RefusedError:
        return RefusedError(ReplyCode.INVALID_QUERY, f"Invalid Query Syntax at character {self._position + 1}: {why}.")
