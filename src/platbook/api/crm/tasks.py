"""Tasks: list, create, read, change, complete, reopen, delete."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from platbook.api.authentication import Caller, user_id_of
from platbook.api.crm.query_string import parse_optional_time, to_paging
from platbook.api.crm.responses import answer, answer_list, to_task
from platbook.api.crm.tasks_models import TaskCreate, TaskList, TaskQuery, TaskRead, TaskStatsRead, TaskUpdate
from platbook.api.envelope import Success
from platbook.api.services import ServicesDep
from platbook.crm.tasks.search import TaskSearch, find_tasks, get_task_stats
from platbook.crm.tasks.store import change_task, create_task, delete_task, read_task, set_completed

router = APIRouter(prefix="/tasks", tags=["Tasks"])

_ONE: dict[int | str, dict[str, object]] = {200: {"model": Success[TaskRead]}}


@router.get("", responses={200: {"model": Success[TaskList]}})
async def list_tasks(services: ServicesDep, caller: Caller, query: Annotated[TaskQuery, Query()]) -> Response:
    """List the caller's tasks and those about the caller's leads, the next due first."""
    search = TaskSearch(
        lead_id=query.lead_id,
        priority=tuple(query.priority),
        is_completed=query.is_completed,
        assigned_to=user_id_of(caller) if query.assigned_to == "me" else query.assigned_to,
        due_before=parse_optional_time("dueBefore", query.due_before),
        due_after=parse_optional_time("dueAfter", query.due_after),
        overdue=query.overdue,
    )
    paging, now = to_paging(query, query.sort_by), services.clock.now()
    async with services.database.read() as connection:
        page = await find_tasks(connection, caller, search, paging, now)
    return answer_list("tasks", page, paging, lambda task: to_task(task, now))


@router.post("", status_code=201, responses={201: {"model": Success[TaskRead]}})
async def add_task(services: ServicesDep, caller: Caller, body: TaskCreate) -> Response:
    """Create a task, with or without a lead, assigned to the caller unless `assignedTo` is sent."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        task = await create_task(connection, caller, body.to_changes(), now)
    response = answer(to_task(task, now), status=201)
    response.headers["Location"] = f"/api/v1/tasks/{task.id}"
    return response


@router.get("/stats", responses={200: {"model": Success[TaskStatsRead]}})
async def count_tasks(services: ServicesDep, caller: Caller) -> Response:
    """Count the tasks the caller may see: completed, pending, overdue, and due today for their assignees."""
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
    """Get a task."""
    async with services.database.read() as connection:
        return answer(to_task(await read_task(connection, caller, task_id), services.clock.now()))


@router.put("/{task_id}", responses=_ONE)
async def update_task(services: ServicesDep, caller: Caller, task_id: UUID, body: TaskUpdate) -> Response:
    """Change the fields that are sent of a task."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        return answer(to_task(await change_task(connection, caller, task_id, body.to_changes(), now), now))


@router.delete("/{task_id}", status_code=204)
async def remove_task(services: ServicesDep, caller: Caller, task_id: UUID) -> Response:
    """Delete a task (soft delete: it is not erased)."""
    async with services.database.transaction() as connection:
        await delete_task(connection, caller, task_id, services.clock.now())
    return Response(status_code=204)


@router.post("/{task_id}/complete", responses=_ONE)
async def complete_task(services: ServicesDep, caller: Caller, task_id: UUID) -> Response:
    """Complete a task; this is logged as an interaction with its lead."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        return answer(to_task(await set_completed(connection, caller, task_id, now, completed=True), now))


@router.post("/{task_id}/incomplete", responses=_ONE)
async def reopen_task(services: ServicesDep, caller: Caller, task_id: UUID) -> Response:
    """Reopen a completed task."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        return answer(to_task(await set_completed(connection, caller, task_id, now, completed=False), now))
