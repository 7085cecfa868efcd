"""Tables: coloured at a terminal, tab-separated lines in a pipe."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table
from rich.text import Text

from platbook.cli.output.console import out

_GAP = 2
_MIN_WRAPPED_WIDTH = 24

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
    """At a narrow terminal the column of the highest rank is left out first; rank 0 never is."""


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Print rows as a table; in a pipe, as tab-separated lines under a line of titles. `empty` is shown for no rows."""
    console, lines = out(), list(rows)
    if not console.is_terminal:
        for line in ([column.title for column in columns], *lines):
            sys.stdout.write("\t".join(value.replace("\t", " ").replace("\n", " ") for value in line) + "\n")
        return
    if not lines:
        console.print(f"[dim]{empty}[/]")
        return
    shown = _find_fitting(columns, lines, console.width)
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for column in (columns[at] for at in shown):
        justify = "right" if column.right else "left"
        overflow = "fold" if column.wrap else "ellipsis"
        table.add_column(column.title, justify=justify, no_wrap=not column.wrap, overflow=overflow)
    for line in lines:
        table.add_row(*(_styled(line[at]) for at in shown))
    console.print(table)


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print names with their values, one per line."""
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


def _find_fitting(columns: Sequence[Column], lines: Sequence[Sequence[str]], width: int) -> list[int]:
    """The columns that fit the width, by index."""
    needed = [
        _MIN_WRAPPED_WIDTH if column.wrap else max(len(column.title), *(len(line[at]) for line in lines))
        for at, column in enumerate(columns)
    ]
    fitting = list(range(len(columns)))
    while sum(needed[at] + _GAP for at in fitting) > width:
        worst = max(fitting, key=lambda at: columns[at].rank)
        if not columns[worst].rank:
            break
        fitting.remove(worst)
    return fitting


def _styled(value: str) -> Text:
    return Text(value, style=STATE_STYLES.get(value, ""))
