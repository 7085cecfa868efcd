"""Every command of the program, loaded."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import typer.core

from platbook.cli.lazy import LazyCommand
from platbook.cli.main import create_program


def _commands(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Every command by its words, with its options."""
    params = cast("Sequence[typer.core.TyperOption]", getattr(command, "params", ()))
    yield path, {option for one in params for option in one.opts}
    for name, inner in cast("Mapping[str, object]", getattr(command, "commands", {})).items():
        yield from _commands(inner.load() if isinstance(inner, LazyCommand) else inner, (*path, name))


COMMANDS = dict(_commands(create_program()))
"""The options of every command, by its words: `("provider", "add")`."""
