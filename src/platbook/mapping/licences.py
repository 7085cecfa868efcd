"""The feed types that a record carries: what its source lets it be used for."""

from collections.abc import Iterable, Mapping
from typing import cast

_SOURCES = ("MlgCanUse", "FeedTypes")
"""MLS Grid's name for it, and that of the Data Dictionary 2.1 (Bridge)."""


def find_licences(record: Mapping[str, object]) -> frozenset[str]:
    """The feed types of a source's record (IDX, VOW, BO), in capitals; a list, or a text with commas."""
    found: set[str] = set()
    for name in _SOURCES:
        value = record.get(name)
        if isinstance(value, str):
            found |= _to_names(value.split(","))
        elif isinstance(value, list | tuple):
            found |= _to_names(cast("Iterable[object]", value))
    return frozenset(found)


def _to_names(values: Iterable[object]) -> set[str]:
    return {text for value in values if isinstance(value, str) and (text := value.strip().upper())}
