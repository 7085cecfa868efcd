"""The metadata as data (RETS 1.7.2, section 11): its types, their hierarchy, and their entries."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from platbook.simulate.rets.fields import RESOURCES, DataType, Interpretation, RetsClass, RetsResource, SimulatedField
from platbook.simulate.rets.lookups import LOOKUPS, to_code
from platbook.simulate.rets.names import FieldNames, NamedField

VERSION = "1.00.00001"

Entry = Mapping[str, str]
Parents = tuple[str, ...]
"""The names of an entry's parents: (), (resource,), (resource, class) or (resource, lookup)."""


@dataclass(frozen=True, slots=True)
class MetadataType:
    """A type of metadata. `parents` are the attributes that name its parents; `element` is the tag of one entry."""

    name: str
    parents: tuple[str, ...]
    element: str
    key: str
    columns: tuple[str, ...]
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetadataSection:
    """All entries of a type with the same parents."""

    type: MetadataType
    parents: Parents
    entries: Sequence[Entry]


def _version_and_date(name: str) -> tuple[str, str]:
    return f"{name}Version", f"{name}Date"


TYPES: Mapping[str, MetadataType] = {
    item.name: item
    for item in (
        MetadataType(
            "SYSTEM",
            (),
            "SYSTEM",
            "SystemID",
            ("SystemID", "SystemDescription", "TimeZoneOffset"),
            ("RESOURCE", "FOREIGNKEYS"),
        ),
        MetadataType(
            *("RESOURCE", (), "Resource", "ResourceID"),
            (
                *("ResourceID", "StandardName", "VisibleName", "Description", "KeyField", "ClassCount"),
                *(
                    column
                    for name in ("Class", "Object", "SearchHelp", "EditMask", "Lookup")
                    for column in _version_and_date(name)
                ),
            ),
            ("CLASS", "OBJECT", "SEARCH_HELP", "EDITMASK", "LOOKUP"),
        ),
        MetadataType(
            *("FOREIGNKEYS", (), "ForeignKey", "ForeignKeyID"),
            (
                *("ForeignKeyID", "ParentResourceID", "ParentClassID", "ParentSystemName"),
                *("ChildResourceID", "ChildClassID", "ChildSystemName"),
            ),
        ),
        MetadataType(
            *("CLASS", ("Resource",), "Class", "ClassName"),
            (
                *(
                    "ClassName",
                    "StandardName",
                    "VisibleName",
                    "Description",
                    *_version_and_date("Table"),
                    *_version_and_date("Update"),
                ),
                *("ClassTimeStamp", "DeletedFlagField", "DeletedFlagValue", "HasKeyIndex"),
            ),
            ("TABLE",),
        ),
        MetadataType(
            *("TABLE", ("Resource", "Class"), "Field", "SystemName"),
            (
                *("MetadataEntryID", "SystemName", "StandardName", "LongName", "DBName", "ShortName", "MaximumLength"),
                *("DataType", "Precision", "Searchable", "Interpretation", "Alignment", "UseSeparator", "EditMaskID"),
                *("LookupName", "MaxSelect", "Units", "Index", "Minimum", "Maximum", "Default", "Required"),
                *("SearchHelpID", "Unique", "ModTimeStamp", "InKeyIndex"),
            ),
        ),
        MetadataType(
            *("OBJECT", ("Resource",), "Object", "ObjectType"),
            (
                *("MetadataEntryID", "ObjectType", "MIMEType", "VisibleName", "Description", "ObjectTimeStamp"),
                "ObjectCount",
            ),
        ),
        MetadataType(
            *("SEARCH_HELP", ("Resource",), "SearchHelp", "SearchHelpID"),
            ("MetadataEntryID", "SearchHelpID", "Value"),
        ),
        MetadataType(
            *("EDITMASK", ("Resource",), "EditMask", "EditMaskID"), ("MetadataEntryID", "EditMaskID", "Value")
        ),
        MetadataType(
            *("LOOKUP", ("Resource",), "Lookup", "LookupName"),
            ("MetadataEntryID", "LookupName", "VisibleName", *_version_and_date("LookupType")),
            ("LOOKUP_TYPE",),
        ),
        MetadataType(
            *("LOOKUP_TYPE", ("Resource", "Lookup"), "LookupType", "Value"),
            ("MetadataEntryID", "LongValue", "ShortValue", "Value"),
        ),
    )
}
"""The types that have entries, by name."""

EMPTY_TYPES = frozenset(
    {
        *("UPDATE", "UPDATE_TYPE", "UPDATE_HELP", "VALIDATION_LOOKUP", "VALIDATION_LOOKUP_TYPE"),
        *("VALIDATION_EXPRESSION", "VALIDATION_EXTERNAL", "VALIDATION_EXTERNAL_TYPE", "COLUMN_GROUP_SET"),
        *("COLUMN_GROUP", "COLUMN_GROUP_CONTROL", "COLUMN_GROUP_TABLE", "COLUMN_GROUP_NORMALIZATION"),
        *("FILTER", "FILTER_TYPE"),
    }
)
"""Supported types without entries."""

_PHONE_MASK, _KEY_HELP = "Phone", "Key"


class Metadata:
    """All entries, under the field names in use. `date` is when the metadata last changed."""

    def __init__(self, names: FieldNames, date: str, zone: str) -> None:
        self._names, self._date, self._zone = names, date, zone
        self._sections_of: Mapping[str, Callable[[], Iterator[MetadataSection]]] = {
            "SYSTEM": self._system,
            "RESOURCE": self._resources,
            "FOREIGNKEYS": self._foreign_keys,
            "CLASS": self._classes,
            "TABLE": self._tables,
            "OBJECT": self._objects,
            "SEARCH_HELP": self._search_help,
            "EDITMASK": self._edit_masks,
            "LOOKUP": self._lookups,
            "LOOKUP_TYPE": self._lookup_types,
        }

    def sections(self, kind: MetadataType, parents: Parents) -> list[MetadataSection]:
        """The sections of a type below `parents`; an empty tuple means all."""
        return [section for section in self._sections_of[kind.name]() if section.parents[: len(parents)] == parents]

    def _system(self) -> Iterator[MetadataSection]:
        entry = {"SystemID": "PLATBOOK", "SystemDescription": "Platbook Sample MLS", "TimeZoneOffset": self._zone}
        yield MetadataSection(TYPES["SYSTEM"], (), [entry])

    def _resources(self) -> Iterator[MetadataSection]:
        dated = (
            column
            for name in ("Class", "Object", "SearchHelp", "EditMask", "Lookup")
            for column in _version_and_date(name)
        )
        dates = {name: VERSION if name.endswith("Version") else self._date for name in dated}
        yield MetadataSection(
            TYPES["RESOURCE"],
            (),
            [
                {
                    "ResourceID": resource.name,
                    "StandardName": resource.standard_name,
                    "VisibleName": resource.name,
                    "Description": resource.description,
                    "KeyField": self._names.to_system_name(resource, resource.key),
                    "ClassCount": str(len(resource.classes)),
                    **dates,
                }
                for resource in RESOURCES
            ],
        )

    def _foreign_keys(self) -> Iterator[MetadataSection]:
        by_name = {resource.name: resource for resource in RESOURCES}
        links = (
            ("Agent", "Agent", "MemberKey", "ListAgentKey"),
            ("Office", "Office", "OfficeKey", "ListOfficeKey"),
        )
        entries: list[Entry] = []
        for rets_class in by_name["Property"].classes:
            for parent, parent_class, key, child in links:
                entries.append(
                    {
                        "ForeignKeyID": f"{rets_class.name}{parent}",
                        "ParentResourceID": parent,
                        "ParentClassID": parent_class,
                        "ParentSystemName": self._names.to_system_name(by_name[parent], key),
                        "ChildResourceID": "Property",
                        "ChildClassID": rets_class.name,
                        "ChildSystemName": self._names.to_system_name(by_name["Property"], child),
                    }
                )
        yield MetadataSection(TYPES["FOREIGNKEYS"], (), entries)

    def _classes(self) -> Iterator[MetadataSection]:
        for resource in RESOURCES:
            timestamp_field = self._names.to_system_name(resource, "ModificationTimestamp")
            entries = [
                {
                    "ClassName": item.name,
                    "StandardName": "ResidentialProperty" if item.name == "Residential" else item.name,
                    "VisibleName": item.name,
                    "Description": item.description,
                    "TableVersion": VERSION,
                    "TableDate": self._date,
                    "ClassTimeStamp": timestamp_field,
                    "HasKeyIndex": "1",
                }
                for item in resource.classes
            ]
            yield MetadataSection(TYPES["CLASS"], (resource.name,), entries)

    def _tables(self) -> Iterator[MetadataSection]:
        for resource in RESOURCES:
            for rets_class in resource.classes:
                entries = [
                    self._table_entry(resource, rets_class, number, named_field)
                    for number, named_field in enumerate(self._names.fields(resource, rets_class), 1)
                ]
                yield MetadataSection(TYPES["TABLE"], (resource.name, rets_class.name), entries)

    def _table_entry(
        self, resource: RetsResource, rets_class: RetsClass, number: int, named_field: NamedField
    ) -> Entry:
        field = named_field.field
        key = field.name == resource.key
        return {
            "MetadataEntryID": f"{rets_class.name}{number}",
            "SystemName": named_field.system_name,
            "StandardName": named_field.standard_name,
            "LongName": field.long_name,
            "DBName": f"{field.name[:6].upper()}{number:03d}",
            "ShortName": field.long_name[:24].strip(),
            "MaximumLength": str(field.length),
            "DataType": field.type,
            "Precision": str(field.precision) if field.type is DataType.DECIMAL else "",
            "Searchable": "1",
            "Interpretation": _interpretation(field),
            "Alignment": "Right" if field.type in {DataType.INT, DataType.DECIMAL} else "Left",
            "UseSeparator": "1" if field.interpretation is Interpretation.CURRENCY else "0",
            "EditMaskID": _PHONE_MASK if field.name.endswith("Phone") else "",
            "LookupName": field.lookup,
            "MaxSelect": str(len(LOOKUPS[field.lookup])) if field.interpretation is Interpretation.LOOKUP_MULTI else "",
            "Index": "1" if key else "0",
            "Required": "0",
            "SearchHelpID": _KEY_HELP if key else "",
            "Unique": "1" if key else "0",
            "ModTimeStamp": "1" if field.name == "ModificationTimestamp" else "0",
            "InKeyIndex": "1" if key else "0",
        }

    def _objects(self) -> Iterator[MetadataSection]:
        prop = RESOURCES[0]
        entry = {
            "MetadataEntryID": "Photo",
            "ObjectType": "Photo",
            "MIMEType": "image/jpeg",
            "VisibleName": "Photo",
            "Description": "Photos of the listing",
            "ObjectTimeStamp": self._names.to_system_name(prop, "PhotosChangeTimestamp"),
            "ObjectCount": self._names.to_system_name(prop, "PhotosCount"),
        }
        yield MetadataSection(TYPES["OBJECT"], (prop.name,), [entry])

    def _search_help(self) -> Iterator[MetadataSection]:
        for resource in RESOURCES:
            text = "The key of the record: unique, never used again."
            yield MetadataSection(
                TYPES["SEARCH_HELP"],
                (resource.name,),
                [{"MetadataEntryID": _KEY_HELP, "SearchHelpID": _KEY_HELP, "Value": text}],
            )

    def _edit_masks(self) -> Iterator[MetadataSection]:
        mask = {"MetadataEntryID": _PHONE_MASK, "EditMaskID": _PHONE_MASK, "Value": "[0-9]{3}-[0-9]{3}-[0-9]{4}"}
        for resource in RESOURCES:
            if any(field.name.endswith("Phone") for item in resource.classes for field in item.fields):
                yield MetadataSection(TYPES["EDITMASK"], (resource.name,), [mask])

    def _lookups(self) -> Iterator[MetadataSection]:
        for resource in RESOURCES:
            entries = [
                {
                    "MetadataEntryID": name,
                    "LookupName": name,
                    "VisibleName": name,
                    "LookupTypeVersion": VERSION,
                    "LookupTypeDate": self._date,
                }
                for name in resource.lookups
            ]
            if entries:
                yield MetadataSection(TYPES["LOOKUP"], (resource.name,), entries)

    def _lookup_types(self) -> Iterator[MetadataSection]:
        for resource in RESOURCES:
            for name in resource.lookups:
                entries = [
                    {
                        "MetadataEntryID": f"{name}{number}",
                        "LongValue": value,
                        "ShortValue": value[:24].strip(),
                        "Value": to_code(value),
                    }
                    for number, value in enumerate(LOOKUPS[name], 1)
                ]
                yield MetadataSection(TYPES["LOOKUP_TYPE"], (resource.name, name), entries)


def _interpretation(field: SimulatedField) -> str:
    if field.interpretation is Interpretation.PLAIN:
        return "Number" if field.type in {DataType.INT, DataType.DECIMAL} else ""
    return field.interpretation
