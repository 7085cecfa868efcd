"""The door every route of the API has: who is calling, and may they? Asked before anything of the request is read."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Request
from fastapi.openapi.models import HTTPBearer as BearerScheme
from fastapi.routing import RouteContext, iter_route_contexts
from fastapi.security.base import SecurityBase

from platbook.api.documentation import describe_route
from platbook.api.route_rights import ANYBODY, BASE, RIGHTS
from platbook.api.services import get_services
from platbook.base.actor import Actor
from platbook.base.errors import FieldProblem, InvalidInput, NotAllowed, NotAuthenticated
from platbook.base.rights import require

ANY_QUERY = "x-any-query"
"""The mark, in the description, of a route whose query others make up."""

_NOBODY = Actor("nobody")


class Door(SecurityBase):
    """One dependency for all a route's callers must pass, since each dependency costs as much as a small query."""

    def __init__(self) -> None:
        self.scheme_name = "HTTPBearer"
        self.model = BearerScheme(description="The access token of POST /auth/login, or an API key")

    async def __call__(self, request: Request) -> Actor:
        """Find the caller, check rights and the query's words; NotAuthenticated, NotAllowed, InvalidInput."""
        route = f"{request.method} {_path_of(request)}"
        actor = await _admit(request, route)
        _refuse_unknown_query(request, route)
        return actor


async def _admit(request: Request, route: str) -> Actor:
    if route not in RIGHTS:
        raise NotAllowed("nobody may do this")
    right = RIGHTS[route]
    if right is ANYBODY:
        return _NOBODY
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("log in first: this asks for a bearer token", code="MISSING_TOKEN")
    services = await get_services(request)
    actor = await services.callers.identify(token.strip())
    require(actor, right)
    return actor


def _refuse_unknown_query(request: Request, route: str) -> None:
    """Refuse query parameters the route does not know, by name: a filter that is misspelt must not be ignored."""
    if not request.scope["query_string"]:
        return
    known = _known_query(request, route)
    if known is None:
        return
    problems = [FieldProblem(name, "is not a known parameter") for name in request.query_params if name not in known]
    if problems:
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems)


admit = Door()

Caller = Annotated[Actor, Depends(admit)]
"""A route's parameter: who is calling, admitted."""


def user_id_of(caller: Actor) -> UUID:
    """The user behind a caller of a route that asks for a login."""
    if caller.user_id is None:
        raise NotAuthenticated("log in first")
    return caller.user_id


def address_of(request: Request) -> str:
    """Where a request comes from, for counting guesses."""
    return request.client.host if request.client else "unknown"


def _known_query(request: Request, route: str) -> frozenset[str] | None:
    """The route's parameters as its description names them: what is not described is not known. None: any."""
    state = request.app.state
    kept: dict[str, frozenset[str] | None] = state.known_query
    if route not in kept:
        operation = describe_route(state.routes[request.scope["endpoint"]])
        named = frozenset(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
        kept[route] = None if operation.get(ANY_QUERY) else named
    return kept[route]


def learn_routes(api: FastAPI) -> None:
    """Note which route each endpoint is served by, once all are included; ValueError where one is served twice.

    A request's own `scope["route"]` knows its path below its own router only, which is not what the rights speak of.
    """
    routes: dict[object, RouteContext] = {}
    for route in iter_route_contexts(api.routes):
        if route.endpoint in routes:
            other = routes[route.endpoint].path_format
            raise ValueError(f"{route.path_format} and {other} are served by one function")
        routes[route.endpoint] = route
    api.state.routes = routes


def _path_of(request: Request) -> str:
    routes: dict[object, RouteContext] = request.app.state.routes
    found = routes.get(request.scope["endpoint"])
    return "" if found is None else (found.path_format or "").removeprefix(BASE)
