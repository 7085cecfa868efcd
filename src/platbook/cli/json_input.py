"""JSON input of a command: a file, or standard input."""

import sys
from pathlib import Path
from typing import cast

import orjson

from platbook.base.errors import InvalidInput


def read_json_object(file: str) -> dict[str, object]:
    """The JSON object in a file; `-`: of standard input. InvalidInput names the file and what is wrong with it."""
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read ({(error.strerror or 'unknown').lower()})") from None
    try:
        found: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"{file} is not JSON: {error.msg} in line {error.lineno}") from None
    if not isinstance(found, dict):
        raise InvalidInput(f"{file} must hold one JSON object")
    return cast("dict[str, object]", found)
