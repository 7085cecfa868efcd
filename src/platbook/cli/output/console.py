"""Where output goes: tables and colour for a person at a terminal, tab-separated lines in a pipe, JSON when asked."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import cast

import orjson
from pydantic.alias_generators import to_camel
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

_GAP = 2
_WRAPPED = 24
"""Less room than this, and what wraps is no longer easy to read."""

STATE_STYLES: Mapping[str, str] = {
    "running": "bold cyan",
    "waiting": "cyan",
    "retrying": "cyan",
    "idle": "green",
    "success": "green",
    "accepted": "green",
    "partial": "yellow",
    "pending": "yellow",
    "refused": "yellow",
    "needs_operator": "bold red",
    "failed": "red",
    "abandoned": "red",
    "cancelled": "dim",
    "disabled": "dim",
    "archived": "dim",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column."""

    title: str
    right: bool = False
    wrap: bool = False
    rank: int = 0
    """Where the terminal is narrow, the column of the highest rank is left out first; 0 never is."""


def out() -> Console:
    """Standard output."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    """Standard error: progress and complaints."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def say(text: str) -> None:
    """A line for people, with markup."""
    out().print(text)


def complain(text: str) -> None:
    """One line on standard error, as it stands."""
    console = err()
    lead = "[bold red]platbook:[/] " if console.is_terminal else "platbook: "
    console.print(f"{lead}{escape(text)}")


def print_json(value: object) -> None:
    """One JSON document: dataclasses as objects with camelCase names."""
    text = orjson.dumps(_plain(value), option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z, default=str)
    sys.stdout.write(text.decode() + "\n")


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Rows as a table; in a pipe, as lines of tab-separated values under a line of titles. `empty`: what none means."""
    console, lines = out(), list(rows)
    if not console.is_terminal:
        for line in ([column.title for column in columns], *lines):
            sys.stdout.write("\t".join(value.replace("\t", " ").replace("\n", " ") for value in line) + "\n")
        return
    if not lines:
        console.print(f"[dim]{empty}[/]")
        return
    kept = _fitting(columns, lines, console.width)
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for column in (columns[at] for at in kept):
        justify = "right" if column.right else "left"
        overflow = "fold" if column.wrap else "ellipsis"
        table.add_column(column.title, justify=justify, no_wrap=not column.wrap, overflow=overflow)
    for line in lines:
        table.add_row(*(_styled(line[at]) for at in kept))
    console.print(table)


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Names and what is true of them, one to a line."""
    console, lines = out(), list(facts)
    if not console.is_terminal:
        for name, value in lines:
            sys.stdout.write(f"{name}\t{value}\n")
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in lines:
        grid.add_row(name, _styled(value))
    console.print(grid)


def _fitting(columns: Sequence[Column], lines: Sequence[Sequence[str]], width: int) -> list[int]:
    """Which columns there is room for."""
    needed = [
        _WRAPPED if column.wrap else max(len(column.title), *(len(line[at]) for line in lines))
        for at, column in enumerate(columns)
    ]
    kept = list(range(len(columns)))
    while sum(needed[at] + _GAP for at in kept) > width:
        worst = max(kept, key=lambda at: columns[at].rank)
        if not columns[worst].rank:
            break
        kept.remove(worst)
    return kept


def _styled(value: str) -> Text:
    return Text(value, style=STATE_STYLES.get(value, ""))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {to_camel(part.name): _plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in cast("Sequence[object]", value)]
    return value
