"""What stands on the command line before the command's name."""

from dataclasses import dataclass
from typing import cast

import typer


@dataclass(frozen=True, slots=True)
class Options:
    """What stands before the command's name."""

    demo: bool = False


def is_demo(context: typer.Context) -> bool:
    """Whether the command was asked to work on the demo's database."""
    options = cast("Options | None", context.find_root().obj)
    return options is not None and options.demo
