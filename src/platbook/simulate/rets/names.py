"""What fields are called, and what type they are said to have: the table's own words, or others under a quirk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from platbook.simulate.rets.fields import RESOURCES, Class, DataType, Field, Resource
from platbook.simulate.rets.quirks import Quirk, Quirks

_PREFIX = {"Property": "LIST", "Agent": "MEMBER", "Office": "OFFICE", "Media": "MEDIA"}


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field by its SystemName and StandardName, and where its value stands in a row."""

    system: str
    standard: str
    place: int
    field: Field


class Names:
    """The names under some quirks."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self._known: dict[str, tuple[NamedField, ...]] = {}

    def fields(self, resource: Resource, of_class: Class) -> Sequence[NamedField]:
        """The fields of a class, in the order in which they are sent."""
        known = self._known.get(of_class.name)
        if known is None:
            known = tuple(
                NamedField(self.system(resource, field.name), field.name, place, self._typed(resource, field))
                for place, field in enumerate(of_class.fields)
            )
            self._known[of_class.name] = known
        return known

    def system(self, resource: Resource, name: str) -> str:
        """The SystemName of a field."""
        if Quirk.VENDOR_NAMES in self._quirks:
            return f"{_PREFIX[resource.name]}_{_NUMBERS[resource.name][name]}"
        return name

    def _typed(self, resource: Resource, field: Field) -> Field:
        if Quirk.CHARACTER_KEY in self._quirks and field.name == resource.key:
            return replace(field, type=DataType.CHARACTER)
        return field


def _number(resource: Resource) -> Mapping[str, int]:
    names = dict.fromkeys(field.name for one in resource.classes for field in one.fields)
    return {name: number for number, name in enumerate(names, 1)}


_NUMBERS = {resource.name: _number(resource) for resource in RESOURCES}
"""A vendor numbers the fields of a resource."""
