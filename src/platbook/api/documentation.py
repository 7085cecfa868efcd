"""The OpenAPI document."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext

from platbook import __version__
from platbook.api.idempotency import CREATING, describe_idempotency
from platbook.api.listing_schemas import shared_schemas
from platbook.api.route_errors import find_codes, to_responses
from platbook.api.route_rights import BASE, PUBLIC, RIGHTS
from platbook.base.actor import Role
from platbook.base.rights import ROLES

ABOUT = """Listings replicated from any MLS, with their history, and the syncs that keep them current.

Log in with `POST /api/v1/auth/login` and send the token as `Authorization: Bearer …`. Every success is
`{"success": true, "data": …}`, every error `{"success": false, "error": {"code", "message", "details"}}`.
"""
"""The description of the whole API."""


def describe(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document; built once per application."""
    if api.openapi_schema is None:
        document = get_openapi(title="Platbook", version=__version__, description=ABOUT, routes=api.routes)
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
