"""JSON, where it is asked for."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import cast

import orjson
from pydantic.alias_generators import to_camel


def print_json(value: object) -> None:
    """One JSON document: dataclasses as objects with camelCase names."""
    text = orjson.dumps(_plain(value), option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z, default=str)
    sys.stdout.write(text.decode() + "\n")


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {to_camel(part.name): _plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in cast("Sequence[object]", value)]
    return value
