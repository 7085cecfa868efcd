"""Presets: what the columns and values of well-known systems mean, as data (`presets.json`).

A preset is recognized by its columns; `*` in a column stands for any text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib import resources

from pydantic import BaseModel, Field, TypeAdapter

_FILE = "presets.json"


@dataclass(frozen=True, slots=True)
class Preset:
    """The columns and values of one system's file of people."""

    name: str
    recognized_by: Sequence[Sequence[str]]
    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]

    def has(self, columns: Sequence[str]) -> bool:
        """Whether a file with these columns is of this system."""
        return any(all(_find(one, columns) for one in wanted) for wanted in self.recognized_by)

    def field_of(self, column: str) -> str | None:
        """The field of a column, by the first pattern that matches it."""
        return next((name for one, name in self.columns.items() if _matches(column, one)), None)


class _People(BaseModel):
    columns: dict[str, str]
    values: dict[str, dict[str, str]]


class _Document(BaseModel):
    name: str
    recognized_by: list[list[str]] = Field(alias="recognizedBy")
    people: _People


@lru_cache(maxsize=1)
def load_presets() -> tuple[Preset, ...]:
    """Every preset, in the order in which they are tried."""
    data = resources.files(__package__ or "platbook.crm.transfer").joinpath(_FILE).read_bytes()
    documents = TypeAdapter(list[_Document]).validate_json(data)
    return tuple(Preset(one.name, one.recognized_by, one.people.columns, one.people.values) for one in documents)


def find_preset(columns: Sequence[str]) -> Preset | None:
    """The preset of the system that wrote a file with these columns."""
    return next((one for one in load_presets() if one.has(columns)), None)


def _find(pattern: str, columns: Sequence[str]) -> bool:
    return any(_matches(column, pattern) for column in columns)


def _matches(column: str, pattern: str) -> bool:
    return fnmatchcase(column.lower(), pattern.lower().replace("[", "[[]"))
