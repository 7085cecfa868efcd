"""Finds, in a source's metadata, the columns that a sync needs of each class of listings. Pure.

A field is known by its StandardName, else by its own name where that is RESO's, else by a synonym or its label. The
fields of photos are those that the metadata of the photos name (section 11.4.1), where a class has them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from platbook.connectors.contract import SourceClass, SourceField, SourceResource
from platbook.reso.synonyms import find_synonym

_TIMES = frozenset({"datetime", "date"})
_PHOTO_TIME = "photosModifiedField"
_TARGETS: Mapping[str, tuple[str, frozenset[str]]] = {
    "modifiedField": ("ModificationTimestamp", _TIMES),
    "photosCountField": ("PhotosCount", frozenset()),
    _PHOTO_TIME: ("PhotosChangeTimestamp", _TIMES),
}
"""The settings that name a column, with the RESO field it is, and the types it may have; none: any."""
_KEYS = ("ListingKey", "ListingKeyNumeric", "ListingId")


@dataclass(frozen=True, slots=True)
class ListingColumns:
    """The classes that can be synced; the settings that name their columns, and those in which a class differs.

    A class without a time of its photos has null for it, all of them where none has one. `remarks` say which classes
    are left out, and why.
    """

    classes: Sequence[str]
    common: Mapping[str, str | None]
    by_class: Mapping[str, Mapping[str, str | None]]
    remarks: Sequence[str]


def find_columns(resource: SourceResource, of_photos: Mapping[str, str] = MappingProxyType({})) -> ListingColumns:
    """The columns of each class, as settings; `of_photos` are those that the metadata of photos name."""
    found: dict[str, Mapping[str, str]] = {}
    remarks: list[str] = []
    described = any(one.fields for one in resource.classes)
    for one in resource.classes:
        columns = _find_columns(one, resource.key_field, of_photos)
        reason = _find_lack(one, columns) if described else None
        if reason is None:
            found[one.name] = columns
        else:
            remarks.append(f"class {one.name} of {resource.name} is left out: {reason}")
    common: dict[str, str | None] = {}
    for columns in found.values():
        common = {**columns, **common}
    if described and found:
        common.setdefault(_PHOTO_TIME, None)
    by_class = {name: _subtract(columns, common, described=described) for name, columns in found.items()}
    return ListingColumns(list(found), common, {name: own for name, own in by_class.items() if own}, remarks)


def _find_columns(one: SourceClass, key_field: str | None, of_photos: Mapping[str, str]) -> dict[str, str]:
    names = {field.name for field in one.fields}
    key = key_field if key_field in names or not names else None
    for target in _KEYS:
        key = key or _find_field(one.fields, target, frozenset())
    columns = {name: _find_field(one.fields, target, types) for name, (target, types) in _TARGETS.items()}
    columns |= {name: column for name, column in of_photos.items() if column in names}
    return {name: column for name, column in {"keyField": key, **columns}.items() if column}


def _find_field(fields: Sequence[SourceField], target: str, types: frozenset[str]) -> str | None:
    """The field with the best evidence that it is the target, and one of these types."""
    fitting = [one for one in fields if not types or (one.data_type or "datetime").lower() in types]
    ranked = [(rank, one.name) for one in fitting if (rank := _rank(one, target)) is not None]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _rank(field: SourceField, target: str) -> int | None:
    """How good the evidence is that a field is the target, 0 the best; None: there is none."""
    evidence = (
        field.standard_name == target,
        field.name == target,
        _means(field.standard_name, target),
        _means(field.name, target),
        _means(field.label, target),
    )
    return evidence.index(True) if any(evidence) else None


def _means(name: str | None, target: str) -> bool:
    field = find_synonym(name) if name else None
    return field is not None and field.name == target


def _find_lack(one: SourceClass, columns: Mapping[str, str]) -> str | None:
    """Why a class cannot be synced; None: it can."""
    if not one.fields:
        return "the source does not describe its fields"
    if "keyField" not in columns:
        return "none of its fields is known to be the key (settings.classFields can name it)"
    if "modifiedField" not in columns:
        return "none of its fields is known to be the modification time (settings.classFields can name it)"
    return None


def _subtract(
    columns: Mapping[str, str], common: Mapping[str, str | None], *, described: bool
) -> Mapping[str, str | None]:
    """The settings in which a class differs."""
    own: dict[str, str | None] = {name: column for name, column in columns.items() if common[name] != column}
    if described and _PHOTO_TIME not in columns and common[_PHOTO_TIME] is not None:
        own[_PHOTO_TIME] = None
    return own
