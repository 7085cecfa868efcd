"""`platbook completion`: scripts by which shells complete this program's commands, options and values."""

import contextlib
import io
import sys
from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import shell_complete


class Shell(StrEnum):
    """A shell that the program writes a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


_ZSH_CALL = """
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _platbook_completion "$@"
fi
"""
"""Zsh loads the script at the first completion, and expects it to complete then."""


def completion(
    context: typer.Context, shell: Annotated[Shell, typer.Argument(help="The shell.", show_default=False)]
) -> None:
    """Print the completion script of a shell; `make install` puts it where each shell looks for it."""
    script = io.StringIO()
    with contextlib.redirect_stdout(script):
        shell_complete(context.find_root().command, {}, "platbook", "_PLATBOOK_COMPLETE", f"source_{shell}")
    # Zsh finds a script by its first line, which must not be empty.
    sys.stdout.write(script.getvalue().strip() + "\n" + (_ZSH_CALL if shell is Shell.ZSH else ""))
