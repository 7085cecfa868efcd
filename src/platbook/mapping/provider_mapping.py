"""The mapping of one provider: its `fieldMapping`, with the key field and the time zone of its connector's profile.

Where a source's classes name the same thing differently, `classes` has a mapping for each of them, over the common one:

    {
      "LS":      {"to": "status", "lookup": {"A": "Active"}},
      "classes": {"COM": {"STATUS": {"to": "status", "lookup": {"1": "Active"}}}}
    }

A field that a class maps takes precedence over what the common mapping says of the same field or the same target.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from hashlib import blake2b
from typing import Final, cast
from zoneinfo import ZoneInfo

from platbook.base.errors import FieldProblem, InvalidInput
from platbook.connectors.contract import Resource, SourceProfile
from platbook.mapping.mapping import CONSTANTS, FieldMapping, plan_mapping
from platbook.reso.names import find_field

CLASSES: Final = "classes"
_PREFIX: Final = "fieldMapping."


def plan_provider_mapping(
    field_mapping: Mapping[str, object], profile: SourceProfile, resource: Resource
) -> FieldMapping:
    """Compile a provider's `fieldMapping` for one resource of its source.

    InvalidInput names each entry that cannot work; ProviderMisconfigured where the source does not serve the resource.
    """
    zone = UTC if profile.time_zone == "UTC" else ZoneInfo(profile.time_zone)
    return plan_class_mappings(field_mapping, key_field=profile.resource(resource).key_field, tz=zone)


def plan_class_mappings(
    field_mapping: Mapping[str, object], *, key_field: str | None = None, tz: tzinfo = UTC
) -> FieldMapping:
    """Compile a `fieldMapping` with those of its classes. InvalidInput names each entry that cannot work."""
    by_class = _read_classes(field_mapping)
    if by_class is None:
        return plan_mapping(field_mapping, key_field=key_field, tz=tz)
    common_entries = {name: entry for name, entry in field_mapping.items() if name != CLASSES}
    common = plan_mapping(common_entries, key_field=key_field, tz=tz)
    classes: dict[str, FieldMapping] = {}
    for name, own in by_class.items():
        try:
            classes[name] = plan_mapping(lay_over(common_entries, own), key_field=key_field, tz=tz)
        except InvalidInput as error:
            details = [_rename(problem, name) for problem in error.details]
            raise InvalidInput(f"{details[0].field}: {details[0].message}", details=details) from None
    if not classes:
        return common
    versions = [common.version, *(f"{name}={classes[name].version}" for name in sorted(classes))]
    version = blake2b(";".join(versions).encode(), digest_size=8).hexdigest()
    return replace(common, version=version, classes=classes)


def lay_over(common: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """The entries of a class: its own, and those of the common mapping for other fields and other targets."""
    targets = {target for entry in own.values() for target in _find_targets(entry)}
    merged: dict[str, object] = {}
    for name, entry in common.items():
        if name == CONSTANTS and isinstance(entry, Mapping):
            constants = cast("Mapping[str, object]", entry)
            merged[name] = {target: value for target, value in constants.items() if not targets & _find_targets(target)}
        elif name not in own and (rest := _drop_targets(entry, targets)) != ():
            merged[name] = rest
    return merged | dict(own)


def _read_classes(field_mapping: Mapping[str, object]) -> Mapping[str, Mapping[str, object]] | None:
    """The mappings of classes; None: there are none, and a field of that name is a field."""
    entry = field_mapping.get(CLASSES)
    if not isinstance(entry, Mapping):
        return None
    by_class = cast("Mapping[str, object]", entry)
    if "to" in by_class and not isinstance(by_class["to"], Mapping):
        return None
    for name, own in by_class.items():
        if not isinstance(own, Mapping):
            raise InvalidInput.of(f"{_PREFIX}{CLASSES}.{name}", "must be an object of source fields and their targets")
    return cast("Mapping[str, Mapping[str, object]]", by_class)


def _drop_targets(entry: object, targets: set[str]) -> object:
    """An entry without the targets that are taken; an empty tuple: nothing of it is left."""
    if isinstance(entry, (list, tuple)):
        several = cast("Sequence[object]", entry)
        return [one for one in several if not targets & _find_targets(one)] or ()
    return () if targets & _find_targets(entry) else entry


def _find_targets(entry: object) -> set[str]:
    if isinstance(entry, (list, tuple)):
        return {target for one in cast("Sequence[object]", entry) for target in _find_targets(one)}
    target = cast("Mapping[str, object]", entry).get("to") if isinstance(entry, Mapping) else entry
    field = find_field(target) if isinstance(target, str) else None
    return set() if field is None else {field.name}


def _rename(problem: FieldProblem, class_name: str) -> FieldProblem:
    return FieldProblem(f"{_PREFIX}{CLASSES}.{class_name}.{problem.field.removeprefix(_PREFIX)}", problem.message)
