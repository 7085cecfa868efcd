"""The program."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from typer.completion import get_completion_inspect_parameters
from typer.core import TyperGroup

from platbook.base.errors import PlatbookError
from platbook.cli.exit_codes import EXIT_CODES_HELP, exit_of_error
from platbook.cli.lazy import LazyCommand
from platbook.cli.options import Options, remember
from platbook.cli.output.console import print_error

_RUN, _SETUP, _SYNC, _LEADS = "Run", "Set up", "Sync", "Leads"
_IN = "platbook.cli.commands"

app = typer.Typer(
    name="platbook",
    help="Listings of any MLS, in your own PostgreSQL, behind your own API.",
    epilog=EXIT_CODES_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

COMMANDS = (
    LazyCommand(
        "demo",
        f"{_IN}.demo:demo",
        "Live listings of an invented MLS behind an API, in a database of its own. It needs no setup.",
        panel=_RUN,
    ),
    LazyCommand("up", f"{_IN}.server:up", "Run server, worker and scheduler in one process.", panel=_RUN),
    LazyCommand("serve", f"{_IN}.server:serve", "Run the server alone; `platbook work` does the syncs.", panel=_RUN),
    LazyCommand(
        "work",
        f"{_IN}.server:work",
        "Run a worker with the scheduler; any number of them, on any machine.",
        panel=_RUN,
    ),
    LazyCommand(
        "simulate",
        f"{_IN}.simulate:app",
        "Simulated MLS servers over a simulated market.",
        panel=_RUN,
    ),
    LazyCommand("migrate", f"{_IN}.migrate:migrate", "Migrate the database to this release's schema.", panel=_SETUP),
    LazyCommand("user", f"{_IN}.user_group:group", "Users: who can log in, and their roles.", panel=_SETUP),
    LazyCommand("key", f"{_IN}.keys:app", "API keys: a user's rights for a program, within scopes.", panel=_SETUP),
    LazyCommand("audit", f"{_IN}.audit:audit", "Audit log, newest first: who did what to whom.", panel=_SETUP),
    LazyCommand(
        "completion",
        f"{_IN}.completion:completion",
        "Print the completion script of a shell; `make install` puts it where each shell looks for it.",
        panel=_SETUP,
    ),
    LazyCommand("provider", f"{_IN}.provider_group:group", "Connections to MLSs.", panel=_SETUP),
    LazyCommand("sync", f"{_IN}.sync:sync", "Sync a provider now and follow it until it ends.", panel=_SYNC),
    LazyCommand(
        "status",
        f"{_IN}.reports:status",
        "Provider status: what runs now, the last and next run, counts of listings and errors.",
        panel=_SYNC,
    ),
    LazyCommand("history", f"{_IN}.reports:history", "Runs, newest first.", panel=_SYNC),
    LazyCommand(
        "errors",
        f"{_IN}.errors:errors",
        "Errors, newest first: rejected records, and failures that ended a run.",
        panel=_SYNC,
    ),
    LazyCommand(
        "findings",
        f"{_IN}.findings:findings",
        "What is wrong with a provider's values although its records are taken, newest first.",
        panel=_SYNC,
    ),
    LazyCommand(
        "sweeps",
        f"{_IN}.reports:sweeps",
        "Refused sweeps that await a decision: accept one with `platbook sync PROVIDER --accept-sweep ID`.",
        panel=_SYNC,
    ),
    LazyCommand(
        "statistics",
        f"{_IN}.statistics:statistics",
        "Statistics of the last days: totals of runs, errors by type, and totals by provider and day.",
        panel=_SYNC,
    ),
    LazyCommand("media", f"{_IN}.media:app", "Photos: status, retries, reprocessing.", panel=_SYNC),
    LazyCommand("listing", f"{_IN}.listings:app", "Listings: why one is shown or not.", panel=_SYNC),
    LazyCommand(
        "import",
        f"{_IN}.transfer:import_",
        "Import people with their notes, tasks and tags, or a complete export. Repeating it changes nothing.",
        panel=_LEADS,
    ),
    LazyCommand(
        "export",
        f"{_IN}.transfer:export",
        "Write all CRM data into a folder: JSON Lines for platbook import, and CSV for people.",
        panel=_LEADS,
    ),
    LazyCommand(
        "lead",
        f"{_IN}.leads:app",
        "Leads: one person's data, refused events, assignment rules, stages.",
        panel=_LEADS,
    ),
    LazyCommand(
        "suppressions",
        f"{_IN}.suppressions:app",
        "Suppressions: addresses and numbers that must not be contacted.",
        panel=_LEADS,
    ),
)
"""Every command, in the order of the help. Each help text is the first paragraph of the command's own (tested)."""


def _print_version(requested: bool) -> None:  # noqa: FBT001 - the form typer calls it in
    if requested:
        sys.stdout.write(f"platbook {version('platbook')}\n")
        raise typer.Exit


@app.callback()
def platbook(
    context: typer.Context,
    *,
    on_demo: Annotated[bool, typer.Option("--demo", help="Use the demo's database, also while the demo runs.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Listings of any MLS, in your own PostgreSQL, behind your own API."""
    remember(context, Options(demo=on_demo))


def create_program() -> TyperGroup:
    """The program's commands, none of which is imported yet."""
    get_completion_inspect_parameters()  # registers the shells; the options it returns change the shells' own files
    program = typer.main.get_group(app)
    for command in COMMANDS:
        program.add_command(command)
    return program


def run() -> None:
    """Run the program; a PlatbookError becomes one line on standard error and an exit code."""
    code = 0
    try:
        create_program()()
    except* PlatbookError as group:
        error = _first(group)
        print_error(str(error))
        code = exit_of_error(error)
    sys.exit(code)


def _first(group: BaseExceptionGroup[PlatbookError]) -> PlatbookError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
