"""Commands that are imported when they run: the list of commands needs only their names and their help."""

from collections.abc import Callable
from pkgutil import resolve_name
from typing import cast

import typer
from typer.core import TyperCommand, TyperGroup


class LazyCommand(TyperCommand):
    """Stands for a command or a group of commands in the help, and loads it to run it.

    `target` is `module:attribute`, of a function or of a `typer.Typer`.
    """

    def __init__(self, name: str, target: str, short_help: str, *, panel: str) -> None:
        super().__init__(name, help=short_help, rich_help_panel=panel)
        self._target = target

    def load(self) -> TyperCommand | TyperGroup:
        """Import the command."""
        found: object = resolve_name(self._target)
        if isinstance(found, typer.Typer):
            command = typer.main.get_group(found)
            command.name = self.name
            return command
        alone = typer.Typer(add_completion=False)
        alone.command(self.name)(cast("Callable[..., None]", found))
        return cast("TyperCommand", typer.main.get_command(alone))

    def make_context(
        self, info_name: str | None, args: list[str], parent: object = None, **extra: object
    ) -> typer.Context:
        """Have the command itself parse its arguments, and run."""
        made = self.load().make_context(info_name, args, cast("typer.Context | None", parent), **extra)
        return cast("typer.Context", made)
