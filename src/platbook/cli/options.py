"""Global options: those before the command's name."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import cast

import typer


@dataclass(frozen=True, slots=True)
class Options:
    """The global options."""

    demo: bool = False


def is_demo(context: typer.Context) -> bool:
    """Whether the command works on the demo's database (`--demo`)."""
    options = cast("Options | None", context.find_root().obj)
    return options is not None and options.demo


_ON_DEMO = ContextVar("on_demo", default=False)


def remember(context: typer.Context, options: Options) -> None:
    """Keep the global options for the command, and for the commands that its output names."""
    context.obj = options
    _ON_DEMO.set(options.demo)


def to_command(arguments: str) -> str:
    """A command to be typed next, on the same database as this one."""
    return f"platbook {'--demo ' if _ON_DEMO.get() else ''}{arguments}"
