"""Validation errors of request models, in plain English: one table by pydantic's error type.

Pydantic's own texts ("Input should be a valid integer, unable to parse string as an integer") speak to programmers.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import cast

from platbook.base.errors import FieldProblem, InvalidInput

_OBJECT = "must be a JSON object"
_DATE_TIME = "must be a date and time in ISO 8601, such as 2026-01-31T08:15:00Z"
_NUMBER = "must be a number"
_INTEGER = "must be a whole number"
_BOOLEAN = "must be true or false"
_UUID = "must be a UUID, such as 01a20cc2-c827-7ea6-9dab-49ecc5a105db"

MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "is required",
        "extra_forbidden": "is not a known field",
        "dict_type": _OBJECT,
        "model_type": _OBJECT,
        "model_attributes_type": _OBJECT,
        "list_type": "must be a list",
        "tuple_type": "must be a list",
        "frozen_set_type": "must be a list",
        "too_short": "must have at least {min_length} items",
        "too_long": "can have at most {max_length} items",
        "string_type": "must be text",
        "string_unicode": "must be valid Unicode text",
        "string_too_short": "must have at least {min_length} characters",
        "string_too_long": "can have at most {max_length} characters",
        "string_pattern_mismatch": "must match the pattern {pattern}",
        "int_type": _INTEGER,
        "int_parsing": _INTEGER,
        "int_parsing_size": "is too large a number",
        "int_from_float": _INTEGER,
        "float_type": _NUMBER,
        "float_parsing": _NUMBER,
        "decimal_type": _NUMBER,
        "decimal_parsing": _NUMBER,
        "finite_number": "must be a finite number",
        "greater_than": "must be greater than {gt}",
        "greater_than_equal": "must be at least {ge}",
        "less_than": "must be less than {lt}",
        "less_than_equal": "must be at most {le}",
        "bool_type": _BOOLEAN,
        "bool_parsing": _BOOLEAN,
        "uuid_type": _UUID,
        "uuid_parsing": _UUID,
        "datetime_type": _DATE_TIME,
        "datetime_parsing": _DATE_TIME,
        "datetime_from_date_parsing": _DATE_TIME,
        "datetime_object_invalid": _DATE_TIME,
        "enum": "must be one of {expected}",
        "literal_error": "must be one of {expected}",
        "none_required": "must be null",
        "value_error": "{error}",
    }
)
"""What is wrong with a field, by pydantic's error type; the words in braces come from the error's context."""

_BODY = "body"
_CONTENT_TYPE = "must be a JSON object, sent as Content-Type: application/json"
_UNION_MEMBER = re.compile(
    r".+\[.*\]|\[key\]|bool|constrained-str|date|datetime|decimal|float|int|none|str|uuid", re.DOTALL
)
"""What pydantic adds to an error's location to name a member of a union by its schema; it is no field."""


def to_invalid_input(errors: Sequence[object], *, prefix: str = "") -> InvalidInput:
    """Pydantic's errors of one value as one error, with a sentence for each field; `prefix` stands before its name."""
    messages: dict[str, list[str]] = {}
    for error in errors:
        problem = to_field_problem(cast("Mapping[str, object]", error))
        of_field = messages.setdefault(prefix + problem.field, [])
        if problem.message not in of_field:
            of_field.append(problem.message)
    details = [FieldProblem(field, ", or ".join(of_field)) for field, of_field in messages.items()]
    return InvalidInput(f"{details[0].field}: {details[0].message}", details=details)


def to_field_problem(error: Mapping[str, object]) -> FieldProblem:
    """One of pydantic's errors; that of the whole value is of the field `body`."""
    kind = str(error["type"])
    if kind == "json_invalid":
        return FieldProblem(_BODY, "is not valid JSON")
    field = _to_field(cast("Sequence[object]", error["loc"]))
    context = cast("Mapping[str, object]", error.get("ctx") or {})
    template = MESSAGES.get(kind)
    if template is None:  # of a connector's settings, say: the library's own text is better than none
        return FieldProblem(field, str(error["msg"]).replace("Input should be", "must be"))
    if field == _BODY and template == _OBJECT:
        return FieldProblem(field, _CONTENT_TYPE)
    if kind in {"enum", "literal_error"} and " or " not in str(context.get("expected")):
        return FieldProblem(field, f"must be {context.get('expected')}")
    if (kind, context.get("min_length")) in {("string_too_short", 1), ("too_short", 1)}:
        return FieldProblem(field, "must not be empty")
    return FieldProblem(field, template.format_map(context))


def _to_field(loc: Sequence[object]) -> str:
    """The field's path as the caller wrote it: `members.0.userId`."""
    path = [str(part) for part in loc]
    return ".".join(part for index, part in enumerate(path) if not (index and _UNION_MEMBER.fullmatch(part))) or _BODY
