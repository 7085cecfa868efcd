"""A command as a process: its settings, its loop, its signals, and the system it works on."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar, cast

import typer
from pydantic import ValidationError
from uvicorn.loops.auto import auto_loop_factory

from platbook.base.allocator import give_memory_back
from platbook.base.errors import FieldProblem, InvalidInput
from platbook.base.log import configure_log
from platbook.base.settings import Settings
from platbook.bootstrap.demo import to_demo_settings
from platbook.bootstrap.system import System, open_system

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_KILLED_BY = 128


@dataclass(frozen=True, slots=True)
class Options:
    """What stands before the command's name."""

    demo: bool = False


def load_settings(context: typer.Context) -> Settings:
    """The settings a command works with; InvalidInput names the variable that cannot be used, never its value."""
    try:
        settings = Settings.model_validate({})  # from the environment
    except ValidationError as error:
        problems = [
            FieldProblem(str(problem["loc"][0]).upper(), problem["msg"])
            for problem in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems) from None
    return to_demo_settings(settings) if is_demo(context) else settings


def is_demo(context: typer.Context) -> bool:
    """Whether the command was asked to work on the demo's database."""
    options = cast("Options | None", context.find_root().obj)
    return options is not None and options.demo


def run_async(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end on the fast loop, in a process that keeps no more memory than it uses."""
    give_memory_back()
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        return runner.run(work)


def run_on_system(context: typer.Context, work: Callable[[System], Awaitable[T]]) -> T:
    """Open the system, do a command's work on it, close it. Logs stay quiet: the command itself talks."""
    settings = load_settings(context)
    configure_log("WARNING", settings.platbook_log_format)

    async def whole() -> T:
        async with open_system(settings) as system:
            return await work(system)

    return run_async(whole())


@contextmanager
def stop_on_signals(stopping: asyncio.Event) -> Generator[None]:
    """Let Ctrl-C or SIGTERM set `stopping`, and a second one end the process at once."""
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        if stopping.is_set():
            os._exit(_KILLED_BY + number)
        stopping.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
