"""The API as a page for people: each operation with its parameters, a curl line and a form that sends it.

The page is one file: its script and style are in it, and nothing else is loaded or run (a content security policy by
their hashes). Whoever reads it enters a token, which stays in the page; the demo alone offers a key of its own.
"""

import asyncio
import base64
import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from typing import cast

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from platbook.api.documentation import ABOUT, describe
from platbook.api.services import ServicesDep

Json = Mapping[str, object]

_MAX_DEPTH = 12  # where the example of a recursive schema ends
_METHODS = ("get", "post", "put", "delete")
_ORIGIN = "https://platbook.example"
"""Stands for the server's own address in the page that is kept."""


def _read(name: str) -> str:
    return resources.files("platbook.api").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_STYLE, _SCRIPT = _read("documentation.css"), _read("documentation.js")
_POLICY = (
    f"default-src 'none'; script-src {_hash(_SCRIPT)}; style-src {_hash(_STYLE)}; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def read_documentation(request: Request, services: ServicesDep) -> HTMLResponse:
    """The API as a page for people."""
    state = request.app.state
    if state.documentation is None:
        state.documentation = await asyncio.to_thread(_to_page, describe(cast("FastAPI", request.app)))
    origin = services.settings.platbook_url or f"{request.url.scheme}://{request.url.netloc}"
    key = services.demo_key
    offer = "" if key is None else f'<button type="button" data-key="{escape(key)}">Use the demo\'s key</button>'
    page = cast("str", state.documentation).replace(_ORIGIN, escape(origin)).replace("<!-- key -->", offer)
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})


def _to_page(document: Json) -> str:
    by_tag = _by_tag(document)
    body = "".join(_tag(tag, routes, document) for tag, routes in by_tag.items())
    links = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in by_tag)
    about = "".join(f"<p>{_inline(part)}</p>" for part in ABOUT.strip().split("\n\n"))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Platbook API</title><style>{_STYLE}</style><header><h1>Platbook API</h1>{about}"
        f'<nav>{links}<a href="openapi.json">openapi.json</a></nav><form id="access" hidden><label>Access token or API '
        f'key, for trying operations here <input name="token" autocomplete="off" spellcheck="false"></label>'
        f"<!-- key --></form></header><main>{body}</main><script>{_SCRIPT}</script></html>"
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
        f"<details><summary><b class={method}>{method.upper()}</b><code>{_breakable(path)}</code>"
        f"<span>{text.split('. ')[0]}</span></summary><p>{text}</p><p>{_access(operation)}</p>{table}"
        f"{_body('Body', operation.get('requestBody'), document)}{_responses(operation, document)}"
        f"{_trial(method, path, operation, document)}</details>"
    )


def _breakable(path: str) -> str:
    """A path that may be broken before its slashes, and not within a name."""
    return escape(path).replace("/", "<wbr>/").removeprefix("<wbr>")


def _trial(method: str, path: str, operation: Json, document: Json) -> str:
    """The curl line of an operation and, for readers with scripts, a form that sends it."""
    example = _find_example(operation.get("requestBody"), document)
    fields = "".join(_field(one) for one in cast("Sequence[Json]", operation.get("parameters") or ()))
    if example is not None:
        text = json.dumps(example, indent=2, ensure_ascii=False)
        fields += f'<label class="whole">Body<textarea name="body" spellcheck="false">{escape(text)}</textarea></label>'
    elif operation.get("requestBody"):
        fields += '<label class="whole">Body <input type="file" name="body"></label>'
    is_public = "security" not in operation
    curl = _curl(method, path, example, has_file=bool(operation.get("requestBody")), is_public=is_public)
    return (
        f'<h3>curl</h3><div class="curl"><pre>{escape(curl)}</pre>'
        f'<button type="button" class="copy" hidden>Copy</button></div>'
        f'<form class="trial" data-method="{method.upper()}" data-path="{escape(path)}" hidden>'
        f"<h3>Try it</h3>{fields}<button>Send</button><output></output></form>"
    )


def _field(one: Json) -> str:
    name, place = escape(str(one["name"])), escape(str(one["in"]))
    required = " required" if one.get("required") else ""
    return f'<label><code>{name}</code> <input name="{name}" data-in="{place}" autocomplete="off"{required}></label>'


def _curl(method: str, path: str, example: object, *, has_file: bool, is_public: bool) -> str:
    chosen = "" if method == "get" else f"-X {method.upper()} "
    lines = [f"curl {chosen}{shlex.quote(_ORIGIN + path)}"]
    if not is_public:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if example is not None:
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(json.dumps(example, ensure_ascii=False))}"]
    elif has_file:
        lines.append("--data-binary @FILE")
    return " \\\n  ".join(lines)


def _find_example(part: object, document: Json) -> object:
    """An example of a request body or response in JSON; None: it has none."""
    content = cast("Mapping[str, Json]", cast("Json", part or {}).get("content") or {})
    media = content.get("application/json")
    if media is None:
        return None
    return media.get("example") or _example(cast("Json", media.get("schema") or {}), document, 0)


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
    example = _find_example(part, document)
    if example is None:
        return ""
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
