"""The table of `platbook status` at terminals of any width."""

import io

import pytest
from rich.console import Console

from platbook.cli.commands.reports import STATUS_COLUMNS
from platbook.cli.output import table

ROW = ("harbour_association", "RETS", "running walk 12,345/67,890", "12,345", "3 min ago", "in 4 h", "17", "23")


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (60, ["provider", "state", "errors"]),
        (80, ["provider", "state", "listings", "next run", "errors"]),
        (200, [column.title for column in STATUS_COLUMNS]),
    ],
)
def test_name_and_state_are_whole_at_any_width(monkeypatch: pytest.MonkeyPatch, width: int, titles: list[str]) -> None:
    written = io.StringIO()
    console = Console(file=written, width=width, force_terminal=True, color_system=None)
    monkeypatch.setattr(table, "out", lambda: console)
    table.print_table(STATUS_COLUMNS, [ROW], empty="")
    lines = [line for line in written.getvalue().splitlines() if line.strip()]
    assert [title for title in (column.title for column in STATUS_COLUMNS) if title in lines[0]] == titles
    assert ROW[0] in lines[-1]
    assert ROW[2] in lines[-1]
    assert all(len(line) <= width for line in lines)
