"""`platbook sync`: start a provider's sync and follow it."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import typer

from platbook.application import syncs
from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import Conflict, InvalidInput
from platbook.bootstrap.system import System
from platbook.bootstrap.worker import working
from platbook.cli.exit_codes import EXIT_CODES_HELP
from platbook.cli.options import to_command
from platbook.cli.output.console import err, print_error, say
from platbook.cli.output.format import to_bytes, to_duration, to_number
from platbook.cli.output.json_output import print_json
from platbook.cli.output.progress import follow, show_progress
from platbook.cli.output.table import print_facts
from platbook.cli.process import stop_on_signals
from platbook.cli.run_exit import exit_of_run
from platbook.cli.system import run_on_system
from platbook.jobs.workers import has_workers
from platbook.sync.jobs import wake_worker
from platbook.sync.reports.history import Run
from platbook.sync.reports.status import ProviderStatus, get_status
from platbook.sync.runs.run import RunRequest, SyncType

_PICKED_UP_SECONDS = 5
_INTERRUPTED = 130
_WAITING = "SYNC_WAITING"


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that ended, and its provider's status after it."""

    run: Run
    status: ProviderStatus


def sync(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    provider: Annotated[str, typer.Argument(help="The provider's id.")],
    *,
    full: Annotated[bool, typer.Option("--full", help="Read all listings, then remove what is gone.")] = False,
    incremental: Annotated[bool, typer.Option("--incremental", help="Read what changed (the default).")] = False,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Read all keys and remove what the source no longer has.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would change; write nothing.")] = False,
    key: Annotated[str | None, typer.Option("--key", metavar="K", help="Read one listing by its listing key.")] = None,
    accept: Annotated[
        UUID | None,
        typer.Option(
            "--accept-sweep", metavar="SWEEP_ID", help="Remove exactly what a refused sweep would have removed."
        ),
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Stop the waiting or running sync.")] = False,
    here: Annotated[bool, typer.Option("--here", help="Run it in this process even if a worker is alive.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the run as one JSON document.")] = False,
) -> None:
    """Sync a provider now and follow it until it ends."""
    chosen = [name for name, flag in (("full", full), ("incremental", incremental), ("sweep", sweep)) if flag]
    if len(chosen) + (accept is not None) + cancel > 1:
        raise InvalidInput("choose one of --full, --incremental, --sweep, --accept-sweep and --cancel")
    if cancel:
        run_on_system(context, lambda system: _cancel(system, provider, as_json=as_json))
        return
    sync_type = SyncType(chosen[0]) if chosen else SyncType.INCREMENTAL
    request = RunRequest(provider, sync_type, dry_run=dry_run, listing_key=key, sweep_id=accept)

    async def start_and_follow(system: System) -> EndedRun | None:
        return await _start_and_follow(system, request, here=here)

    ended = run_on_system(context, start_and_follow)
    if ended is None:
        raise typer.Exit(_INTERRUPTED)
    print_json(ended.run) if as_json else print_run(ended.run)
    raise typer.Exit(exit_of_run(ended.run.status, needs_operator=ended.status.needs_operator is not None))


sync.__doc__ = f"{sync.__doc__}\n\n{EXIT_CODES_HELP}"


async def _start_and_follow(system: System, request: RunRequest, *, here: bool) -> EndedRun | None:
    """Start the run and follow it; None: the user stopped following and it goes on.

    Where a run waits already that no worker would take, this process does that one first.
    """
    provider_id = request.provider_id
    try:
        sync_id = await _start(system, request)
    except Conflict as conflict:
        if conflict.code != _WAITING or await has_workers(system.database):
            raise
        err().print("A run waits already, and no worker is alive: it is done here.", markup=False)
        await wake_worker(system.queue, provider_id)
        ended = await sync_and_follow(system, UUID(conflict.extra["syncId"]), provider_id, here=True)
        if ended is None or _is_same(ended.run, request):
            return ended
        sync_id = await _start(system, request)
    return await sync_and_follow(system, sync_id, provider_id, here=here)


def _is_same(run: Run, request: RunRequest) -> bool:
    """Whether a run was what is asked for."""
    is_plain = request.listing_key is None and request.sweep_id is None
    return is_plain and (run.sync_type, run.dry_run) == (request.sync_type, request.dry_run)


async def sync_and_follow(system: System, sync_id: UUID, provider_id: str, *, here: bool) -> EndedRun | None:
    """Follow a run that a worker takes, or else this process; None: the user stopped following and it goes on."""
    stopping = asyncio.Event()
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(stop_on_signals(stopping))
        here = here or not await has_workers(system.database)
        if here:
            await stack.enter_async_context(working(system, schedule=False))
        display = stack.enter_context(show_progress(provider_id))
        following = asyncio.create_task(follow(system, provider_id, sync_id, display))
        stopped = asyncio.create_task(stopping.wait())
        if not here:
            await asyncio.wait({following, stopped}, timeout=_PICKED_UP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if await _is_not_taken(system, provider_id, sync_id):
                here = True
                await stack.enter_async_context(working(system, schedule=False))
        await asyncio.wait({following, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not following.done():
            if not here:
                following.cancel()
                print_run_continues(provider_id)
                return None
            with contextlib.suppress(Conflict):  # the run has just ended
                await syncs.cancel_sync(system, provider_id, COMMAND_LINE)
        stopped.cancel()
        run = await following
    async with system.database.read() as connection:
        return EndedRun(run, await get_status(connection, provider_id, system.clock.now()))


def print_run_continues(provider_id: str) -> None:
    """Print how to see and stop a run that a worker continues."""
    err().print(f"A worker continues the run. See it: {to_command(f'status {provider_id}')}", markup=False)
    err().print(f"Stop it: {to_command(f'sync {provider_id} --cancel')}", markup=False)


def print_run(run: Run) -> None:
    """Print a run's outcome as a table."""
    duration = "" if run.duration_ms is None else to_duration(run.duration_ms / 1000)
    kind = f"{run.sync_type}{', dry run: nothing was written' if run.dry_run else ''}"
    facts = [
        ("run", str(run.sync_id)),
        ("provider", run.provider_id),
        ("type", kind),
        ("status", run.status),
        ("duration", duration),
        ("fetched", to_number(run.fetched)),
        ("added", to_number(run.added)),
        ("updated", to_number(run.updated)),
        ("unchanged", to_number(run.unchanged)),
        ("removed", to_number(run.deleted)),
        ("rejected", to_number(run.errored)),
        ("stale", to_number(run.stale)),
        *((("found by sweep", to_number(run.found_by_sweep)),) if run.found_by_sweep else ()),
        ("photos", f"{to_number(run.media_downloaded)} stored, {to_number(run.media_failed)} failed"),
        ("transferred", f"{to_number(run.requests)} requests, {to_bytes(run.bytes)}"),
        *((("error", run.error),) if run.error else ()),
        *(("remark", remark) for remark in run.remarks),
    ]
    print_facts(facts)
    if run.errored:
        command = to_command(f"errors {run.provider_id}")
        print_error(f"{to_number(run.errored)} records were rejected; see them: {command}")


async def _start(system: System, request: RunRequest) -> UUID:
    if request.sweep_id is None:
        return (await syncs.start_sync(system, request, COMMAND_LINE)).sync_id
    provider_id = request.provider_id
    return (await syncs.accept_sweep(system, request.sweep_id, COMMAND_LINE, provider_id=provider_id)).sync_id


async def _is_not_taken(system: System, provider_id: str, sync_id: UUID) -> bool:
    """Whether the run still waits though no other is under way: the worker that seemed alive is gone."""
    async with system.database.read() as connection:
        status = await get_status(connection, provider_id, system.clock.now())
    return status.current is None and status.waiting_sync_id == sync_id


async def _cancel(system: System, provider_id: str, *, as_json: bool) -> None:
    cancelled = await syncs.cancel_sync(system, provider_id, COMMAND_LINE)
    if as_json:
        print_json({"providerId": provider_id, "syncIds": cancelled})
    else:
        say(f"Cancelling: {', '.join(str(one) for one in cancelled)}")
