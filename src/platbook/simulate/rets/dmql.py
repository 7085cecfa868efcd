"""DMQL2 as a tree (RETS 1.7.2, section 7.7): what is asked, not yet what it means for a class.

    condition = clause *( ("|" / "OR") clause )
    clause    = element *( ("," / "AND") element )
    element   = [ "~" / "NOT" ] ( "(" field "=" value ")" / "(" condition ")" )

The value stays text: only its field's type tells ranges from words with a dash in them.
"""

import re
from dataclasses import dataclass

from platbook.simulate.rets.codes import Code, RefusedError

_FIELD = re.compile(r"\(\s*([A-Za-z_][A-Za-z0-9_.]*)\s*=")
_OR = re.compile(r"\s*(?:\||OR\b)\s*", re.IGNORECASE)
_AND = re.compile(r"\s*(?:,|AND\b)\s*", re.IGNORECASE)
_NOT = re.compile(r"\s*(?:~|NOT\b)\s*", re.IGNORECASE)
_VALUE = re.compile(r'(?:"(?:[^"]|"")*"|[^"()])*')
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Criterion:
    """(field=value)."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    """What must not hold."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Parts that must all hold."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Parts of which one must hold."""

    parts: "tuple[Condition, ...]"


Condition = Criterion | Not | AllOf | AnyOf


def parse_dmql(text: str) -> Condition:
    """Read a query; RefusedError 20206 says where it cannot be understood."""
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
        self._at = 0

    def condition(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise self._wrong("it is nested too deeply")
        parts = [self._clause(depth)]
        while self._skip(_OR):
            parts.append(self._clause(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def expect_end(self) -> None:
        if self._text[self._at :].strip():
            raise self._wrong("nothing more is expected")

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
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1
        named = _FIELD.match(self._text, self._at)
        if named:
            self._at = named.end()
            value = _VALUE.match(self._text, self._at)
            said = value[0] if value else ""
            self._at += len(said)
            self._close()
            return Criterion(named[1], said.strip())
        if not self._text.startswith("(", self._at):
            raise self._wrong("( is expected")
        self._at += 1
        inner = self.condition(depth + 1)
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1
        self._close()
        return inner

    def _close(self) -> None:
        if not self._text.startswith(")", self._at):
            raise self._wrong(") is expected")
        self._at += 1

    def _skip(self, what: re.Pattern[str]) -> bool:
        found = what.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found is not None

    def _wrong(self, why: str) -> RefusedError:
        return RefusedError(Code.INVALID_QUERY, f"Invalid Query Syntax at character {self._at + 1}: {why}.")
