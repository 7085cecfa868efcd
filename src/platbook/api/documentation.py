"""The OpenAPI document, and a page that shows it to people without scripts or third-party files."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from fastapi.routing import RouteContext

from platbook import __version__
from platbook.api.idempotency import CREATING, describe_idempotency
from platbook.api.listing_schemas import shared_schemas
from platbook.api.route_errors import find_codes, to_responses
from platbook.api.route_rights import BASE, PUBLIC, RIGHTS
from platbook.base.actor import Role
from platbook.base.rights import ROLES

Json = Mapping[str, object]

_MAX_DEPTH = 12  # where the example of a recursive schema ends
_METHODS = ("get", "post", "put", "delete")
_ABOUT = """Listings replicated from any MLS, with their history, and the syncs that keep them current.

Log in with `POST /api/v1/auth/login` and send the token as `Authorization: Bearer …`. Every success is
`{"success": true, "data": …}`, every error `{"success": false, "error": {"code", "message", "details"}}`.
"""


def describe(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document; built once per application."""
    if api.openapi_schema is None:
        document = get_openapi(title="Platbook", version=__version__, description=_ABOUT, routes=api.routes)
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                operation["responses"].pop("422", None)  # validation errors are answered 400 here
                route = f"{method.upper()} {path.removeprefix(BASE)}"
                _describe_access(operation, route)
                if route in CREATING:
                    describe_idempotency(operation)
                if route in RIGHTS:
                    operation["responses"] |= to_responses(find_codes(route, has_body="requestBody" in operation))
            if "get" in operations:
                operations["head"] = _to_head(operations["get"])
        schemas = document["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas |= shared_schemas()
        api.openapi_schema = document
    return api.openapi_schema


def _to_head(operation: dict[str, Any]) -> dict[str, Any]:
    """HEAD of a GET: the same headers, and no body (RFC 9110 section 9.3.2)."""
    responses = {
        status: {name: part for name, part in response.items() if name != "content"}
        for status, response in operation["responses"].items()
    }
    return {**operation, "operationId": f"{operation['operationId']}Head", "responses": responses}


def describe_route(route: RouteContext) -> dict[str, Any]:
    """The OpenAPI operation of one route, without building the whole document."""
    (operations,) = get_openapi(title="", version="", routes=[route])["paths"].values()
    (operation,) = operations.values()
    return operation


def _describe_access(operation: dict[str, Any], route: str) -> None:
    right = RIGHTS.get(route, PUBLIC)
    if right is PUBLIC:
        operation.pop("security", None)
    else:
        operation["x-roles"] = [role.value for role in Role if right in ROLES[role]]


async def read_documentation(request: Request) -> HTMLResponse:
    """The API as a page for people."""
    document = await asyncio.to_thread(describe, cast("FastAPI", request.app))
    style = resources.files("platbook.api").joinpath("documentation.css").read_text(encoding="utf-8")
    body = "".join(_tag(tag, routes, document) for tag, routes in _by_tag(document).items())
    links = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in _by_tag(document))
    about = "".join(f"<p>{_inline(part)}</p>" for part in _ABOUT.strip().split("\n\n"))
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Platbook API</title><style>{style}</style><header><h1>Platbook API</h1>{about}"
        f'<nav>{links}<a href="openapi.json">openapi.json</a></nav></header><main>{body}</main></html>'
    )


def _by_tag(document: Json) -> dict[str, list[tuple[str, str, Json]]]:
    by_tag: dict[str, list[tuple[str, str, Json]]] = {}
    for path, operations in cast("Mapping[str, Mapping[str, Json]]", document["paths"]).items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                tags = cast("Sequence[str]", operation.get("tags") or ["Other"])
                by_tag.setdefault(tags[0], []).append((method, path, operation))
    return by_tag


def _tag(tag: str, routes: Sequence[tuple[str, str, Json]], document: Json) -> str:
    inner = "".join(_route(method, path, operation, document) for method, path, operation in routes)
    return f'<section id="{escape(tag)}"><h2>{escape(tag)}</h2>{inner}</section>'


def _route(method: str, path: str, operation: Json, document: Json) -> str:
    text = _inline(str(operation.get("description") or operation.get("summary") or ""))
    parameters = cast("Sequence[Json]", operation.get("parameters") or ())
    rows = "".join(_parameter(one) for one in parameters)
    table = f"<table><tr><th>parameter<th>in<th>type<th>meaning</tr>{rows}</table>" if rows else ""
    return (
        f"<details><summary><b class={method}>{method.upper()}</b><code>{escape(path)}</code>"
        f"<span>{text.split('. ')[0]}</span></summary><p>{text}</p><p>{_access(operation)}</p>{table}"
        f"{_body('Body', operation.get('requestBody'), document)}{_responses(operation, document)}</details>"
    )


def _access(operation: Json) -> str:
    roles = cast("Sequence[str]", operation.get("x-roles") or ())
    return f"For {', '.join(roles)}." if roles else "No login is required."


def _parameter(one: Json) -> str:
    schema = cast("Json", one.get("schema") or {})
    required = " *" if one.get("required") else ""
    text = str(one.get("description") or schema.get("description") or "")
    return (
        f"<tr><td><code>{escape(str(one['name']))}</code>{required}<td>{escape(str(one['in']))}"
        f"<td>{escape(_type(schema))}<td>{escape(text)}"
    )


def _responses(operation: Json, document: Json) -> str:
    parts: list[str] = []
    for status, response in cast("Mapping[str, Json]", operation["responses"]).items():
        if status.startswith("2"):
            parts.append(_body(f"Response {status}", response, document))
    return "".join(parts)


def _body(title: str, part: object, document: Json) -> str:
    content = cast("Mapping[str, Json]", cast("Json", part or {}).get("content") or {})
    media = content.get("application/json")
    if media is None:
        return ""
    example = media.get("example") or _example(cast("Json", media.get("schema") or {}), document, 0)
    text = json.dumps(example, indent=2, ensure_ascii=False)
    return f"<h3>{escape(title)}</h3><pre>{escape(text)}</pre>"


def _type(schema: Json) -> str:
    options = cast("Sequence[Json]", schema.get("anyOf") or ())
    if options:
        return " or ".join(_type(option) for option in options if option.get("type") != "null")
    if "enum" in schema:
        return ", ".join(str(value) for value in cast("Sequence[object]", schema["enum"]))
    if schema.get("type") == "array":
        return f"{_type(cast('Json', schema.get('items') or {}))}, repeatable"
    return str(schema.get("format") or schema.get("type") or "value")


def _example(schema: Json, document: Json, depth: int) -> object:  # noqa: PLR0911 - one line per kind of schema
    if depth > _MAX_DEPTH:
        return None
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        schemas = cast("Mapping[str, Json]", cast("Json", document["components"])["schemas"])
        return _example(schemas[name], document, depth + 1)
    for keyword in ("example", "default", "const"):
        if schema.get(keyword) is not None:
            return schema[keyword]
    if schema.get("examples"):
        return cast("Sequence[object]", schema["examples"])[0]
    if "enum" in schema:
        return cast("Sequence[object]", schema["enum"])[0]
    for keyword in ("anyOf", "allOf", "oneOf"):
        if schema.get(keyword):
            return _example(cast("Sequence[Json]", schema[keyword])[0], document, depth + 1)
    return _example_of_type(schema, document, depth)


def _example_of_type(schema: Json, document: Json, depth: int) -> object:
    kind = schema.get("type")
    if kind == "object":
        properties = cast("Mapping[str, Json]", schema.get("properties") or {})
        return {name: _example(one, document, depth + 1) for name, one in properties.items()}
    if kind == "array":
        return [_example(cast("Json", schema.get("items") or {}), document, depth + 1)]
    return {"integer": 1, "number": 1.0, "boolean": True, "null": None}.get(str(kind), _text(schema))


def _text(schema: Json) -> str:
    return {
        "uuid": "01a20cc2-c827-7ea6-9dab-49ecc5a105db",
        "date-time": "2026-11-24T09:00:00Z",
        "date": "2026-11-24",
    }.get(str(schema.get("format")), "text")


def _inline(text: str) -> str:
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
