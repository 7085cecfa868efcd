"""Global options: those before the command's name."""

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
