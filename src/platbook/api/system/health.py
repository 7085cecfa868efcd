"""Health checks: liveness and readiness."""

from fastapi import APIRouter, Request

from platbook.api.envelope import Failure
from platbook.api.system.readiness import Readiness

router = APIRouter(prefix="/health", tags=["Health"])

_NOT_READY = "The database does not answer or is not migrated, or PLATBOOK_HOME or its photos cannot be written to."


@router.get("/live")
async def live() -> dict[str, str]:
    """Liveness: the process runs."""
    return {"status": "ok"}


@router.get("/ready", responses={503: {"model": Failure, "description": _NOT_READY}})
async def ready(request: Request) -> dict[str, str]:
    """Readiness: the database answers and has this release's migrations (later ones do not matter), disks have room."""
    readiness: Readiness = request.app.state.readiness
    await readiness.check()
    return {"status": "ok"}
