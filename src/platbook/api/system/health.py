"""Health checks: liveness and readiness."""

import asyncio
from functools import cache

from fastapi import APIRouter

from platbook.api.envelope import Failure
from platbook.api.services import ServicesDep
from platbook.base.errors import TryLater
from platbook.db import ReadConnection, load_queries
from platbook.db.errors import OperationalError
from platbook.db.migrations import find_migrations

router = APIRouter(prefix="/health", tags=["Health"])

Q = load_queries(__package__ or "platbook.api.system")

_TIMEOUT_SECONDS = 3


@router.get("/live")
async def live() -> dict[str, str]:
    """Liveness: the process runs."""
    return {"status": "ok"}


@router.get(
    "/ready", responses={503: {"model": Failure, "description": "The database does not answer, or is not migrated."}}
)
async def ready(services: ServicesDep) -> dict[str, str]:
    """Readiness: the database answers and has this release's migrations; later ones do not matter."""
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS), services.database.read() as connection:
            missing = _required() - await _find_applied(connection)
    except (OperationalError, TimeoutError):
        raise TryLater("the database does not answer; try again shortly") from None
    if missing:
        raise TryLater(f"the database lacks migrations: {', '.join(sorted(missing))}; run platbook migrate")
    return {"status": "ok"}


async def _find_applied(connection: ReadConnection) -> frozenset[str]:
    if not await connection.value(bool, Q.has_migrations):
        return frozenset()
    return frozenset(await connection.column(str, Q.find_migrations))


@cache
def _required() -> frozenset[str]:
    return frozenset(migration.version for migration in find_migrations())
