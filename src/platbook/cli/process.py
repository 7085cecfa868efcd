"""A command's process: settings, event loop, signals, and the database or system it works on."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import datetime
from typing import TypeVar

import typer
from pydantic import ValidationError

from platbook.base.errors import FieldProblem, InvalidInput
from platbook.base.log import configure_log
from platbook.base.memory import collect_garbage_less_often, return_freed_memory
from platbook.base.settings import Settings
from platbook.bootstrap.database import DatabaseContext, open_database
from platbook.bootstrap.demo_settings import to_demo_settings
from platbook.cli.options import is_demo
from platbook.db import WriteConnection

T = TypeVar("T")
C = TypeVar("C")
LoopFactory = Callable[[], asyncio.AbstractEventLoop]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SIGNAL_EXIT_BASE = 128


def load_settings(context: typer.Context) -> Settings:
    """A command's settings; InvalidInput names the environment variable at fault, never its value."""
    try:
        settings = Settings.model_validate({})  # from the environment
    except ValidationError as error:
        problems = [
            FieldProblem(str(problem["loc"][0]).upper(), problem["msg"])
            for problem in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems) from None
    return to_demo_settings(settings) if is_demo(context) else settings


def run_async(work: Coroutine[object, object, T], loop_factory: LoopFactory = asyncio.new_event_loop) -> T:
    """Run a coroutine to its end, in a process whose memory is tuned for pages of records."""
    return_freed_memory()
    collect_garbage_less_often()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(work)


def run_on_database(context: typer.Context, work: Callable[[DatabaseContext], Awaitable[T]]) -> T:
    """Open the database alone, run a command's work on it, close it."""
    return run_on(context, open_database, work)


def run_in_transaction(context: typer.Context, work: Callable[[WriteConnection, datetime], Awaitable[T]]) -> T:
    """Open the database alone, run a command's work on it in one transaction, close it."""

    async def work_in_transaction(opened: DatabaseContext) -> T:
        async with opened.database.transaction() as connection:
            return await work(connection, opened.clock.now())

    return run_on_database(context, work_in_transaction)


def run_on(
    context: typer.Context,
    open_it: Callable[[Settings], AbstractAsyncContextManager[C]],
    work: Callable[[C], Awaitable[T]],
    loop_factory: LoopFactory = asyncio.new_event_loop,
) -> T:
    """Open what a command works on, run its work, close it. Only warnings are logged: the command prints results."""
    settings = load_settings(context)
    configure_log("WARNING", settings.platbook_log_format)

    async def open_and_work() -> T:
        async with open_it(settings) as opened:
            return await work(opened)

    return run_async(open_and_work(), loop_factory)


@contextmanager
def stop_on_signals(stopping: asyncio.Event) -> Generator[None]:
    """Let Ctrl-C or SIGTERM set `stopping`, and a second one end the process at once."""
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        if stopping.is_set():
            os._exit(_SIGNAL_EXIT_BASE + number)
        stopping.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
