"""The order of a list: a sort key and then the id, in one direction, so that the order is total and stable.

It becomes the ORDER BY clause and the predicate of keyset pagination (also called the seek method): the rows after a
position, by a row comparison that one index walk answers. Rows without a value of a nullable key form a segment of
their own, sorted by id, which comes after the segment of the rows with one.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import LiteralString

from platbook.db.compose import SQL, Composable
from platbook.db.lists.cursors import CursorPosition, parse_time

_LARGEST_EXPONENT = 40
"""Far beyond what any column holds."""
_SMALLINT_BOUND = 2**15


@dataclass(frozen=True, slots=True)
class SortKey:
    """What a list is sorted by before the id. `parse` reads a value back from a cursor (ValueError).

    `known`: a condition that a row must meet, too, for its value to count; without it the row is one without a value.
    """

    expression: LiteralString
    sql_type: LiteralString
    parse: Callable[[str], object]
    nullable: bool = False
    known: LiteralString | None = None


@dataclass(frozen=True, slots=True)
class SortOrder:
    """One segment of a list in order. `has_value` False: the rows without a value of the key, by id alone."""

    key: SortKey
    descending: bool
    has_value: bool = True

    def order_by(self, expression: Composable | None = None) -> Composable:
        """The ORDER BY clause; `expression` stands for the key where a subquery already computed it."""
        direction = SQL("DESC") if self.descending else SQL("ASC")
        keys = [SQL("{} {}").format(key, direction) for key in self._keys(expression)]
        return SQL("ORDER BY {}").format(SQL(", ").join(keys))

    def after(self, expression: Composable | None = None) -> Composable:
        """The keyset predicate: the rows that come after the position of `to_params`."""
        values: list[Composable] = [SQL("%(after_id)s::uuid")]
        if self.has_value:
            values.insert(0, SQL("CAST(%(after)s AS {})").format(SQL(self.key.sql_type)))
        sign = SQL("<") if self.descending else SQL(">")
        return SQL("({}) {} ({})").format(SQL(", ").join(self._keys(expression)), sign, SQL(", ").join(values))

    def to_params(self, position: CursorPosition | None) -> dict[str, object]:
        """The parameters of `after`; empty for the first page."""
        if position is None:
            return {}
        return {"after_id": position.id, **({"after": position.value} if self.has_value else {})}

    def in_segment(self) -> Composable | None:
        """The condition that a row belongs to this segment; None where the key is never null."""
        if not self.key.nullable:
            return None
        key, known = SQL(self.key.expression), self.key.known
        if known is None:
            return SQL("({}) IS {}NULL").format(key, SQL("NOT " if self.has_value else ""))
        segment = SQL("(({}) IS NOT NULL AND {})") if self.has_value else SQL("(({}) IS NULL OR NOT {})")
        return segment.format(key, SQL(known))

    def _keys(self, expression: Composable | None) -> Sequence[Composable]:
        return [expression or SQL(self.key.expression), SQL("id")] if self.has_value else [SQL("id")]


def timestamp_key(expression: LiteralString, *, nullable: bool = False) -> SortKey:
    """Sort by a timestamptz."""
    return SortKey(expression, "timestamptz", parse_time, nullable)


def date_key(expression: LiteralString, *, nullable: bool = False) -> SortKey:
    """Sort by a date."""
    return SortKey(expression, "date", date.fromisoformat, nullable)


def numeric_key(expression: LiteralString, *, nullable: bool = False) -> SortKey:
    """Sort by a number of any precision."""
    return SortKey(expression, "numeric", parse_decimal, nullable)


def smallint_key(expression: LiteralString) -> SortKey:
    """Sort by a small integer."""
    return SortKey(expression, "smallint", parse_smallint)


def text_key(expression: LiteralString) -> SortKey:
    """Sort by a text."""
    return SortKey(expression, "text", parse_text)


def parse_decimal(text: str) -> Decimal:
    """Read a finite number that a column could hold. Errors: ValueError, decimal.InvalidOperation."""
    value = Decimal(text)
    if not value.is_finite() or abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(text)
    return value


def parse_smallint(text: str) -> int:
    """Read a 16-bit integer. Errors: ValueError."""
    value = int(text)
    if not -_SMALLINT_BOUND <= value < _SMALLINT_BOUND:
        raise ValueError(text)
    return value


def parse_text(text: str) -> str:
    """Read a text that a column could hold. Errors: ValueError."""
    if "\x00" in text:
        raise ValueError(text)
    return text


def parse_float(text: str) -> float:
    """Read a finite number. Errors: ValueError."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
