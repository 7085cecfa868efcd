"""Commands that need the complete system; where the database is enough, `process.run_on_database` starts faster."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from platbook.bootstrap.system import System, open_system
from platbook.cli.event_loop import new_event_loop
from platbook.cli.process import run_on

T = TypeVar("T")


def run_on_system(context: typer.Context, work: Callable[[System], Awaitable[T]]) -> T:
    """Open the system, run a command's work on it, close it."""
    return run_on(context, open_system, work, new_event_loop)
