"""The door every route of the API has: who is calling, and may they? Asked before anything of the request is read."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.openapi.models import HTTPBearer as BearerScheme
from fastapi.routing import iter_route_contexts
from fastapi.security.base import SecurityBase

from platbook.accounts import User
from platbook.api.documentation import describe
from platbook.api.rights import ANYBODY, BASE, RIGHTS
from platbook.api.services import get_services
from platbook.base.actor import Actor
from platbook.base.errors import FieldProblem, InvalidInput, NotAllowed, NotAuthenticated

_NOBODY = Actor("nobody")


class Door(SecurityBase):
    """One dependency for all a route's callers must pass, since each dependency costs as much as a small query."""

    def __init__(self) -> None:
        self.scheme_name = "HTTPBearer"
        self.model = BearerScheme(description="The access token of POST /auth/login")

    async def __call__(self, request: Request) -> Actor:
        """Find the caller, check rights and the query's words; NotAuthenticated, NotAllowed, InvalidInput."""
        route = f"{request.method} {_path_of(request)}"
        actor = await _admit(request, route)
        _refuse_unknown_query(request, route)
        return actor


async def _admit(request: Request, route: str) -> Actor:
    allowed = RIGHTS.get(route)
    if allowed is None:
        raise NotAllowed("nobody may do this")
    if allowed == ANYBODY:
        return _NOBODY
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("log in first: this asks for a bearer token", code="MISSING_TOKEN")
    services = await get_services(request)
    actor, user = await services.sessions.identify(token.strip())
    if actor.role not in allowed:
        raise NotAllowed("your role does not allow this")
    request.state.user = user
    return actor


def _refuse_unknown_query(request: Request, route: str) -> None:
    """Refuse query parameters the route does not know, by name: a filter that is misspelt must not be ignored."""
    if not request.scope["query_string"]:
        return
    known = _known_query(request, route)
    problems = [FieldProblem(name, "is not a known parameter") for name in request.query_params if name not in known]
    if problems:
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems)


admit = Door()


async def get_current_user(request: Request, _: Annotated[Actor, Depends(admit)]) -> User:
    """The user behind the caller."""
    user = request.state.user
    if not isinstance(user, User):
        raise NotAuthenticated("log in first")
    return user


Caller = Annotated[Actor, Depends(admit)]
"""A route's parameter: who is calling, admitted."""

CurrentUser = Annotated[User, Depends(get_current_user)]


def _known_query(request: Request, route: str) -> frozenset[str]:
    """The route's parameters as its description names them: what is not described is not known."""
    kept: dict[str, frozenset[str]] = request.app.state.known_query
    if route not in kept:
        paths = describe(request.app)["paths"]
        operation = paths.get(BASE + _path_of(request), {}).get(request.method.lower(), {})
        kept[route] = frozenset(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
    return kept[route]


def learn_paths(api: FastAPI) -> None:
    """Note under which path each route is served, once all are included; ValueError where one is served twice.

    A request's own `scope["route"]` knows its path below its own router only, which is not what the rights speak of.
    """
    paths: dict[object, str] = {}
    for route in iter_route_contexts(api.routes):
        if route.endpoint in paths:
            raise ValueError(f"{route.path_format} and {paths[route.endpoint]} are served by one function")
        paths[route.endpoint] = (route.path_format or "").removeprefix(BASE)
    api.state.paths = paths


def _path_of(request: Request) -> str:
    paths: dict[object, str] = request.app.state.paths
    return paths.get(request.scope["endpoint"], "")
