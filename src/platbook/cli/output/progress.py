"""Progress of a run until it ends: a bar on a terminal, a line now and then in a pipe."""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

from platbook.bootstrap.database import DatabaseContext
from platbook.cli.output.console import err
from platbook.cli.output.format import to_duration, to_number
from platbook.sync.reports.history import Run, get_run
from platbook.sync.reports.status import RunProgress, get_status
from platbook.sync.runs.run import RunStatus

_POLL_SECONDS = 0.15
_LINE_SECONDS = 5.0
_UNFINISHED = frozenset({RunStatus.WAITING, RunStatus.RUNNING})


class ProgressDisplay(Protocol):
    """A display of a run's progress."""

    def update(self, stage: str, done: int, total: int | None, rate: float | None) -> None:
        """Show the current stage and counts; `rate` is in records per second."""
        ...


async def follow(system: DatabaseContext, provider_id: str, sync_id: UUID, display: ProgressDisplay) -> Run:
    """Poll a run until it has ended, and return it."""
    while True:
        async with system.database.read() as connection:
            run = await get_run(connection, sync_id)
            current = (await get_status(connection, provider_id, system.clock.now())).current
        if run.status not in _UNFINISHED:
            display.update("done", run.fetched, run.fetched, None)
            return run
        if current is not None and current.sync_id == sync_id:
            _update(display, current)
        else:
            display.update("waiting", 0, None, None)
        await asyncio.sleep(_POLL_SECONDS)


@contextmanager
def show_progress(title: str) -> Generator[ProgressDisplay]:
    """Progress on standard error for as long as the block lasts."""
    console = err()
    if not console.is_terminal:
        yield _LineOutput(console, title)
        return
    with Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=None, complete_style="cyan", finished_style="green"),
        TextColumn("{task.fields[counts]}", justify="right"),
        TextColumn("[dim]{task.fields[rate]}[/]"),
        console=console,
        expand=True,
        transient=True,
    ) as progress:
        task = progress.add_task(title, total=None, counts="", rate="")
        yield _Bar(progress, task, title)


def _update(display: ProgressDisplay, current: RunProgress) -> None:
    display.update(current.stage or "starting", current.done, current.total, current.rate)


class _Bar:
    """A progress bar."""

    def __init__(self, progress: Progress, task: TaskID, title: str) -> None:
        self._progress = progress
        self._task = task
        self._title = title

    def update(self, stage: str, done: int, total: int | None, rate: float | None) -> None:
        counts = f"{to_number(done)}/{to_number(total)}" if total else to_number(done) if done else ""
        self._progress.update(
            self._task,
            description=f"{self._title} [dim]{stage}[/]",
            completed=done,
            total=total or None,
            counts=counts,
            rate=_to_rate(done, total, rate),
        )


class _LineOutput:
    """A line when the stage changes, and every few seconds."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._last = ("", 0.0)

    def update(self, stage: str, done: int, total: int | None, rate: float | None) -> None:
        before, when = self._last
        now = time.monotonic()
        if stage == before and now - when < _LINE_SECONDS:
            return
        self._last = (stage, now)
        counts = f" {to_number(done)}" + (f"/{to_number(total)}" if total else "") if done else ""
        speed = _to_rate(done, total, rate)
        self._console.print(f"{self._title}: {stage}{counts}" + (f" ({speed})" if speed else ""), markup=False)


def _to_rate(done: int, total: int | None, rate: float | None) -> str:
    if not rate:
        return ""
    text = f"{to_number(round(rate))}/s"
    if total and total > done:
        text += f", {to_duration((total - done) / rate)} left"
    return text
