"""`platbook up`, `serve` and `work`: the long-running processes of an installation."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated

import typer

from platbook.accounts import has_demo_password
from platbook.accounts.demo_user import EMAIL
from platbook.base.errors import NeedsOperator
from platbook.base.log import configure_log, get_log
from platbook.base.settings import Settings
from platbook.bootstrap.home_lock import sole_server
from platbook.bootstrap.http_server import bind, serve_api, to_url
from platbook.bootstrap.system import System, open_system
from platbook.bootstrap.worker import run_jobs
from platbook.cli.event_loop import new_event_loop
from platbook.cli.process import load_settings, run_async, stop_on_signals

log = get_log("cli")

_Host = Annotated[str | None, typer.Option(help="The address to listen on; PLATBOOK_HOST.", show_default=False)]
_Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="The port to listen on, 0 for a free one; PLATBOOK_PORT.", show_default=False),
]
_Work = Callable[[System, asyncio.Event], Awaitable[None]]


def up(context: typer.Context, host: _Host = None, port: _Port = None) -> None:
    """Run server, worker and scheduler in one process."""
    settings, bound = _listen(context, host, port)

    async def both(system: System, stopping: asyncio.Event) -> None:
        await _refuse_demo(system)
        with _sole_server(system):
            async with asyncio.TaskGroup() as group:
                group.create_task(_serve(system, bound, stopping))
                group.create_task(run_jobs(system, stopping))

    _run(settings, both)


def serve(context: typer.Context, host: _Host = None, port: _Port = None) -> None:
    """Run the server alone; `platbook work` does the syncs."""
    settings, bound = _listen(context, host, port)

    async def server_alone(system: System, stopping: asyncio.Event) -> None:
        await _refuse_demo(system)
        await _serve(system, bound, stopping)

    _run(settings, server_alone)


def work(context: typer.Context) -> None:
    """Run a worker with the scheduler; any number of them, on any machine."""
    _run(load_settings(context), run_jobs)


def _listen(context: typer.Context, host: str | None, port: int | None) -> tuple[Settings, socket.socket]:
    settings = load_settings(context)
    bound = bind(settings.platbook_host if host is None else host, settings.platbook_port if port is None else port)
    return settings, bound


def _run(settings: Settings, work: _Work) -> None:
    configure_log(settings.platbook_log_level, settings.platbook_log_format)

    async def run_until_stopped() -> None:
        stopping = asyncio.Event()
        with stop_on_signals(stopping):
            async with open_system(settings) as system:
                await work(system, stopping)
                log.info("stopped")

    run_async(run_until_stopped(), new_event_loop)


async def _refuse_demo(system: System) -> None:
    async with system.database.read() as connection:
        if await has_demo_password(connection):
            raise NeedsOperator(
                "this database has a user with the demo's password, which is public; disable that user "
                f"(platbook user disable {EMAIL}), or use another PLATBOOK_HOME"
            )


def _sole_server(system: System) -> AbstractContextManager[None]:
    """Nobody else's `up` on this home, where the database is in it; any number share an external database."""
    return sole_server(system.settings.platbook_home) if system.settings.database_url is None else nullcontext()


async def _serve(system: System, bound: socket.socket, stopping: asyncio.Event) -> None:
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve_api(system, bound, stopping, ready=ready))
        await ready.wait()
        log.info("serving", url=to_url(bound))
