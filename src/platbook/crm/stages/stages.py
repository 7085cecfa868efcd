"""The table `lead_stages`: read by everybody, named, ordered and retired by admins; every change is audited."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import Conflict, InvalidInput, NotFound
from platbook.base.rights import Right, require
from platbook.crm.enums import StageKind
from platbook.crm.stages.stage import FIRST, Stage, match_stage, to_key, to_name
from platbook.db import ReadConnection, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.crm.stages")


async def find_stages(connection: ReadConnection) -> list[Stage]:
    """Every stage in order, retired ones too."""
    return await connection.all(Stage, Q.find_stages)


async def find_usable_stage(connection: ReadConnection, key: str) -> Stage:
    """The stage that a lead may be moved to. Errors: InvalidInput."""
    stage = await connection.first(Stage, Q.get_stage, {"key": key})
    if stage is None or stage.retired_at is not None:
        usable = [one.key for one in await find_stages(connection) if one.retired_at is None]
        raise InvalidInput.of("status", f"must be one of {', '.join(usable)}")
    return stage


async def check_stages(connection: ReadConnection, keys: Sequence[str]) -> None:
    """Refuse a filter by a stage that there never was. Errors: InvalidInput."""
    known = [one.key for one in await find_stages(connection)] if keys else []
    for index, key in enumerate(keys):
        if key not in known:
            raise InvalidInput.of(f"status.{index}", f"must be one of {', '.join(known)}")


async def add_stage(
    connection: WriteConnection, actor: Actor, name: str, kind: StageKind, at: datetime, *, key: str | None = None
) -> Stage:
    """Add a stage after the last of its kind; by default its key is its name. NotAllowed, InvalidInput, Conflict."""
    require(actor, Right.MANAGE_USERS)
    stages = await connection.all(Stage, Q.lock_stages)
    stage = Stage(to_key(key or name), to_name(name), kind.value, len(stages) + 1, at, at)
    _check_unique(stages, stage)
    params: dict[str, object] = {
        "key": stage.key,
        "name": stage.name,
        "kind": kind.value,
        "place": stage.place,
        "at": at,
    }
    await connection.run(Q.insert_stage, params)
    last = max((index for index, one in enumerate(stages) if one.kind == kind), default=len(stages) - 1)
    keys = [one.key for one in stages]
    await connection.run(Q.order_stages, {"keys": [*keys[: last + 1], stage.key, *keys[last + 1 :]], "at": at})
    await _audit(connection, actor, "lead stage added", stage.key, at, {"name": stage.name, "kind": kind.value})
    return await get_stage(connection, stage.key)


async def change_stage(
    connection: WriteConnection,
    actor: Actor,
    key: str,
    at: datetime,
    *,
    name: str | None = None,
    retired: bool | None = None,
) -> Stage:
    """Rename a stage, retire it or take it back; its leads stay in it. NotAllowed, NotFound, InvalidInput, Conflict."""
    require(actor, Right.MANAGE_USERS)
    stages = await connection.all(Stage, Q.lock_stages)
    before = next((one for one in stages if one.key == key), None)
    if before is None:
        raise _not_found()
    stage = before if name is None else replace(before, name=to_name(name))
    if retired is not None and retired is not (before.retired_at is not None):
        stage = replace(stage, retired_at=at if retired else None)
    if retired and key == FIRST:
        raise Conflict("new leads begin in this stage; rename it instead")
    if stage == before:
        return before
    _check_unique([one for one in stages if one.key != key], stage)
    params: dict[str, object] = {"key": key, "name": stage.name, "retired_at": stage.retired_at, "at": at}
    await connection.run(Q.update_stage, params)
    details = {"before": _to_details(before), "after": _to_details(stage)}
    await _audit(connection, actor, "lead stage edited", key, at, details)
    return await get_stage(connection, key)


async def order_stages(connection: WriteConnection, actor: Actor, keys: Sequence[str], at: datetime) -> list[Stage]:
    """Put all stages into an order. NotAllowed, InvalidInput."""
    require(actor, Right.MANAGE_USERS)
    before = [one.key for one in await connection.all(Stage, Q.lock_stages)]
    if sorted(keys) != sorted(before):
        raise InvalidInput.of("keys", f"must name each stage once: {', '.join(before)}")
    if list(keys) != before:
        await connection.run(Q.order_stages, {"keys": list(keys), "at": at})
        await _audit(connection, actor, "lead stages ordered", "all", at, {"before": before, "after": list(keys)})
    return await find_stages(connection)


async def get_stage(connection: ReadConnection, key: str) -> Stage:
    """One stage. NotFound."""
    stage = await connection.first(Stage, Q.get_stage, {"key": key})
    if stage is None:
        raise _not_found()
    return stage


def _check_unique(others: Sequence[Stage], stage: Stage) -> None:
    for text in (stage.key, stage.name):
        if (other := match_stage(others, text)) is not None:
            raise Conflict(f"the stage {other.key} has this key or name", code="STAGE_EXISTS")


def _to_details(stage: Stage) -> dict[str, object]:
    return {"name": stage.name, "retired": stage.retired_at is not None}


def _not_found() -> NotFound:
    return NotFound("no stage has this key", code="STAGE_NOT_FOUND")


async def _audit(
    connection: WriteConnection, actor: Actor, act: str, key: str, at: datetime, details: Mapping[str, object]
) -> None:
    await audit.record(connection, actor, act, AuditSubject("lead stage", key), at, details)
