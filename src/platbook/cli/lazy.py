"""Lazy commands: a command's module is imported when it runs; the list of commands needs only names and help."""

from collections.abc import Callable, Sequence
from pkgutil import resolve_name
from typing import cast

import typer
from typer.core import TyperCommand, TyperGroup


class LazyCommand(TyperCommand):
    """A proxy for a command or a group of commands, shown in the help and loaded to run.

    `target` is `module:attribute`, of a function, a `typer.Typer`, or a group of lazy commands.
    """

    def __init__(self, name: str, target: str, short_help: str, *, panel: str | None = None) -> None:
        super().__init__(name, help=short_help, rich_help_panel=panel)
        self._target = target

    def load(self) -> TyperCommand | TyperGroup:
        """Import the command."""
        target: object = resolve_name(self._target)
        if isinstance(target, typer.Typer):
            target = typer.main.get_group(target)
        if isinstance(target, TyperGroup):
            target.name = self.name
            return target
        single = typer.Typer(add_completion=False)
        single.command(self.name)(cast("Callable[..., None]", target))
        return cast("TyperCommand", typer.main.get_command(single))

    def make_context(
        self, info_name: str | None, args: list[str], parent: object = None, **extra: object
    ) -> typer.Context:
        """Load the command and let it parse its arguments."""
        context = self.load().make_context(info_name, args, cast("typer.Context | None", parent), **extra)
        return cast("typer.Context", context)


def create_group(description: str, commands: Sequence[LazyCommand]) -> TyperGroup:
    """A group of lazy commands, in the order of its help."""
    group = typer.main.get_group(typer.Typer(help=description, no_args_is_help=True, callback=lambda: None))
    for command in commands:
        group.add_command(command)
    return group
