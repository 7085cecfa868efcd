"""Where output goes: to standard output, or, what is no result, to standard error."""

import sys

from rich.console import Console
from rich.markup import escape


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
