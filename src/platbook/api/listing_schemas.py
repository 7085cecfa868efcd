"""JSON schemas of a listing, for the OpenAPI document, from the table of its fields: one home for names and types."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, cast

from platbook.base.actor import Surface
from platbook.listings.documents import FIELD_NAMES
from platbook.listings.sparse import ALWAYS
from platbook.local.listings import WRITABLE_FIELDS
from platbook.reso.fields import COLUMNS, Field, Kind
from platbook.reso.lookups import LOCKED, PropertyType, StandardStatus

Schema = dict[str, object]

_FORMATS: Mapping[Kind, Schema] = MappingProxyType(
    {
        Kind.TEXT: {"type": "string"},
        Kind.LOOKUP: {"type": "string"},
        Kind.LOOKUP_LIST: {"type": "array", "items": {"type": "string"}},
        Kind.INTEGER: {"type": "integer"},
        Kind.DECIMAL: {"type": "number"},
        Kind.DEGREES: {"type": "number"},
        Kind.BOOLEAN: {"type": "boolean"},
        Kind.DATE: {"type": "string", "format": "date"},
        Kind.TIMESTAMP: {"type": "string", "format": "date-time"},
    }
)
_VALUES: Mapping[str, type[StrEnum]] = MappingProxyType(
    {"StandardStatus": StandardStatus, "PropertyType": PropertyType}
)
"""Fields whose values are RESO's; of the types, sources bring values of their own, so those are examples only."""
_POSITIONS: Schema = {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}
_FURTHER_FIELDS = "FurtherFields"
LISTING_FIELD = "ListingField"
"""The schema of the names of a listing's fields."""
_EXAMPLES: Mapping[str, object] = MappingProxyType({"ListPrice": 489000, "City": "Austin", "StateOrProvince": "TX"})


def add_columns(schema: dict[str, Any]) -> None:
    """Complete a model's schema (pydantic's `json_schema_extra`) by every field of a listing that has a name here."""
    described = {field.api: _to_schema(field) for field in COLUMNS if field.api}
    schema["properties"] = {**_nest(described), **schema.get("properties", {})}


def add_sparse_columns(schema: dict[str, Any]) -> None:
    """As `add_columns`, where only the field is certain that every sparse listing has."""
    add_columns(schema)
    schema["required"] = [ALWAYS]


def to_write_schema(extra: Mapping[str, Schema]) -> Schema:
    """The schema of a local listing's JSON: its writable fields, and `extra`. It refers to `shared_schemas`."""
    named = {path: _to_schema(field) for path, field in WRITABLE_FIELDS.items() if field.api}
    further: Schema = {"$ref": f"#/components/schemas/{_FURTHER_FIELDS}"}
    properties = {**extra, **_nest(named), "fields": further}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def shared_schemas() -> Schema:
    """Schemas that others refer to, by name: the names of fields, and the further fields that can be written."""
    further = {path: _to_schema(field) for path, field in WRITABLE_FIELDS.items() if not field.api}
    names = sorted(FIELD_NAMES[Surface.INTERNAL])
    return {
        _FURTHER_FIELDS: {**_to_object(further), "description": "further fields, by their RESO names"},
        LISTING_FIELD: {"type": "string", "enum": names, "description": "a field of a listing, or of a group in it"},
    }


def to_search_schema(parameters: Iterable[Mapping[str, object]]) -> Schema:
    """The schema of a search's JSON body: the query parameters of the same search, a polygon also as GeoJSON."""
    return {
        "type": "object",
        "properties": {str(one["name"]): _to_body_value(one) for one in parameters},
        "additionalProperties": False,
    }


def _to_body_value(parameter: Mapping[str, object]) -> Schema:
    schema = dict(cast("Schema", parameter["schema"]))
    if schema.get("type") == "array":
        schema = {"anyOf": [schema, {"type": "string"}]}
    if parameter["name"] == "polygon":
        schema = {"anyOf": [{"type": "string"}, {"type": "object"}, _POSITIONS]}
    described = {name: parameter[name] for name in ("description", "example") if name in parameter}
    if "example" in described:
        described["examples"] = [described.pop("example")]
    return {**schema, **described}


def _to_schema(field: Field) -> Schema:
    value: Schema = dict(_FORMATS[field.kind])
    schema: Schema = {"anyOf": [value, {"type": "null"}]}
    values = _VALUES.get(field.name)
    if values is not None and field.name in LOCKED:
        value["enum"] = list(values)
    elif values is not None:
        schema["examples"] = list(values)
    elif field.name in _EXAMPLES:
        schema["examples"] = [_EXAMPLES[field.name]]
    if field.confidential:
        schema["description"] = "for staff"
    return schema


def _nest(described: Mapping[str, Schema]) -> Schema:
    """Fields by path as properties; those of one group in an object."""
    properties: Schema = {}
    groups: dict[str, dict[str, Schema]] = {}
    for path, schema in described.items():
        group, _, name = path.rpartition(".")
        if group:
            groups.setdefault(group, {})[name] = schema
        else:
            properties[name] = schema
    return properties | {group: _to_object(members) for group, members in groups.items()}


def _to_object(members: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(members)}
