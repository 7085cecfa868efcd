"""The schema of a body that a route reads by itself, for the OpenAPI document."""

from collections.abc import Mapping
from typing import cast

from pydantic import BaseModel

_DEFINITION = "#/$defs/"


def to_request_body(model: type[BaseModel], *, required: bool = True) -> dict[str, object]:
    """An operation's `requestBody`, its parts written where they stand: the document's own are the framework's."""
    schema = model.model_json_schema()
    parts = cast("Mapping[str, object]", schema.pop("$defs", {}))
    return {"required": required, "content": {"application/json": {"schema": _inline(schema, parts)}}}


def _inline(schema: object, parts: Mapping[str, object]) -> object:
    if isinstance(schema, list):
        return [_inline(one, parts) for one in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    known = cast("dict[str, object]", schema)
    name = known.get("$ref")
    if isinstance(name, str):
        return _inline(parts[name.removeprefix(_DEFINITION)], parts)
    return {word: _inline(one, parts) for word, one in known.items()}
