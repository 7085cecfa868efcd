"""`platbook demo`: an invented MLS, synced and served, in a database of its own."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.rule import Rule

from platbook.accounts.demo_user import EMAIL, PASSWORD
from platbook.application import syncs
from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import Conflict
from platbook.base.log import configure_log
from platbook.base.settings import Settings
from platbook.bootstrap.demo import PROVIDER_ID, create_demo_key, serve_demo
from platbook.bootstrap.demo_settings import HOST
from platbook.bootstrap.http_server import bind, serve_api, to_url
from platbook.bootstrap.system import System, open_system
from platbook.bootstrap.worker import run_jobs
from platbook.cli.event_loop import new_event_loop
from platbook.cli.exit_codes import ExitCode
from platbook.cli.options import to_command, use_demo
from platbook.cli.output.console import out
from platbook.cli.output.format import to_changes, to_duration, to_number
from platbook.cli.output.progress import follow, show_progress
from platbook.cli.process import load_settings, run_async, stop_on_signals
from platbook.cli.run_exit import exit_of_run
from platbook.sync.jobs import wake_worker
from platbook.sync.reports.history import Run
from platbook.sync.reports.status import get_status
from platbook.sync.runs.run import RunRequest, RunStatus, SyncType

_PORT = 3000
_LISTINGS = 50

_SCRIPT = """\
TOKEN=$(curl -s {url}/api/v1/auth/login \\
  -H 'Content-Type: application/json' \\
  -d '{{"email":"{email}","password":"{password}"}}' \\
  | python3 -c 'import sys,json; print(json.load(sys.stdin)["data"]["token"])')

curl -s -X POST {url}/api/v1/admin/mls/sync \\
  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
  -d '{{"providerId":"{provider}","syncType":"full"}}'

curl -s -H "Authorization: Bearer $TOKEN" {url}/api/v1/admin/mls/status

curl -s -H "Authorization: Bearer $TOKEN" {url}/api/v1/properties
"""
"""The quick start, the same text as in the README, on the chosen port."""


def demo(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = _PORT,
    listings: Annotated[int, typer.Option(min=1, max=5_000_000, help="How many listings to invent.")] = _LISTINGS,
    once: Annotated[bool, typer.Option("--once", help="End after the sync; nothing is served.")] = False,
) -> None:
    """Live listings of an invented MLS behind an API, in a database of its own. It needs no setup."""
    use_demo(context)
    settings = load_settings(context)
    configure_log("WARNING", settings.platbook_log_format)
    bound = None if once else bind(HOST, port)
    raise typer.Exit(run_async(_Demo(settings, listings, bound, out()).run(), new_event_loop))


@dataclass(slots=True)
class _Demo:
    settings: Settings
    listings: int
    bound: socket.socket | None
    console: Console

    async def run(self) -> ExitCode:
        stopping = asyncio.Event()
        self.console.print("\n [bold]Platbook[/]  a live, invented MLS in a database of its own\n")
        with stop_on_signals(stopping), self.console.status("Starting PostgreSQL") as status:
            began = time.monotonic()
            async with open_system(self.settings) as system, serve_demo(system, self.listings) as login_url:
                status.stop()
                self._print_step("Database", str(self.settings.platbook_home), began)
                self.console.print(f" [green]✓[/] {'MLS':<10}RETS at {login_url}")
                code = await self._run_on(system, stopping)
                status.update("Stopping")
                status.start()
        return code

    async def _run_on(self, system: System, stopping: asyncio.Event) -> ExitCode:
        sync_id = await _request(system)
        ready = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(run_jobs(system, stopping))
            if self.bound is not None:
                key = await create_demo_key(system)
                group.create_task(serve_api(system, self.bound, stopping, ready=ready, demo_key=key))
            code = await self._first_sync(system, sync_id, stopping)
            if self.bound is None:
                stopping.set()
            elif not stopping.is_set():
                await ready.wait()
                self._print_quick_start(to_url(self.bound))
                await stopping.wait()
                return ExitCode.SUCCESS
        return code

    async def _first_sync(self, system: System, sync_id: UUID, stopping: asyncio.Event) -> ExitCode:
        began = time.monotonic()
        with show_progress("Syncing") as display:
            run = await _follow_until(stopping, follow(system, PROVIDER_ID, sync_id, display))
        if run is None:
            return ExitCode.CANCELLED
        async with system.database.read() as connection:
            status = await get_status(connection, PROVIDER_ID, system.clock.now())
        self._print_outcome(run, began)
        return exit_of_run(run.status, needs_operator=status.needs_operator is not None)

    def _print_outcome(self, run: Run, began: float) -> None:
        if run.status not in {RunStatus.SUCCESS, RunStatus.PARTIAL}:
            self.console.print(f" [red]✗[/] Sync       {run.status}: {run.error or 'see the log'}", markup=True)
            return
        self._print_step("Sync", f"{to_number(run.fetched)} listings synced: {to_changes(run)}", began)

    def _print_step(self, name: str, text: str, began: float) -> None:
        duration = to_duration(time.monotonic() - began)
        self.console.print(f" [green]✓[/] {name:<10}", end="")
        self.console.print(text, markup=False, end="")
        self.console.print(f"  [dim]{duration}[/]")

    def _print_quick_start(self, url: str) -> None:
        say = self.console.print
        say(f" [green]✓[/] {'Serving':<10}[bold]{url}[/]  [dim]log in as {EMAIL} / {PASSWORD}[/]\n")
        say(Rule("Try it", align="left", style="dim") if self.console.is_terminal else "Try it:")
        script = _SCRIPT.format(url=url, email=EMAIL, password=PASSWORD, provider=PROVIDER_ID)
        self.console.print(script, markup=False, soft_wrap=True)
        say(f" {'Read the API':<14} [cyan]{url}/api/v1/docs[/]")
        for title, command in (("Sync again", f"sync {PROVIDER_ID}"), ("Watch", "status"), ("Its runs", "history")):
            say(f" {title:<14} [cyan]{escape(to_command(command))}[/]", soft_wrap=True)
        say()
        say(" The market moves a day every four minutes and is synced every 15. [bold]Ctrl-C[/] stops.")


async def _request(system: System) -> UUID:
    """Request a full sync; a run that waits already is used instead."""
    try:
        return (await syncs.start_sync(system, RunRequest(PROVIDER_ID, SyncType.FULL), COMMAND_LINE)).sync_id
    except Conflict as conflict:
        await wake_worker(system.queue, PROVIDER_ID)
        return UUID(conflict.extra["syncId"])


async def _follow_until(stopping: asyncio.Event, following: Coroutine[object, object, Run]) -> Run | None:
    task, stopped = asyncio.ensure_future(following), asyncio.ensure_future(stopping.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        return task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return None
