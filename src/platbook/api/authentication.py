"""Authentication and access control of every route, before anything else of a request is read."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Request
from fastapi.openapi.models import HTTPBearer as BearerScheme
from fastapi.routing import RouteContext, iter_route_contexts
from fastapi.security.base import SecurityBase

from platbook.api.bearer_tokens import find_token
from platbook.api.documentation import describe_route
from platbook.api.route_rights import BASE, PUBLIC, RIGHTS
from platbook.api.services import get_services
from platbook.application.client_address import to_client_address
from platbook.base.actor import Actor
from platbook.base.errors import FieldProblem, InvalidInput, NotAllowed, NotAuthenticated
from platbook.base.rights import require

ANY_QUERY = "x-any-query"
"""The extension, in an operation of OpenAPI, that marks a route whose query parameters others choose."""

_ANONYMOUS = Actor("nobody")


class CallerDependency(SecurityBase):
    """One dependency that authenticates, authorizes and checks query names: each dependency costs a small query."""

    def __init__(self) -> None:
        self.scheme_name = "HTTPBearer"
        self.model = BearerScheme(description="The access token of POST /auth/login, or an API key")

    async def __call__(self, request: Request) -> Actor:
        """The caller, allowed to use the route. Errors: NotAuthenticated, NotAllowed, InvalidInput."""
        route = f"{request.method} {_path_of(request)}"
        actor = await _authorize(request, route)
        if actor is not _ANONYMOUS:
            request.state.caller = actor
            await _count(request, actor)
        _check_query(request, route)
        return actor


async def _authorize(request: Request, route: str) -> Actor:
    if route not in RIGHTS:
        raise NotAllowed("this route is closed to every role")
    right = RIGHTS[route]
    if right is PUBLIC:
        return _ANONYMOUS
    token = find_token(request.scope)
    if token is None:
        raise NotAuthenticated(
            "authentication is required: send an access token or API key as Authorization: Bearer …",
            code="MISSING_TOKEN",
        )
    services = await get_services(request)
    actor = await services.callers.identify(token)
    require(actor, right)
    return actor


async def _count(request: Request, actor: Actor) -> None:
    """Count the request of a caller; TooManyAttempts."""
    rate = (await get_services(request)).rates.count(actor)
    if rate is not None:
        request.state.response_headers = rate.to_headers()
        rate.require()


def _check_query(request: Request, route: str) -> None:
    """Refuse unknown query parameters by name: a misspelt filter must not be ignored. Errors: InvalidInput."""
    if not request.scope["query_string"]:
        return
    names = _query_names(request, route)
    if names is None:
        return
    problems = [FieldProblem(name, "is not a known parameter") for name in request.query_params if name not in names]
    if problems:
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems)


authenticate = CallerDependency()

Caller = Annotated[Actor, Depends(authenticate)]
"""A route's parameter: the caller, authenticated and allowed to use the route."""


def user_id_of(caller: Actor) -> UUID:
    """The id of the user who calls. Errors: NotAuthenticated."""
    if caller.user_id is None:
        raise NotAuthenticated("this route is for users only: log in first")
    return caller.user_id


def client_address_of(request: Request) -> str:
    """The network address a request comes from, for throttling logins."""
    return to_client_address(request.client)


def _query_names(request: Request, route: str) -> frozenset[str] | None:
    """The names of a route's query parameters, from its OpenAPI operation. None: any name is accepted."""
    state = request.app.state
    cache: dict[str, frozenset[str] | None] = state.query_names
    if route not in cache:
        operation = describe_route(state.routes[request.scope["endpoint"]])
        names = frozenset(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
        cache[route] = None if operation.get(ANY_QUERY) else names
    return cache[route]


def index_routes(api: FastAPI) -> None:
    """Index routes by endpoint, once all are included; ValueError where one function serves two paths.

    A request's own `scope["route"]` has the path below its own router only; the rights name the full path.
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
    route = routes.get(request.scope["endpoint"])
    return "" if route is None else (route.path_format or "").removeprefix(BASE)
