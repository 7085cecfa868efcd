"""Reads a RETS server's metadata as the contract's Discovery, and proposes the settings that follow from it."""

import re
from collections.abc import Mapping, Sequence

from platbook.connectors.contract import (
    Discovery,
    SourceClass,
    SourceField,
    SourceLookup,
    SourceResource,
    SourceValue,
)
from platbook.connectors.rets.listing_columns import ListingColumns, find_columns
from platbook.connectors.rets.metadata import MetadataReader, Rows
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.metadata import MetadataTable

_OFFSET = re.compile(r"([+-])(\d{2}):?00")
NUMBERS = frozenset({"Tiny", "Small", "Int", "Long"})
"""RETS's types of whole numbers (section 11.3.2)."""
_PHOTO_TYPES = ("HiRes", "LargePhoto", "Photo")
"""Types of photos, the largest pictures first, of the names vendors share."""


class MetadataTree:
    """A source's metadata by type and parent; each table is requested once."""

    def __init__(self, reader: MetadataReader, tables: Sequence[MetadataTable] = ()) -> None:
        self._reader = reader
        self._tables: dict[tuple[str, ...], Rows] = {}
        for table in tables:
            self._cache(table)

    async def rows(self, kind: str, *parents: str) -> Rows:
        """The rows of a type below its parents, cached or requested."""
        path = (kind, *parents)
        if path not in self._tables:
            self._tables[path] = await self._reader.rows(kind, *parents)
        return self._tables[path]

    async def lookups(self, resource: str) -> list[SourceLookup]:
        """Every lookup of a resource with its values, in one reply where the source gives that."""
        names = [_name(row, "LookupName") for row in _named(await self.rows("LOOKUP", resource), "LookupName")]
        if any(("LOOKUP_TYPE", resource, name) not in self._tables for name in names):
            for table in await self._reader.read("LOOKUP_TYPE", f"{resource}:*"):
                self._cache(table)
        return [SourceLookup(name, _to_values(await self.rows("LOOKUP_TYPE", resource, name))) for name in names]

    def _cache(self, table: MetadataTable) -> None:
        parents = [table.parents.get(name, "") for name in ("resource", "class", "lookup", "update")]
        path = (table.kind, *(parent for parent in parents if parent))
        self._tables.setdefault(path, [])
        self._tables[path] += table.rows


async def read_discovery(reader: MetadataReader, settings: RetsSettings, mark: str | None) -> Discovery:
    """Read resources, classes, fields and lookups, and propose settings."""
    tree = MetadataTree(reader, await reader.read_all() if settings.metadata_at_once else ())
    rows = _named(await tree.rows("RESOURCE"), "ResourceID")
    resources = [await _read_resource(tree, row) for row in rows]
    listings = _find_listings(resources, settings)
    if listings is None:
        return Discovery(resources, mark)
    photo_type, of_photos = _find_photos(await tree.rows("OBJECT", listings.name))
    columns = find_columns(listings, of_photos)
    proposed = await _propose_settings(tree, listings, columns, photo_type)
    return Discovery(resources, mark, proposed, listings.name, columns.classes, columns.remarks)


async def read_columns(reader: MetadataReader, resource: str, class_name: str) -> Sequence[str]:
    """The names of a class's columns."""
    return [name for row in await reader.rows("TABLE", resource, class_name) if (name := _name(row, "SystemName"))]


async def read_type(reader: MetadataReader, settings: RetsSettings, class_name: str) -> str | None:
    """The type of the key in a class, by its RETS name; None: the metadata does not say."""
    for row in await reader.rows("TABLE", settings.resource, class_name):
        if _name(row, "SystemName") == settings.queried_key:
            return _text(row, "DataType")
    return None


async def _read_resource(tree: MetadataTree, row: Mapping[str, str]) -> SourceResource:
    name = _name(row, "ResourceID")
    return SourceResource(
        name=name,
        label=_text(row, "VisibleName"),
        standard_name=_text(row, "StandardName"),
        key_field=_text(row, "KeyField"),
        classes=[await _read_class(tree, name, one) for one in _named(await tree.rows("CLASS", name), "ClassName")],
        lookups=await tree.lookups(name),
        objects=[_name(one, "ObjectType") for one in _named(await tree.rows("OBJECT", name), "ObjectType")],
    )


async def _read_class(tree: MetadataTree, resource: str, row: Mapping[str, str]) -> SourceClass:
    name = _name(row, "ClassName")
    return SourceClass(
        name=name,
        label=_text(row, "VisibleName"),
        standard_name=_text(row, "StandardName"),
        description=_text(row, "Description"),
        fields=[_to_field(one) for one in _named(await tree.rows("TABLE", resource, name), "SystemName")],
    )


def _to_field(row: Mapping[str, str]) -> SourceField:
    interpretation = (_text(row, "Interpretation") or "").lower()
    return SourceField(
        name=_name(row, "SystemName"),
        label=_text(row, "LongName"),
        standard_name=_text(row, "StandardName"),
        data_type=_text(row, "DataType"),
        max_length=_number(row, "MaximumLength"),
        precision=_number(row, "Precision"),
        lookup=_text(row, "LookupName"),
        is_multiple=interpretation in {"lookupmulti", "lookupbitstring", "lookupbitmask"},
        is_searchable=_name(row, "Searchable").lower() in {"1", "true", "y"},
    )


def _to_values(rows: Rows) -> list[SourceValue]:
    return [SourceValue(_name(row, "Value"), _name(row, "LongValue"), _text(row, "ShortValue")) for row in rows]


async def _propose_settings(
    tree: MetadataTree, resource: SourceResource, columns: ListingColumns, photo_type: str | None
) -> dict[str, object]:
    """The settings that the metadata of the listings' resource calls for."""
    proposed: dict[str, object] = {
        "resource": resource.name,
        "classes": columns.classes,
        **columns.common,
        "classFields": columns.by_class,
        "photoType": photo_type,
    }
    proposed |= _find_delete_flag(await tree.rows("CLASS", resource.name))
    system = await tree.rows("SYSTEM")
    proposed["timeZone"] = _to_zone(_text(system[0], "TimeZoneOffset")) if system else None
    return {name: value for name, value in proposed.items() if value}


def _find_listings(resources: Sequence[SourceResource], settings: RetsSettings) -> SourceResource | None:
    """The resource of the listings: the one that is set, or that carries the standard's name."""
    for name in (settings.resource, "Property"):
        for one in resources:
            if name in {one.name, one.standard_name}:
                return one
    return resources[0] if len(resources) == 1 else None


def _find_photos(rows: Rows) -> tuple[str | None, Mapping[str, str]]:
    """The type of the largest pictures, and the settings for the columns that it names (section 11.4.1)."""
    by_type = {_name(row, "ObjectType"): row for row in rows}
    chosen = next((name for name in _PHOTO_TYPES if name in by_type), None)
    if chosen is None:
        return None, {}
    row = by_type[chosen]
    return chosen, {
        "photosCountField": _name(row, "ObjectCount"),
        "photosModifiedField": _name(row, "ObjectTimeStamp"),
    }


def _find_delete_flag(rows: Rows) -> dict[str, object]:
    for row in rows:
        name = _text(row, "DeletedFlagField")
        if name:
            return {"deletedField": name, "deletedValue": _text(row, "DeletedFlagValue") or "1"}
    return {}


def _to_zone(offset: str | None) -> str | None:
    """A zone of a fixed offset in whole hours, as the tz database names it: its signs are the other way round."""
    match = _OFFSET.fullmatch(offset or "")
    if match is None:
        return None
    hours = int(match[2])
    return "UTC" if not hours else f"Etc/GMT{'-' if match[1] == '+' else '+'}{hours}"


def _named(rows: Rows, name: str) -> Rows:
    """The rows that have a name: some sources send blank ones."""
    return [row for row in rows if _name(row, name)]


def _name(row: Mapping[str, str], name: str) -> str:
    return row.get(name, "").strip()


def _text(row: Mapping[str, str], name: str) -> str | None:
    return _name(row, name) or None


def _number(row: Mapping[str, str], name: str) -> int | None:
    text = _name(row, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004 - advisory lengths
