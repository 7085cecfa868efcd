"""The names and types of fields in metadata and replies: those of the schema, or others under a quirk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from platbook.simulate.rets.fields import RESOURCES, DataType, RetsClass, RetsResource, SimulatedField
from platbook.simulate.rets.quirks import Quirk, Quirks

_PREFIX = {"Property": "LIST", "Agent": "MEMBER", "Office": "OFFICE", "Media": "MEDIA"}


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field with its SystemName, its StandardName, and the index of its value in a row."""

    system_name: str
    standard_name: str
    index: int
    field: SimulatedField


class FieldNames:
    """The field names under some quirks."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self._cache: dict[str, tuple[NamedField, ...]] = {}

    def fields(self, resource: RetsResource, rets_class: RetsClass) -> Sequence[NamedField]:
        """The fields of a class, in the order in which they are sent."""
        fields = self._cache.get(rets_class.name)
        if fields is None:
            fields = tuple(
                NamedField(
                    self.to_system_name(resource, field.name), field.name, index, self._with_type(resource, field)
                )
                for index, field in enumerate(rets_class.fields)
            )
            self._cache[rets_class.name] = fields
        return fields

    def to_system_name(self, resource: RetsResource, name: str) -> str:
        """The SystemName of a field."""
        if Quirk.VENDOR_NAMES in self._quirks:
            return f"{_PREFIX[resource.name]}_{_NUMBERS[resource.name][name]}"
        return name

    def _with_type(self, resource: RetsResource, field: SimulatedField) -> SimulatedField:
        if Quirk.CHARACTER_KEY in self._quirks and field.name == resource.key:
            return replace(field, type=DataType.CHARACTER)
        return field


def _number(resource: RetsResource) -> Mapping[str, int]:
    names = dict.fromkeys(field.name for one in resource.classes for field in one.fields)
    return {name: number for number, name in enumerate(names, 1)}


_NUMBERS = {resource.name: _number(resource) for resource in RESOURCES}
"""The vendor's numbers of the fields of each resource."""
