"""The metadata as data (RETS 1.7.2, section 11): its types, where each stands in the tree, and its entries."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from platbook.simulate.rets.fields import RESOURCES, Class, DataType, Field, Resource, Shape
from platbook.simulate.rets.lookups import LOOKUPS, to_code
from platbook.simulate.rets.names import NamedField, Names

VERSION = "1.00.00001"

Entry = Mapping[str, str]
Parents = tuple[str, ...]
"""The names of what an entry belongs to: (), (resource,), (resource, class) or (resource, lookup)."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type of metadata. `parents` are the attributes that say what it belongs to; `element` is one entry's tag."""

    name: str
    parents: tuple[str, ...]
    element: str
    key: str
    columns: tuple[str, ...]
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """All entries of a type that belong to the same thing."""

    type: Type
    parents: Parents
    entries: Sequence[Entry]


def _dated(name: str) -> tuple[str, str]:
    return f"{name}Version", f"{name}Date"


TYPES: Mapping[str, Type] = {
    one.name: one
    for one in (
        Type(
            "SYSTEM",
            (),
            "SYSTEM",
            "SystemID",
            ("SystemID", "SystemDescription", "TimeZoneOffset"),
            ("RESOURCE", "FOREIGNKEYS"),
        ),
        Type(
            *("RESOURCE", (), "Resource", "ResourceID"),
            (
                *("ResourceID", "StandardName", "VisibleName", "Description", "KeyField", "ClassCount"),
                *(word for name in ("Class", "Object", "SearchHelp", "EditMask", "Lookup") for word in _dated(name)),
            ),
            ("CLASS", "OBJECT", "SEARCH_HELP", "EDITMASK", "LOOKUP"),
        ),
        Type(
            *("FOREIGNKEYS", (), "ForeignKey", "ForeignKeyID"),
            (
                *("ForeignKeyID", "ParentResourceID", "ParentClassID", "ParentSystemName"),
                *("ChildResourceID", "ChildClassID", "ChildSystemName"),
            ),
        ),
        Type(
            *("CLASS", ("Resource",), "Class", "ClassName"),
            (
                *("ClassName", "StandardName", "VisibleName", "Description", *_dated("Table"), *_dated("Update")),
                *("ClassTimeStamp", "DeletedFlagField", "DeletedFlagValue", "HasKeyIndex"),
            ),
            ("TABLE",),
        ),
        Type(
            *("TABLE", ("Resource", "Class"), "Field", "SystemName"),
            (
                *("MetadataEntryID", "SystemName", "StandardName", "LongName", "DBName", "ShortName", "MaximumLength"),
                *("DataType", "Precision", "Searchable", "Interpretation", "Alignment", "UseSeparator", "EditMaskID"),
                *("LookupName", "MaxSelect", "Units", "Index", "Minimum", "Maximum", "Default", "Required"),
                *("SearchHelpID", "Unique", "ModTimeStamp", "InKeyIndex"),
            ),
        ),
        Type(
            *("OBJECT", ("Resource",), "Object", "ObjectType"),
            (
                *("MetadataEntryID", "ObjectType", "MIMEType", "VisibleName", "Description", "ObjectTimeStamp"),
                "ObjectCount",
            ),
        ),
        Type(
            *("SEARCH_HELP", ("Resource",), "SearchHelp", "SearchHelpID"),
            ("MetadataEntryID", "SearchHelpID", "Value"),
        ),
        Type(*("EDITMASK", ("Resource",), "EditMask", "EditMaskID"), ("MetadataEntryID", "EditMaskID", "Value")),
        Type(
            *("LOOKUP", ("Resource",), "Lookup", "LookupName"),
            ("MetadataEntryID", "LookupName", "VisibleName", *_dated("LookupType")),
            ("LOOKUP_TYPE",),
        ),
        Type(
            *("LOOKUP_TYPE", ("Resource", "Lookup"), "LookupType", "Value"),
            ("MetadataEntryID", "LongValue", "ShortValue", "Value"),
        ),
    )
}
"""The types that have entries here, by name."""

EMPTY_TYPES = frozenset(
    {
        *("UPDATE", "UPDATE_TYPE", "UPDATE_HELP", "VALIDATION_LOOKUP", "VALIDATION_LOOKUP_TYPE"),
        *("VALIDATION_EXPRESSION", "VALIDATION_EXTERNAL", "VALIDATION_EXTERNAL_TYPE", "COLUMN_GROUP_SET"),
        *("COLUMN_GROUP", "COLUMN_GROUP_CONTROL", "COLUMN_GROUP_TABLE", "COLUMN_GROUP_NORMALIZATION"),
        *("FILTER", "FILTER_TYPE"),
    }
)
"""Types that are known and have no entries."""

_PHONE_MASK, _KEY_HELP = "Phone", "Key"


class Metadata:
    """All entries, under the names that fields have. `date` is when all of it was last changed."""

    def __init__(self, names: Names, date: str, zone: str) -> None:
        self._names, self._date, self._zone = names, date, zone
        self._list: Mapping[str, Callable[[], Iterator[Part]]] = {
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

    def parts(self, kind: Type, parents: Parents) -> list[Part]:
        """The parts of a type below the parents named; none named means all."""
        return [part for part in self._list[kind.name]() if part.parents[: len(parents)] == parents]

    def _system(self) -> Iterator[Part]:
        facts = {"SystemID": "PLATBOOK", "SystemDescription": "Platbook Sample MLS", "TimeZoneOffset": self._zone}
        yield Part(TYPES["SYSTEM"], (), [facts])

    def _resources(self) -> Iterator[Part]:
        dated = (word for name in ("Class", "Object", "SearchHelp", "EditMask", "Lookup") for word in _dated(name))
        dates = {name: VERSION if name.endswith("Version") else self._date for name in dated}
        yield Part(
            TYPES["RESOURCE"],
            (),
            [
                {
                    "ResourceID": resource.name,
                    "StandardName": resource.standard_name,
                    "VisibleName": resource.name,
                    "Description": resource.description,
                    "KeyField": self._names.system(resource, resource.key),
                    "ClassCount": str(len(resource.classes)),
                    **dates,
                }
                for resource in RESOURCES
            ],
        )

    def _foreign_keys(self) -> Iterator[Part]:
        by_name = {resource.name: resource for resource in RESOURCES}
        links = (
            ("Agent", "Agent", "MemberKey", "ListAgentKey"),
            ("Office", "Office", "OfficeKey", "ListOfficeKey"),
        )
        entries: list[Entry] = []
        for of_class in by_name["Property"].classes:
            for parent, parent_class, key, child in links:
                entries.append(
                    {
                        "ForeignKeyID": f"{of_class.name}{parent}",
                        "ParentResourceID": parent,
                        "ParentClassID": parent_class,
                        "ParentSystemName": self._names.system(by_name[parent], key),
                        "ChildResourceID": "Property",
                        "ChildClassID": of_class.name,
                        "ChildSystemName": self._names.system(by_name["Property"], child),
                    }
                )
        yield Part(TYPES["FOREIGNKEYS"], (), entries)

    def _classes(self) -> Iterator[Part]:
        for resource in RESOURCES:
            stamp = self._names.system(resource, "ModificationTimestamp")
            entries = [
                {
                    "ClassName": one.name,
                    "StandardName": "ResidentialProperty" if one.name == "Residential" else one.name,
                    "VisibleName": one.name,
                    "Description": one.description,
                    "TableVersion": VERSION,
                    "TableDate": self._date,
                    "ClassTimeStamp": stamp,
                    "HasKeyIndex": "1",
                }
                for one in resource.classes
            ]
            yield Part(TYPES["CLASS"], (resource.name,), entries)

    def _tables(self) -> Iterator[Part]:
        for resource in RESOURCES:
            for of_class in resource.classes:
                entries = [
                    self._table_entry(resource, of_class, number, named)
                    for number, named in enumerate(self._names.fields(resource, of_class), 1)
                ]
                yield Part(TYPES["TABLE"], (resource.name, of_class.name), entries)

    def _table_entry(self, resource: Resource, of_class: Class, number: int, named: NamedField) -> Entry:
        field = named.field
        key = field.name == resource.key
        return {
            "MetadataEntryID": f"{of_class.name}{number}",
            "SystemName": named.system,
            "StandardName": named.standard,
            "LongName": field.long_name,
            "DBName": f"{field.name[:6].upper()}{number:03d}",
            "ShortName": field.long_name[:24].strip(),
            "MaximumLength": str(field.length),
            "DataType": field.type,
            "Precision": str(field.precision) if field.type is DataType.DECIMAL else "",
            "Searchable": "1",
            "Interpretation": _interpretation(field),
            "Alignment": "Right" if field.type in {DataType.INT, DataType.DECIMAL} else "Left",
            "UseSeparator": "1" if field.shape is Shape.CURRENCY else "0",
            "EditMaskID": _PHONE_MASK if field.name.endswith("Phone") else "",
            "LookupName": field.lookup,
            "MaxSelect": str(len(LOOKUPS[field.lookup])) if field.shape is Shape.LOOKUP_MULTI else "",
            "Index": "1" if key else "0",
            "Required": "0",
            "SearchHelpID": _KEY_HELP if key else "",
            "Unique": "1" if key else "0",
            "ModTimeStamp": "1" if field.name == "ModificationTimestamp" else "0",
            "InKeyIndex": "1" if key else "0",
        }

    def _objects(self) -> Iterator[Part]:
        prop = RESOURCES[0]
        facts = {
            "MetadataEntryID": "Photo",
            "ObjectType": "Photo",
            "MIMEType": "image/jpeg",
            "VisibleName": "Photo",
            "Description": "Photos of the listing",
            "ObjectTimeStamp": self._names.system(prop, "PhotosChangeTimestamp"),
            "ObjectCount": self._names.system(prop, "PhotosCount"),
        }
        yield Part(TYPES["OBJECT"], (prop.name,), [facts])

    def _search_help(self) -> Iterator[Part]:
        for resource in RESOURCES:
            text = "The key of the record: unique, never used again."
            yield Part(
                TYPES["SEARCH_HELP"],
                (resource.name,),
                [{"MetadataEntryID": _KEY_HELP, "SearchHelpID": _KEY_HELP, "Value": text}],
            )

    def _edit_masks(self) -> Iterator[Part]:
        mask = {"MetadataEntryID": _PHONE_MASK, "EditMaskID": _PHONE_MASK, "Value": "[0-9]{3}-[0-9]{3}-[0-9]{4}"}
        for resource in RESOURCES:
            if any(field.name.endswith("Phone") for one in resource.classes for field in one.fields):
                yield Part(TYPES["EDITMASK"], (resource.name,), [mask])

    def _lookups(self) -> Iterator[Part]:
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
                yield Part(TYPES["LOOKUP"], (resource.name,), entries)

    def _lookup_types(self) -> Iterator[Part]:
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
                yield Part(TYPES["LOOKUP_TYPE"], (resource.name, name), entries)


def _interpretation(field: Field) -> str:
    if field.shape is Shape.PLAIN:
        return "Number" if field.type in {DataType.INT, DataType.DECIMAL} else ""
    return field.shape
