"""JSON output of `--json`: views by their API field names, other dataclasses with camelCase names."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import cast

import orjson
from pydantic.alias_generators import to_camel

from platbook.base.views import View


def print_json(value: object) -> None:
    """Print one JSON document; times are in UTC with a Z."""
    text = orjson.dumps(_to_plain(value), option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z, default=str)
    sys.stdout.write(text.decode() + "\n")


def _to_plain(value: object) -> object:
    if isinstance(value, View):
        return value.to_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {to_camel(part.name): _to_plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _to_plain(part) for name, part in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_to_plain(part) for part in cast("Sequence[object]", value)]
    return value
