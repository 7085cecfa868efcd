"""The schema of a body that a route parses by itself, for the OpenAPI document."""

from collections.abc import Mapping
from typing import cast

from pydantic import BaseModel

_DEFINITION = "#/$defs/"


def to_request_body(model: type[BaseModel], *, required: bool = True) -> dict[str, object]:
    """An operation's `requestBody`, its definitions inlined: the framework fills the document's components."""
    schema = model.model_json_schema()
    definitions = cast("Mapping[str, object]", schema.pop("$defs", {}))
    return {"required": required, "content": {"application/json": {"schema": _inline(schema, definitions)}}}


def to_json_body(schema: Mapping[str, object], example: object) -> dict[str, object]:
    """What a route adds to its operation whose JSON body has this schema."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {**schema, "examples": [example]}}},
        }
    }


def _inline(schema: object, definitions: Mapping[str, object]) -> object:
    if isinstance(schema, list):
        return [_inline(item, definitions) for item in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    properties = cast("dict[str, object]", schema)
    reference = properties.get("$ref")
    if isinstance(reference, str):
        return _inline(definitions[reference.removeprefix(_DEFINITION)], definitions)
    return {name: _inline(value, definitions) for name, value in properties.items()}
