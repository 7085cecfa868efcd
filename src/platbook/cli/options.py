"""Global options: those before the command's name; and commands to be typed next, which repeat them."""

import shlex
import shutil
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
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


def use_demo(context: typer.Context) -> None:
    """Let the command work on the demo's database, as `--demo` does."""
    remember(cast("typer.Context", context.find_root()), Options(demo=True))


_NAME = "platbook"


def to_command(arguments: str) -> str:
    """A command to be typed next, on the same database as this one."""
    return f"{_to_program()} {'--demo ' if _ON_DEMO.get() else ''}{arguments}"


def _to_program() -> str:
    """How this program is typed in this shell: by its name if PATH leads to it, else by its path."""
    started = Path(sys.argv[0])
    if not started.exists():  # within another program
        return _NAME
    found = shutil.which(started.name)
    if found is not None and started.samefile(found):
        return started.name
    here = Path.cwd()
    return shlex.quote(str(started.relative_to(here) if started.is_relative_to(here) else started))
