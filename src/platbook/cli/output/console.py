"""The consoles: results on standard output, progress and errors on standard error."""

import sys

from rich.console import Console
from rich.markup import escape


def out() -> Console:
    """Standard output."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    """Standard error: progress and errors."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def say(text: str) -> None:
    """Print a line with markup to standard output."""
    out().print(text)


def print_error(text: str) -> None:
    """Print one line without markup to standard error."""
    console = err()
    prefix = "[bold red]platbook:[/] " if console.is_terminal else "platbook: "
    console.print(f"{prefix}{escape(text)}")
