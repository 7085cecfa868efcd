"""Tasks: lists, one task, done and not done."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from platbook.api.authentication import Caller, user_id_of
from platbook.api.crm.leads_models import (
    TaskCreate,
    TaskList,
    TaskQuery,
    TaskRead,
    TaskStatsRead,
    TaskUpdate,
    to_aware,
    to_paging,
)
from platbook.api.crm.responses import answer, answer_list, to_task
from platbook.api.envelope import Success
from platbook.api.services import ServicesDep
from platbook.crm.tasks.search import TaskSearch, find_tasks, get_task_stats
from platbook.crm.tasks.store import change_task, create_task, delete_task, read_task, set_completed

router = APIRouter(prefix="/tasks", tags=["Tasks"])

_ONE: dict[int | str, dict[str, object]] = {200: {"model": Success[TaskRead]}}


@router.get("", responses={200: {"model": Success[TaskList]}})
async def list_tasks(services: ServicesDep, caller: Caller, query: Annotated[TaskQuery, Query()]) -> Response:
    """List the tasks one sees: one's own and those about one's leads, the next due first."""
    search = TaskSearch(
        lead_id=query.lead_id,
        priority=tuple(query.priority),
        is_completed=query.is_completed,
        assigned_to=user_id_of(caller) if query.assigned_to == "me" else query.assigned_to,
        due_before=query.due_before and to_aware(query.due_before),
        due_after=query.due_after and to_aware(query.due_after),
        overdue=query.overdue,
    )
    paging, now = to_paging(query, query.sort_by), services.clock.now()
    async with services.database.read() as connection:
        page = await find_tasks(connection, caller, search, paging, now)
    return answer_list("tasks", page, paging, lambda task: to_task(task, now))


@router.post("", status_code=201, responses={201: {"model": Success[TaskRead]}})
async def add_task(services: ServicesDep, caller: Caller, body: TaskCreate) -> Response:
    """Make a task, about a lead or none, for oneself unless told otherwise."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        task = await create_task(connection, caller, body.said(), now)
    made = answer(to_task(task, now), status=201)
    made.headers["Location"] = f"/api/v1/tasks/{task.id}"
    return made


@router.get("/stats", responses={200: {"model": Success[TaskStatsRead]}})
async def count_tasks(services: ServicesDep, caller: Caller) -> Response:
    """The tasks one sees: completed, pending, overdue, and due today on their own calendars."""
    async with services.database.read() as connection:
        stats = await get_task_stats(connection, caller, services.clock.now())
    return answer(
        {
            "completed": stats.completed,
            "pending": stats.pending,
            "overdue": stats.overdue,
            "dueToday": stats.due_today,
        }
    )


@router.get("/{task_id}", responses=_ONE)
async def get_task(services: ServicesDep, caller: Caller, task_id: UUID) -> Response:
    """One task."""
    async with services.database.read() as connection:
        return answer(to_task(await read_task(connection, caller, task_id), services.clock.now()))


@router.put("/{task_id}", responses=_ONE)
async def update_task(services: ServicesDep, caller: Caller, task_id: UUID, body: TaskUpdate) -> Response:
    """Change what is said of a task and leave the rest."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        return answer(to_task(await change_task(connection, caller, task_id, body.said(), now), now))


@router.delete("/{task_id}", status_code=204)
async def remove_task(services: ServicesDep, caller: Caller, task_id: UUID) -> Response:
    """Take a task off every list; it is not erased."""
    async with services.database.transaction() as connection:
        await delete_task(connection, caller, task_id, services.clock.now())
    return Response(status_code=204)


@router.post("/{task_id}/complete", responses=_ONE)
async def complete_task(services: ServicesDep, caller: Caller, task_id: UUID) -> Response:
    """Say that a task is done; its lead's log says so, too."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        return answer(to_task(await set_completed(connection, caller, task_id, now, completed=True), now))


@router.post("/{task_id}/incomplete", responses=_ONE)
async def reopen_task(services: ServicesDep, caller: Caller, task_id: UUID) -> Response:
    """Say that a task is not done after all."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        return answer(to_task(await set_completed(connection, caller, task_id, now, completed=False), now))
