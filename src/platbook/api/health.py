"""Health, for whoever watches the process: alive, and ready to answer."""

from fastapi import APIRouter, Response

from platbook.api.envelope import raw_json
from platbook.api.services import Given
from platbook.db import Query
from platbook.db.errors import OperationalError

router = APIRouter(prefix="/health", tags=["Health"])

_LOOK = Query("look", "Whether the database answers.", "SELECT 1 FROM users LIMIT 1")


@router.get("/live")
async def live() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/ready", responses={503: {"description": "The database does not answer."}})
async def ready(given: Given) -> Response:
    """The database answers and has its tables."""
    try:
        async with given.database.read() as connection:
            await connection.column(int, _LOOK)
    except (OperationalError, TimeoutError):
        return raw_json(b'{"status":"unavailable","reason":"the database does not answer"}', status=503)
    return raw_json(b'{"status":"ok"}')
