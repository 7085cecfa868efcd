"""Changes of a configuration, each written as `scope.statuses=Active` and read by the type of its field. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import orjson
from pydantic import BaseModel

from platbook.base.errors import InvalidInput
from platbook.providers.configuration import Configuration

_SETTINGS, _CREDENTIALS = "settings", "credentials"
_NULL = "null"

Schema = Mapping[str, object]


def apply_assignments(
    configuration: Mapping[str, object], assignments: Iterable[str], settings_model: type[BaseModel]
) -> dict[str, object]:
    """A configuration with values assigned by their path; `null` takes a value away. InvalidInput names the path.

    Lists are written as JSON or separated by commas.
    """
    changed = cast("dict[str, object]", orjson.loads(orjson.dumps(configuration)))
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        names = path.split(".")
        if not equals or not all(names):
            raise InvalidInput(f"{assignment.partition('=')[0]}: write it as PATH=VALUE, such as scope.statuses=Active")
        if names[0] == _CREDENTIALS:
            raise InvalidInput.of(path, "credentials are read from a file, never from the command line")
        _assign(changed, names, path, _read(text, _find_types(names, settings_model)))
    return changed


def _assign(changed: dict[str, object], names: Sequence[str], path: str, value: object) -> None:
    inner = changed
    for name in names[:-1]:
        part = inner.setdefault(name, {})
        if not isinstance(part, dict):
            raise InvalidInput.of(path, f"{name} has no parts")
        inner = cast("dict[str, object]", part)
    if value is None:
        inner.pop(names[-1], None)
    else:
        inner[names[-1]] = value


def _read(text: str, types: frozenset[str]) -> object:
    if text == _NULL:
        return None
    if "array" in types and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if types == frozenset(("string",)):
        return text
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value


def _find_types(names: Sequence[str], settings_model: type[BaseModel]) -> frozenset[str]:
    """The JSON types that a field may have but for null; none where the models do not say."""
    in_settings = names[0] == _SETTINGS and len(names) > 1
    root = cast("Schema", (settings_model if in_settings else Configuration).model_json_schema())
    variants = [root]
    for name in names[1:] if in_settings else names:
        variants = [part for one in variants for part in _find_parts(root, one, name)]
    return frozenset(str(one["type"]) for one in variants if "type" in one) - {_NULL}


def _find_parts(root: Schema, schema: Schema, name: str) -> list[Schema]:
    """The schemas of one part of an object, with references and unions resolved."""
    properties = cast("Mapping[str, Schema]", schema.get("properties", {}))
    part = properties.get(name, schema.get("additionalProperties"))
    return _resolve(root, cast("Schema", part)) if isinstance(part, Mapping) else []


def _resolve(root: Schema, schema: Schema) -> list[Schema]:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        definitions = cast("Mapping[str, Schema]", root.get("$defs", {}))
        return _resolve(root, definitions[reference.rpartition("/")[2]])
    variants = cast("Sequence[Schema]", schema.get("anyOf", ()))
    return [part for one in variants for part in _resolve(root, one)] if variants else [schema]
