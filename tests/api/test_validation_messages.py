"""Validation errors in plain English: no text of the library, no member of a union, one sentence for each field."""

from collections.abc import Iterator, Mapping
from typing import Annotated, cast, get_type_hints

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter, ValidationError

from platbook.api import create_api
from platbook.api.crm.leads_models import LeadCreate, LeadQuery
from platbook.api.crm.tasks_models import TaskQuery
from platbook.application.services import Services
from platbook.base.actor import Actor
from platbook.base.validation import MESSAGES, to_invalid_input
from tests.api.conftest import Api

_TYPES: Mapping[str, frozenset[str]] = {
    "bool": frozenset({"bool_type", "bool_parsing"}),
    "date": frozenset({"date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"}),
    "datetime": frozenset(
        {"datetime_type", "datetime_parsing", "datetime_from_date_parsing", "datetime_object_invalid"}
    ),
    "decimal": frozenset({"decimal_type", "decimal_parsing", "finite_number"}),
    "dict": frozenset({"dict_type"}),
    "enum": frozenset({"enum"}),
    "float": frozenset({"float_type", "float_parsing", "finite_number"}),
    "int": frozenset({"int_type", "int_parsing", "int_parsing_size", "int_from_float"}),
    "list": frozenset({"list_type"}),
    "literal": frozenset({"literal_error"}),
    "model": frozenset({"model_type", "model_attributes_type", "missing", "extra_forbidden"}),
    "none": frozenset({"none_required"}),
    "str": frozenset({"string_type", "string_unicode"}),
    "tuple": frozenset({"tuple_type"}),
    "frozenset": frozenset({"frozen_set_type"}),
    "url": frozenset({"url_type", "url_parsing", "url_scheme", "url_too_long", "url_syntax_violation"}),
    "uuid": frozenset({"uuid_type", "uuid_parsing"}),
    "function-after": frozenset({"value_error"}),
    "function-before": frozenset({"value_error"}),
    "function-wrap": frozenset({"value_error"}),
    "function-plain": frozenset({"value_error"}),
}
"""The errors that a value of each kind of pydantic's core schema can cause."""

_CONSTRAINTS: Mapping[tuple[str, str], str] = {
    ("str", "min_length"): "string_too_short",
    ("str", "max_length"): "string_too_long",
    ("str", "pattern"): "string_pattern_mismatch",
    ("list", "min_length"): "too_short",
    ("list", "max_length"): "too_long",
    ("tuple", "max_length"): "too_long",
    ("frozenset", "max_length"): "too_long",
    ("dict", "min_length"): "too_short",
    ("dict", "max_length"): "too_long",
    **{
        (kind, limit): error
        for kind in ("int", "float", "decimal")
        for limit, error in (
            ("gt", "greater_than"),
            ("ge", "greater_than_equal"),
            ("lt", "less_than"),
            ("le", "less_than_equal"),
            ("multiple_of", "multiple_of"),
            ("max_digits", "decimal_max_digits"),
            ("decimal_places", "decimal_max_places"),
        )
    },
}
_STRUCTURE = frozenset(
    {"any", "default", "definition-ref", "definitions", "model-fields", "nullable", "union", "chain"}
)
_PARTS = frozenset({"model-field", "typed-dict-field", "dataclass-field"})


def _walk(schema: object) -> Iterator[Mapping[str, object]]:
    """Every schema inside a core schema; how values are written out, and what is not validated, is left out."""
    if isinstance(schema, dict):
        entries = cast("Mapping[str, object]", schema)
        if isinstance(entries.get("type"), str):
            yield entries
        for name, inner in entries.items():
            if name not in {"serialization", "metadata", "default", "expected", "members", "config", "function"}:
                yield from _walk(inner)
    elif isinstance(schema, list | tuple):
        for inner in cast("list[object]", schema):
            yield from _walk(inner)


def _error_types(schema: object) -> set[str]:
    """The error types a core schema can raise; a kind of schema this test does not know fails it."""
    types: set[str] = set()
    for part in _walk(schema):
        kind = cast("str", part["type"])
        if kind in _STRUCTURE or kind in _PARTS:
            continue
        assert kind in _TYPES, f"which errors can a {kind} cause?"
        types |= _TYPES[kind]
        types |= {_CONSTRAINTS[kind, name] for name in part if (kind, name) in _CONSTRAINTS}
    return types


def _inputs(api: FastAPI) -> Iterator[tuple[str, object]]:
    """Every parameter and body of every route that FastAPI validates."""
    for route in iter_route_contexts(api.routes):
        hints = get_type_hints(route.endpoint, include_extras=True)
        for name, hint in hints.items():
            plain = getattr(hint, "__origin__", hint)
            is_service = plain in {Services, Actor} or getattr(plain, "__module__", "").startswith(
                ("fastapi", "starlette")
            )
            if name != "return" and not is_service:
                yield f"{route.path_format} {name}", hint


def test_every_error_the_api_s_models_can_raise_has_a_message(api: Api) -> None:
    inputs = dict(_inputs(create_api(api.services)))
    assert len(inputs) > 150
    types = {name: _error_types(TypeAdapter(cast("type[object]", hint)).core_schema) for name, hint in inputs.items()}
    missing = {name: found - MESSAGES.keys() for name, found in types.items() if found - MESSAGES.keys()}
    assert not missing


def _problems(hint: object, value: object) -> Mapping[str, str]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(cast("type[object]", hint)).validate_python(value)
    return {one.field: one.message for one in to_invalid_input(caught.value.errors()).details}


_ID = "must be a UUID, such as 01a20cc2-c827-7ea6-9dab-49ecc5a105db"
_CHANNEL = {"channel": "smoke", "given": True}


@pytest.mark.parametrize(
    ("model", "value", "problems"),
    [
        (LeadQuery, {"assignedTo": "x"}, {"assignedTo": f"{_ID}, or must be one of 'none' or 'me'"}),
        (TaskQuery, {"assignedTo": "x"}, {"assignedTo": f"{_ID}, or must be 'me'"}),
        (TaskQuery, {"overdue": "maybe"}, {"overdue": "must be true or false"}),
        (TaskQuery, {"limit": "many"}, {"limit": "must be a whole number"}),
        (
            TaskQuery,
            {"limit": 0, "page": 2_000_000},
            {"limit": "must be at least 1", "page": "must be at most 1000000"},
        ),
        (LeadCreate, {"lastName": 1}, {"lastName": "must be text"}),
        (LeadCreate, {"tags": [""]}, {"tags.0": "must not be empty"}),
        (LeadCreate, {"source": "x" * 201}, {"source": "can have at most 200 characters"}),
        (
            LeadCreate,
            {"consents": [_CHANNEL]},
            {"consents.0.channel": "must be one of 'email', 'call', 'sms' or 'mail'"},
        ),
        (LeadCreate, {"consents": [{"channel": "sms"}]}, {"consents.0.given": "is required"}),
        (LeadCreate, {"colour": "red"}, {"colour": "is not a known field"}),
    ],
)
def test_messages_name_the_field_and_what_it_must_be(model: type, value: object, problems: Mapping[str, str]) -> None:
    assert _problems(model, value) == problems


def test_a_field_named_like_a_type_is_kept() -> None:
    assert _problems(dict[str, int], {"date": "x"}) == {"date": "must be a whole number"}
    assert _problems(Annotated[dict[str, dict[str, int]], "nested"], {"fieldMapping": {"ListPrice": "x"}}) == {
        "fieldMapping.ListPrice": "must be a whole number"
    }


async def test_a_body_that_is_no_object_names_its_content_type(api: Api) -> None:
    answer = await api.call("POST", "/api/v1/leads", content=b"[]", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"] == [
        {"field": "body", "message": "must be a JSON object, sent as Content-Type: application/json"}
    ]
