"""Suppressions: addresses and numbers that must not be contacted; listed, added, ended, exported."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from platbook.api.authentication import Caller
from platbook.api.crm.query_string import to_paging
from platbook.api.crm.responses import answer, answer_list
from platbook.api.crm.suppressions_models import (
    SuppressionCreate,
    SuppressionEnd,
    SuppressionList,
    SuppressionQuery,
)
from platbook.api.envelope import Success
from platbook.api.services import ServicesDep
from platbook.crm.suppressions.csv_form import HEADER, to_csv
from platbook.crm.suppressions.register import (
    SuppressionSearch,
    add_suppression,
    end_suppression,
    export_suppressions,
    find_suppressions,
    get_suppression,
)
from platbook.crm.suppressions.suppression import KEY_PURPOSE, Suppression
from platbook.crm.suppressions.views import SuppressionRead

router = APIRouter(prefix="/suppressions", tags=["Suppressions"])

_ONE: dict[int | str, dict[str, object]] = {200: {"model": Success[SuppressionRead]}}
_ADDED: dict[int | str, dict[str, object]] = {**_ONE, 201: {"model": Success[SuppressionRead]}}
_CSV: dict[int | str, dict[str, object]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get("", responses={200: {"model": Success[SuppressionList]}})
async def list_suppressions(
    services: ServicesDep, caller: Caller, query: Annotated[SuppressionQuery, Query()]
) -> Response:
    """List suppressions, the newest first."""
    search = SuppressionSearch(tuple(query.channel), query.stream, query.address, query.ended)
    paging = to_paging(query, "createdAt")
    async with services.database.read() as connection:
        page = await find_suppressions(connection, caller, search, paging, services.box.derive(KEY_PURPOSE))
    return answer_list("suppressions", page, paging, _to_json)


@router.post("", status_code=201, responses=_ADDED)
async def create_suppression(services: ServicesDep, caller: Caller, body: SuppressionCreate) -> Response:
    """Suppress an address or number on a channel, at once and whatever its lead says. 200: it is suppressed already."""
    async with services.database.transaction() as connection:
        row, is_new = await add_suppression(connection, caller, body.to_input(), services.clock.now())
    return answer(_to_json(row), status=201 if is_new else 200)


@router.get("/export", response_class=StreamingResponse, responses=_CSV)
async def export_all_suppressions(services: ServicesDep, caller: Caller) -> StreamingResponse:
    """Export all suppressions that stand, as CSV, the oldest first."""

    async def lines() -> AsyncGenerator[str]:
        yield ",".join(HEADER) + "\r\n"
        async for rows in export_suppressions(services.database, caller, services.clock.now()):
            yield to_csv(rows)

    headers = {"Content-Disposition": 'attachment; filename="suppressions.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/{suppression_id}", responses=_ONE)
async def get_one_suppression(services: ServicesDep, caller: Caller, suppression_id: UUID) -> Response:
    """Get a suppression."""
    async with services.database.read() as connection:
        return answer(_to_json(await get_suppression(connection, caller, suppression_id)))


@router.post("/{suppression_id}/end", responses=_ONE)
async def end_one_suppression(
    services: ServicesDep, caller: Caller, suppression_id: UUID, body: SuppressionEnd
) -> Response:
    """End a suppression, for a reason, which is audited. A refusal that the person's lead states still counts."""
    async with services.database.transaction() as connection:
        return answer(
            _to_json(await end_suppression(connection, caller, suppression_id, body.reason, services.clock.now()))
        )


def _to_json(row: Suppression) -> dict[str, object]:
    return SuppressionRead.from_row(row).to_json()
