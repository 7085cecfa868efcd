"""Stages of the pipeline: listed, added, renamed, ordered, retired."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from platbook.api.authentication import Caller
from platbook.api.crm.responses import answer
from platbook.api.envelope import Success
from platbook.api.models import ApiModel, RequestBody
from platbook.api.services import ServicesDep
from platbook.crm.enums import StageKind
from platbook.crm.stages.stage import Stage
from platbook.crm.stages.stages import add_stage, change_stage, find_stages, order_stages
from platbook.crm.stages.views import StageRead

router = APIRouter(prefix="/leads/stages", tags=["Leads"])

_Name = Annotated[str, Field(min_length=1, max_length=100, examples=["Hot"])]


class StageCreate(RequestBody):
    """A new stage. Its key and kind never change."""

    name: _Name
    kind: StageKind
    key: Annotated[str, Field(min_length=1, max_length=50, description="by default the name")] | None = None


class StageUpdate(RequestBody):
    """What to change of a stage; what is left out stays."""

    name: _Name | None = None
    is_retired: bool | None = Field(None, description="a retired stage keeps its leads and takes no others")


class StageOrder(RequestBody):
    """The keys of all stages, in their new order."""

    keys: Annotated[list[Annotated[str, Field(max_length=50)]], Field(max_length=1000)]


class StageList(ApiModel):
    """All stages, in order."""

    stages: list[StageRead]


_Key = Annotated[str, Path(max_length=50, description="the stage's key")]
_ONE: dict[int | str, dict[str, object]] = {200: {"model": Success[StageRead]}}
_ALL: dict[int | str, dict[str, object]] = {200: {"model": Success[StageList]}}


@router.get("", responses=_ALL)
async def list_stages(services: ServicesDep, caller: Caller) -> Response:
    """List the stages of the pipeline in order, retired ones too."""
    _ = caller
    async with services.database.read() as connection:
        return _to_answer(await find_stages(connection))


@router.post("", status_code=201, responses={201: {"model": Success[StageRead]}})
async def create_stage(services: ServicesDep, caller: Caller, body: StageCreate) -> Response:
    """Add a stage, after the last one of its kind. 409 STAGE_EXISTS: another has the key or name."""
    async with services.database.transaction() as connection:
        stage = await add_stage(connection, caller, body.name, body.kind, services.clock.now(), key=body.key)
    return answer(StageRead.from_row(stage).to_json(), status=201)


@router.put("", responses=_ALL)
async def put_stages_in_order(services: ServicesDep, caller: Caller, body: StageOrder) -> Response:
    """Put all stages into an order."""
    async with services.database.transaction() as connection:
        return _to_answer(await order_stages(connection, caller, body.keys, services.clock.now()))


@router.put("/{stage_key}", responses=_ONE)
async def update_stage(services: ServicesDep, caller: Caller, stage_key: _Key, body: StageUpdate) -> Response:
    """Rename a stage, retire it or take it back; its leads stay in it. 409 for retiring the one leads begin in."""
    async with services.database.transaction() as connection:
        stage = await change_stage(
            connection, caller, stage_key, services.clock.now(), name=body.name, retired=body.is_retired
        )
    return answer(StageRead.from_row(stage).to_json())


def _to_answer(stages: list[Stage]) -> Response:
    return answer({"stages": [StageRead.from_row(one).to_json() for one in stages]})
