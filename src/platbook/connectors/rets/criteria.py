"""Typed search criteria, which narrow every search of a provider: a field and a condition on it."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from platbook.protocols.rets import query

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")


def _to_value(value: object) -> object:
    """Settings are JSON: dates and timestamps are texts, recognized by their form."""
    if isinstance(value, str):
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
        if _TIMESTAMP.fullmatch(value):
            return datetime.fromisoformat(value)
    return Decimal(str(value)) if isinstance(value, float) else value


_Value = Annotated[bool | int | Decimal | datetime | date | str, BeforeValidator(_to_value)]
_Values = Annotated[tuple[_Value, ...], Field(min_length=1, max_length=500)]
_Texts = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1, max_length=500)]


class SearchCriterion(BaseModel):
    """One condition: on a `field`, or `either` of several criteria; `negated` inverts it.

    `hasAny`, `hasAll` and `hasNone` ask a lookup for its coded values, `anyOf` any other field. `atLeast` and `atMost`
    may stand together.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    field: Annotated[str, Field(pattern=r"^[A-Za-z_@][A-Za-z0-9_.@:-]{0,63}$")] = ""
    equals: _Value | None = None
    any_of: _Values | None = None
    has_any: _Texts | None = None
    has_all: _Texts | None = None
    has_none: _Texts | None = None
    is_set: Literal[True] | None = None
    is_empty: Literal[True] | None = None
    contains: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,100}$")] | None = None
    at_least: _Value | None = None
    at_most: _Value | None = None
    either: Annotated[tuple["SearchCriterion", ...], Field(min_length=2, max_length=50)] | None = None
    negated: bool = False

    @model_validator(mode="after")
    def _must_have_one_condition(self) -> Self:
        conditions = self.model_fields_set - {"field", "negated"}
        if len(conditions - {"at_most"} if "at_least" in conditions else conditions) != 1:
            raise ValueError("set exactly one condition in each criterion, such as equals, hasAny or atLeast")
        if any(getattr(self, name) is None for name in conditions):
            raise ValueError("a condition must have a value")
        if ("either" in conditions) == bool(self.field):
            raise ValueError("set field to the name of a field, or either to a list of criteria")
        return self

    def to_dmql(self) -> str:
        """The criterion in DMQL2."""
        dmql = self._to_dmql()
        # A range that goes below zero is two criteria.
        is_pair = self.at_least is not None and self.at_most is not None
        return query.negate(f"({dmql})" if is_pair else dmql) if self.negated else dmql

    def _to_dmql(self) -> str:
        field = self.field
        if self.either is not None:
            return query.either(one.to_dmql() for one in self.either)
        if self.at_least is not None and self.at_most is not None:
            return query.between(field, self.at_least, self.at_most)
        if self.is_set:
            return query.is_set(field)
        if self.is_empty:
            return query.is_empty(field)
        (name,) = self.model_fields_set & _WRITERS.keys()
        return _WRITERS[name](field, getattr(self, name))


_WRITERS: Mapping[str, Callable[[str, Any], str]] = {
    "equals": query.equals,
    "any_of": query.any_of,
    "has_any": query.has_any,
    "has_all": query.has_all,
    "has_none": query.has_none,
    "contains": query.contains,
    "at_least": query.at_least,
    "at_most": query.at_most,
}
