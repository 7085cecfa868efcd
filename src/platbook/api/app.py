"""The application: its routers, its gate, its documentation."""

from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel

from platbook.api.accounts import auth as auth_routes
from platbook.api.accounts import profile, users
from platbook.api.authentication import admit, learn_routes
from platbook.api.crm import intake, interactions, leads, tasks
from platbook.api.documentation import describe, read_documentation
from platbook.api.errors import add_error_handlers
from platbook.api.listings import photos as properties_photos
from platbook.api.listings import properties
from platbook.api.mls import media as mls_media
from platbook.api.mls import syncs as mls_admin
from platbook.api.request_gate import RequestGate
from platbook.api.route_rights import BASE
from platbook.api.services import Services
from platbook.api.system import audit, health, objects

_FAILURE = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
# By reference, not by model: FastAPI would build a validator for each of them on each route.
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"description": words, "content": _FAILURE}
    for status, words in {
        400: "Something sent cannot be used; `details` names each field.",
        401: "No valid token.",
        403: "The caller may not do this.",
        404: "It does not exist, or may not be seen.",
        409: "It cannot be done in the present state.",
        410: "It existed and was erased.",
        413: "The body is too large.",
        429: "Too often; see Retry-After.",
        500: "Our mistake.",
        503: "Not now; try later.",
    }.items()
}


def _name(route: APIRoute) -> str:
    return to_camel(route.name)


def create_api(services: Services) -> FastAPI:
    """The whole API over some services. Every route below `/api/v1` passes the table of rights."""
    api = FastAPI(
        title="Platbook",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_name,
    )
    api.state.services = services
    api.state.known_query = {}
    add_error_handlers(api)
    guarded = APIRouter(
        prefix=BASE,
        dependencies=[Depends(admit)],
        responses=_REFUSALS,
    )
    for part in (  # routes are tried in this order, each by a pattern: those asked for most come first
        properties,
        properties_photos,
        auth_routes,
        profile,
        users,
        intake,
        leads,
        tasks,
        interactions,
        mls_admin,
        mls_media,
        audit,
    ):
        guarded.include_router(part.router)
    api.include_router(guarded)
    api.include_router(health.router)
    api.include_router(objects.router)
    api.add_api_route(f"{BASE}/docs", read_documentation, include_in_schema=False)

    async def read_openapi() -> JSONResponse:
        return JSONResponse(describe(api))

    api.add_api_route(f"{BASE}/openapi.json", read_openapi, include_in_schema=False)
    learn_routes(api)
    api.add_middleware(RequestGate)
    return api
