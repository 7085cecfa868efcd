"""`platbook errors --retry`: have rejected records retried by a worker."""

from uuid import UUID

import typer

from platbook.application import syncs
from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput
from platbook.bootstrap.system import System
from platbook.cli.options import to_command
from platbook.cli.output.console import say
from platbook.cli.output.format import to_number
from platbook.cli.output.json_output import print_json
from platbook.cli.system import run_on_system
from platbook.sync.runs.retries import RetryResult


def retry_errors(context: typer.Context, provider: str | None, which: str, *, as_json: bool) -> None:
    """Mark one error (`which` is its id) or all of a provider (`all`) for the next run, and wake a worker."""
    error_id = None if which == "all" else _parse_id(which)
    if error_id is None and provider is None:
        raise InvalidInput(f"--retry all needs a provider: {to_command('errors PROVIDER --retry all')}")

    async def mark(system: System) -> RetryResult:
        if error_id is None:
            return await syncs.retry_all(system, provider or "", COMMAND_LINE)
        return await syncs.retry_error(system, error_id, COMMAND_LINE)

    marked = run_on_system(context, mark)
    if as_json:
        print_json(marked)
    elif marked.sync_id is None:
        say(f"{marked.provider_id} has no open error to retry.")
    else:
        say(f"{to_number(marked.marked)} errors of {marked.provider_id} will be retried by run {marked.sync_id}.")


def _parse_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput.of("--retry", "must be an error's id (see platbook errors), or all") from None
