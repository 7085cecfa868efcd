"""The ASGI application: routers, error handlers, middleware, documentation."""

import asyncio
import re
from copy import copy
from dataclasses import replace
from functools import cache
from typing import cast

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel
from starlette.datastructures import State

from platbook.api.accounts import auth as auth_routes
from platbook.api.accounts import profile, users
from platbook.api.authentication import authenticate, index_routes
from platbook.api.body_permission import BodyPermission
from platbook.api.crm import duplicates, intake, interactions, leads, stages, suppressions, tasks
from platbook.api.documentation import describe
from platbook.api.documentation_page import read_documentation
from platbook.api.envelope import failure_body, raw_json
from platbook.api.errors import add_error_handlers, respond
from platbook.api.idempotency import CreatingCaller
from platbook.api.listings import photos as properties_photos
from platbook.api.listings import properties
from platbook.api.mls import media as mls_media
from platbook.api.mls import syncs as mls_admin
from platbook.api.route_rights import BASE
from platbook.api.system import audit, entry, health, objects
from platbook.api.system.readiness import Readiness
from platbook.application.asgi import AsgiApp, Scope
from platbook.application.compression import Compression
from platbook.application.cross_origin import CrossOriginSharing
from platbook.application.database_time import DatabaseTime
from platbook.application.idempotency.answers import IdempotentAnswers
from platbook.application.idempotency.requests import IdempotencyPolicy, IdempotentRequests
from platbook.application.request_gate import RequestGate, RequestPolicy
from platbook.application.services import Services
from platbook.base.origins import parse_origins

POLICY = RequestPolicy(
    error_body=failure_body,
    uploads=re.compile(rf"{BASE}/properties/[^/]+/media"),
    own_head=("/media/",),
    unlogged=frozenset({"/health/live", "/health/ready"}),
)
"""The API's own rules of what passes the gate."""

_OVERLOADED = "this server has as many connections as it serves; try again shortly"
_OVERLOADED_SECONDS = 5


def _name(route: APIRoute) -> str:
    return to_camel(route.name)


@cache
def _create_routes() -> FastAPI:
    """The routes without services: they are the same for every API, and planning them takes half a second."""
    api = FastAPI(
        title="Platbook",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_name,
    )
    api.state.query_names = {}
    add_error_handlers(api)
    guarded = APIRouter(prefix=BASE, dependencies=[Depends(authenticate)])
    for module in (  # routes are tried in this order, each by a pattern: the most frequent come first
        properties,
        properties_photos,
        auth_routes,
        profile,
        users,
        duplicates,
        intake,
        stages,
        leads,
        tasks,
        interactions,
        suppressions,
        mls_admin,
        mls_media,
        audit,
    ):
        guarded.include_router(module.router)
    api.include_router(guarded)
    api.include_router(health.router)
    api.include_router(objects.router)
    api.add_api_route(f"{BASE}/docs", read_documentation, include_in_schema=False)

    async def read_openapi(request: Request) -> JSONResponse:
        return JSONResponse(await asyncio.to_thread(describe, cast("FastAPI", request.app)))

    api.add_api_route(f"{BASE}/openapi.json", read_openapi, include_in_schema=False)
    api.include_router(entry.router)
    index_routes(api)
    return api


def create_api(services: Services) -> FastAPI:
    """The whole API over its services. Every route below `/api/v1` is behind the table of rights."""
    planned = _create_routes()
    api = copy(planned)
    api.state, api.user_middleware = State(), []
    api.state.routes, api.state.query_names = planned.state.routes, planned.state.query_names
    api.state.documentation = None
    api.state.services = services
    api.state.readiness = Readiness(services)
    api.add_middleware(
        IdempotentRequests,
        policy=IdempotencyPolicy(CreatingCaller(services.callers), lambda error: cast("AsgiApp", respond(error))),
        answers=IdempotentAnswers(services.database, services.box, services.clock),
        rates=services.rates,
    )
    api.add_middleware(Compression)  # within the gate, which answers HEAD by the headers of what is sent
    api.add_middleware(RequestGate, policy=replace(POLICY, may_send_body=BodyPermission(services.callers)))
    api.add_middleware(
        CrossOriginSharing,
        origins=parse_origins((services.settings.cors_origins or "").split(","), "CORS_ORIGINS"),
        find_key_origins=services.callers.find_origins,
        paths=(f"{BASE}/", "/media/"),
    )
    api.add_middleware(DatabaseTime, seconds=services.database.limits.pool)
    return api


def create_refusal() -> AsgiApp:
    """Answers every request 503, unread, in the form of any other answer: for those above what a server serves."""

    async def read_no_body(_: Scope) -> bool:
        return False

    headers = {"Retry-After": str(_OVERLOADED_SECONDS), "Connection": "close"}
    answer = raw_json(failure_body("UNAVAILABLE", _OVERLOADED), status=503, headers=headers)
    return RequestGate(cast("AsgiApp", answer), replace(POLICY, may_send_body=read_no_body))
