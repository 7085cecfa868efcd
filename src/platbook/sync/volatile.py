"""Which fields of a source's records the content hash leaves out, since they move by themselves."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from platbook.db import ReadConnection, load_queries
from platbook.reso.volatile import VOLATILE_FIELDS, is_volatile

Q = load_queries(__package__ or "platbook.sync")

_NONE: Final = frozenset[str]()


@dataclass(frozen=True, slots=True)
class _NamedField:
    """A field of a source's metadata, and its standard names in the classes that have it."""

    name: str
    standard_names: Sequence[str]


class VolatileFields:
    """A provider's volatile fields, by the names that its records have.

    `named` are source fields or RESO fields that the profile (with the provider's settings) or the source's metadata
    name; `targets` are the RESO fields of the source fields that the mapping names, in any class: where one of them
    does not move by itself, neither does the source field. Other fields are recognised by their names.
    """

    def __init__(self, named: Iterable[str] = (), targets: Mapping[str, Sequence[str]] | None = None) -> None:
        self._named = frozenset(named)
        self._targets = targets or {}
        self._known: set[str] = set()
        self._volatile: frozenset[str] = _NONE

    def of(self, fields: AbstractSet[str]) -> frozenset[str]:
        """The volatile ones among, or beside, a record's fields."""
        if not self._known.issuperset(fields):
            fresh = fields - self._known
            self._known |= fresh
            self._volatile |= {name for name in fresh if self._is_volatile(name)}
        return self._volatile

    def _is_volatile(self, name: str) -> bool:
        targets = self._targets.get(name)
        if name in self._named:
            return True
        return is_volatile(name) if targets is None else (VOLATILE_FIELDS | self._named).issuperset(targets)


async def find_volatile_fields(connection: ReadConnection, provider_id: str) -> frozenset[str]:
    """The source fields that the stored metadata of a provider give a volatile standard name, in every class."""
    rows = await connection.all(_NamedField, Q.find_standard_names, {"provider_id": provider_id})
    return frozenset(row.name for row in rows if all(map(is_volatile, row.standard_names)))
