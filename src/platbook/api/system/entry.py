"""Where people and programs arrive that know the host alone: the documentation, and what the API begins with."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from platbook import __version__
from platbook.api.route_rights import BASE

router = APIRouter(include_in_schema=False)

_DOCUMENTATION = f"{BASE}/docs"


@router.get("/")
async def redirect_to_documentation() -> RedirectResponse:
    """Lead to the documentation."""
    return RedirectResponse(_DOCUMENTATION)


@router.get("/docs")
async def redirect_from_short_address() -> RedirectResponse:
    """Lead to the documentation."""
    return RedirectResponse(_DOCUMENTATION)


@router.get(BASE)
async def read_entry() -> dict[str, object]:
    """The API's version, and where it is described."""
    links = {"docs": _DOCUMENTATION, "openapi": f"{BASE}/openapi.json", "login": f"{BASE}/auth/login"}
    return {"success": True, "data": {"name": "Platbook", "version": __version__, **links}}
