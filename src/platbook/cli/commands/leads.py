"""`platbook lead`: one person's data, refused lead events, and assignment rules for new leads."""

import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from platbook.api.crm.intake_models import RuleBody, to_rule_read
from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput
from platbook.bootstrap.database import DatabaseContext
from platbook.cli.exit_codes import ExitCode
from platbook.cli.options import to_command
from platbook.cli.output.console import say
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_table
from platbook.cli.process import run_on_database
from platbook.crm.enums import StageKind
from platbook.crm.intake.events import replay_event
from platbook.crm.intake.inbox import ProcessedEvent, RejectedEvent, StoredEvent, find_rejected_events
from platbook.crm.intake.rules import RoutingRuleWithMembers, add_rule, find_rules, remove_rule
from platbook.crm.stages.stage import Stage
from platbook.crm.stages.stages import add_stage, change_stage, find_stages, order_stages
from platbook.crm.stages.views import StageRead
from platbook.crm.suppressions.suppression import KEY_PURPOSE
from platbook.crm.transfer.person import erase_person, export_person

app = typer.Typer(help="Leads: one person's data, refused events, assignment rules, stages.", no_args_is_help=True)

_Id = Annotated[UUID, typer.Argument(metavar="ID")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def export(context: typer.Context, lead: _Id) -> None:
    """Print everything stored about a person, as one JSON document."""

    async def read(system: DatabaseContext) -> dict[str, object]:
        async with system.database.read() as connection:
            return await export_person(connection, COMMAND_LINE, lead)

    print_json(run_on_database(context, read))


@app.command()
def erase(
    context: typer.Context,
    lead: _Id,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Erase a person: lead, tasks, interactions, events, and leads merged into theirs. This cannot be undone."""
    if not yes:
        typer.confirm(
            f"Erase lead {lead} with its tasks, interactions and events? This cannot be undone.", abort=True, err=True
        )

    async def erase_in_transaction(system: DatabaseContext) -> int:
        async with system.database.transaction() as connection:
            key = system.box.derive(KEY_PURPOSE)
            return await erase_person(connection, COMMAND_LINE, lead, system.clock.now(), suppression_key=key)

    run_on_database(context, erase_in_transaction)
    say(f"Erased lead {lead}.")


@app.command()
def events(context: typer.Context, *, as_json: _Json = False) -> None:
    """List refused events, oldest first."""

    async def read(system: DatabaseContext) -> list[StoredEvent]:
        async with system.database.read() as connection:
            return (await find_rejected_events(connection, page=1, limit=1000))[0]

    rejected = run_on_database(context, read)
    if as_json:
        print_json({"events": rejected})
        return
    print_table(
        [Column("event"), Column("sender's id", rank=1), Column("reason", wrap=True)],
        [(str(one.id), one.event_id, one.reason or "") for one in rejected],
        empty="No refused event.",
    )


@app.command()
def replay(
    context: typer.Context,
    event: _Id,
    *,
    corrected: Annotated[Path | None, typer.Option(help="A file with the corrected event, as JSON.")] = None,
) -> None:
    """Process a refused event again, as received or corrected. Exit code 3 if it is refused again."""
    body = None if corrected is None else _read(corrected)

    async def process(system: DatabaseContext) -> ProcessedEvent | RejectedEvent:
        async with system.database.transaction() as connection:
            return await replay_event(connection, COMMAND_LINE, event, system.clock.now(), corrected=body)

    outcome = run_on_database(context, process)
    if isinstance(outcome, RejectedEvent):
        say(str(outcome.to_error()))
        raise typer.Exit(ExitCode.PARTIAL)
    say(f"{'Added' if outcome.is_new else 'Matched'} lead {outcome.lead_id}.")


@app.command()
def rules(context: typer.Context, *, as_json: _Json = False) -> None:
    """List the assignment rules for new leads, in the order they are tried."""

    async def read(system: DatabaseContext) -> list[RoutingRuleWithMembers]:
        async with system.database.read() as connection:
            return await find_rules(connection, COMMAND_LINE)

    existing = run_on_database(context, read)
    if as_json:
        print_json({"rules": [to_rule_read(one).model_dump(mode="json", by_alias=True) for one in existing]})
        return
    print_table(
        [Column("rule"), Column("name"), Column("method"), Column("members", right=True), Column("state")],
        [
            (
                str(one.rule.id),
                one.rule.name,
                one.rule.method,
                str(len(one.members)),
                "enabled" if one.rule.enabled else "disabled",
            )
            for one in existing
        ],
        empty=f"No rule yet: new leads are not assigned. Add one: {to_command('lead add-rule FILE.json')}",
    )


@app.command("add-rule")
def add_rule_(
    context: typer.Context, file: Annotated[str, typer.Argument(metavar="FILE.json|-", help="- reads standard input.")]
) -> None:
    """Add a rule, with the body of POST /api/v1/leads/rules."""
    try:
        body = RuleBody.model_validate_json(sys.stdin.buffer.read() if file == "-" else _read(Path(file)))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise InvalidInput.of(".".join(map(str, problem["loc"])) or "rule", problem["msg"]) from None

    async def store(system: DatabaseContext) -> RoutingRuleWithMembers:
        async with system.database.transaction() as connection:
            return await add_rule(connection, COMMAND_LINE, body.to_rule(), system.clock.now())

    say(f"Added rule {run_on_database(context, store).rule.id}.")


@app.command("remove-rule")
def remove_rule_(context: typer.Context, rule: _Id) -> None:
    """Remove a rule; leads it assigned stay assigned."""

    async def remove(system: DatabaseContext) -> None:
        async with system.database.transaction() as connection:
            await remove_rule(connection, COMMAND_LINE, rule, system.clock.now())

    run_on_database(context, remove)
    say(f"Removed rule {rule}.")


@app.command()
def stages(context: typer.Context, *, as_json: _Json = False) -> None:
    """List the stages of the pipeline in order, retired ones too."""

    async def read(system: DatabaseContext) -> list[Stage]:
        async with system.database.read() as connection:
            return await find_stages(connection)

    _print_stages(run_on_database(context, read), as_json=as_json)


@app.command("add-stage")
def add_stage_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What people read.")],
    *,
    kind: Annotated[StageKind, typer.Option(help="What it means to scores, statistics and alerts; for good.")],
    key: Annotated[str | None, typer.Option(help="What leads and the API hold; by default the name.")] = None,
) -> None:
    """Add a stage, after the last one of its kind."""

    async def store(system: DatabaseContext) -> Stage:
        async with system.database.transaction() as connection:
            return await add_stage(connection, COMMAND_LINE, name, kind, system.clock.now(), key=key)

    say(f"Added stage {run_on_database(context, store).key}.")


@app.command("change-stage")
def change_stage_(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="The stage's key; see platbook lead stages.")],
    *,
    name: Annotated[str | None, typer.Option(help="Its new name.")] = None,
    retired: Annotated[
        bool | None, typer.Option("--retire/--restore", help="Retire it: no lead enters it any more; or take it back.")
    ] = None,
) -> None:
    """Rename a stage, retire it or take it back; its leads stay in it."""

    async def store(system: DatabaseContext) -> Stage:
        async with system.database.transaction() as connection:
            now = system.clock.now()
            return await change_stage(connection, COMMAND_LINE, key, now, name=name, retired=retired)

    say(f"Changed stage {run_on_database(context, store).key}.")


@app.command("order-stages")
def order_stages_(
    context: typer.Context, keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="All stages, in order.")]
) -> None:
    """Put all stages into an order."""

    async def store(system: DatabaseContext) -> list[Stage]:
        async with system.database.transaction() as connection:
            return await order_stages(connection, COMMAND_LINE, keys, system.clock.now())

    _print_stages(run_on_database(context, store), as_json=False)


def _print_stages(existing: list[Stage], *, as_json: bool) -> None:
    if as_json:
        print_json({"stages": [StageRead.from_row(one) for one in existing]})
        return
    print_table(
        [Column("stage"), Column("name"), Column("kind"), Column("state")],
        [(one.key, one.name, one.kind, "in use" if one.retired_at is None else "retired") for one in existing],
        empty="",
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({(error.strerror or 'unknown').lower()})") from None
