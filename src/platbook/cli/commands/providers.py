"""`platbook provider`: connections to MLSs."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, cast

import orjson
import typer

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput
from platbook.bootstrap.system import System
from platbook.bootstrap.worker import wake
from platbook.cli.exit_codes import ExitCode
from platbook.cli.output.console import say
from platbook.cli.output.format import to_hours, to_number
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_facts, print_table
from platbook.cli.system import run_on_system
from platbook.providers.configuration import Configuration
from platbook.providers.providers import Provider, find_providers, get_provider
from platbook.sync import setup
from platbook.sync.setup.connection_test import ConnectionTest, ConnectionTester
from platbook.sync.setup.discovery import Discoverer, DiscoveryResult

app = typer.Typer(help="Connections to MLSs.", no_args_is_help=True)

_Id = Annotated[str, typer.Argument(metavar="PROVIDER", help="The provider's id.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def add(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE.json|-", help="Its configuration; - reads standard input.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the configuration of a provider there is.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Add a provider. Its credentials stand in the file, never on the command line; they are stored encrypted."""
    configuration = setup.read_configuration(_read(file))

    async def store(system: System) -> Provider:
        await _store(system, configuration, replace=replace)
        async with system.database.read() as connection:
            return await get_provider(connection, configuration.provider_id)

    provider = run_on_system(context, store)
    if as_json:
        print_json(_shown(provider))
    else:
        done = "Replaced" if replace else "Added"
        say(f"{done} {provider.provider_id}. Try it: platbook provider test {provider.provider_id}")


@app.command("list")
def list_(
    context: typer.Context,
    *,
    archived: Annotated[bool, typer.Option("--archived", help="Archived ones too.")] = False,
    as_json: _Json = False,
) -> None:
    """Every provider."""

    async def read(system: System) -> list[Provider]:
        async with system.database.read() as connection:
            return await find_providers(connection, archived=archived)

    found = run_on_system(context, read)
    if as_json:
        print_json({"providers": [_shown(one) for one in found]})
        return
    print_table(
        [Column("provider"), Column("name"), Column("type"), Column("state"), Column("every")],
        [
            (one.provider_id, one.provider_name, one.provider_type, _state(one), to_hours(one.interval_hours))
            for one in found
        ],
        empty="No provider yet. Add one: platbook provider add FILE.json",
    )


@app.command()
def show(context: typer.Context, provider: _Id, *, as_json: _Json = False) -> None:
    """One provider's configuration; of credentials, only which are set."""

    async def read(system: System) -> Provider:
        async with system.database.read() as connection:
            return await get_provider(connection, provider)

    found = run_on_system(context, read)
    if as_json:
        print_json(_shown(found))
        return
    shown = _shown(found)
    print_facts((name, value if isinstance(value, str) else _as_text(value)) for name, value in shown.items())


@app.command("test")
def try_(context: typer.Context, provider: _Id, *, as_json: _Json = False) -> None:
    """Try a provider's connection step by step; nothing is stored. Exit code 1 if a step fails."""

    async def probe(system: System) -> ConnectionTest:
        return await ConnectionTester(system.database, system.transport, system.box, system.clock).probe(provider)

    found = run_on_system(context, probe)
    if as_json:
        print_json({"ok": found.ok, **_fields(found)})
    else:
        _print_probe(found)
    raise typer.Exit(ExitCode.SUCCESS if found.ok else ExitCode.FAILED)


@app.command()
def discover(
    context: typer.Context,
    provider: _Id,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Accept the proposal as it is.")] = False,
    afresh: Annotated[bool, typer.Option("--afresh", help="Read it even if the source says it is unchanged.")] = False,
    as_json: _Json = False,
) -> None:
    """Ask a provider's source what it is like, and propose settings and a mapping. Only --accept changes anything.

    To accept a part, or another mapping, change the configuration: platbook provider add FILE --replace.
    """

    async def ask(system: System) -> DiscoveryResult:
        discoverer = Discoverer(system.database, system.transport, system.box, system.clock)
        found = await discoverer.discover(provider, refresh=afresh)
        if accept:
            accepted = setup.AcceptedProposal(found.proposal.settings, found.proposal.field_mapping)
            async with system.database.transaction() as connection:
                await setup.accept_proposal(
                    connection, system.box, provider, accepted, COMMAND_LINE, system.clock.now()
                )
            await wake(system, provider)
        return found

    found = run_on_system(context, ask)
    if as_json:
        print_json(found)
        return
    _print_discovered(found)
    if accept:
        say(f"Accepted. Try it: platbook provider test {provider}")
    else:
        say(f"Nothing is changed. Accept it as it is: platbook provider discover {provider} --accept")


@app.command()
def enable(context: typer.Context, provider: _Id) -> None:
    """Let the schedule sync a provider; it is due at once."""
    _toggle(context, provider, enabled=True)


@app.command()
def disable(context: typer.Context, provider: _Id) -> None:
    """Keep the schedule from syncing a provider; it can still be synced by hand."""
    _toggle(context, provider, enabled=False)


@app.command()
def interval(
    context: typer.Context,
    provider: _Id,
    hours: Annotated[float, typer.Argument(help="From 0.25 to 168.")],
) -> None:
    """Change how often the schedule syncs a provider."""

    async def change(system: System) -> Provider:
        async with system.database.transaction() as connection:
            return await setup.change_interval(connection, provider, hours, COMMAND_LINE, system.clock.now())

    changed = run_on_system(context, change)
    say(f"{changed.provider_id} is synced every {to_hours(changed.interval_hours)}.")


@app.command()
def remove(
    context: typer.Context,
    provider: _Id,
    *,
    purge: Annotated[bool, typer.Option("--purge", help="Erase its listings and history, too. For ever.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Archive a provider: not scheduled, its listings hidden, nothing erased. With --purge, everything is erased."""
    if purge and not yes:
        typer.confirm(f"Erase {provider} with all its listings, for ever?", abort=True, err=True)

    async def take_away(system: System) -> int:
        if purge:
            return await setup.purge_provider(system.database, provider, COMMAND_LINE, system.clock.now())
        async with system.database.transaction() as connection:
            await setup.archive_provider(connection, provider, COMMAND_LINE, system.clock.now())
        return 0

    erased = run_on_system(context, take_away)
    say(
        f"Erased {provider} and {to_number(erased)} listings."
        if purge
        else f"Archived {provider}; nothing is erased. Bring it back: platbook provider restore {provider}"
    )


@app.command()
def restore(context: typer.Context, provider: _Id) -> None:
    """Bring an archived provider back as it was."""

    async def bring_back(system: System) -> None:
        async with system.database.transaction() as connection:
            await setup.restore_provider(connection, system.box, provider, COMMAND_LINE, system.clock.now())
        await wake(system, provider)

    run_on_system(context, bring_back)
    say(f"{provider} is back, and due at once.")


def _toggle(context: typer.Context, provider: str, *, enabled: bool) -> None:
    async def switch(system: System) -> None:
        async with system.database.transaction() as connection:
            await setup.toggle_provider(connection, provider, COMMAND_LINE, system.clock.now(), enabled=enabled)

    run_on_system(context, switch)
    say(f"{provider} is {'enabled, and due at once' if enabled else 'disabled'}.")


async def _store(system: System, configuration: Configuration, *, replace: bool) -> None:
    now = system.clock.now()
    async with system.database.transaction() as connection:
        if not replace:
            await setup.add_provider(connection, system.box, configuration, COMMAND_LINE, now)
            return
        await setup.replace_provider(connection, system.box, configuration, COMMAND_LINE, now)
    await wake(system, configuration.provider_id)


def _read(file: str) -> dict[str, object]:
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read ({(error.strerror or 'unknown').lower()})") from None
    try:
        given: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"{file} is not JSON: {error.msg} in line {error.lineno}") from None
    if not isinstance(given, dict):
        raise InvalidInput(f"{file} must hold one JSON object")
    return cast("dict[str, object]", given)


def _shown(one: Provider) -> dict[str, object]:
    """The configuration as the API shows it: of credentials only which are set."""
    return {
        "providerId": one.provider_id,
        "providerName": one.provider_name,
        "providerType": one.provider_type,
        "enabled": one.enabled,
        "archivedAt": one.archived_at,
        "settings": one.settings,
        "credentials": dict.fromkeys(one.credential_names, "set"),
        "fieldMapping": one.field_mapping,
        "scope": one.scope,
        "display": one.display,
        "media": one.media,
        "retention": one.retention,
        "intervalHours": one.interval_hours,
        "requestsPerSecond": one.requests_per_second,
        "maxRemovalShare": one.max_removal_share,
        "createdAt": one.created_at,
        "updatedAt": one.updated_at,
    }


def _as_text(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case _:
            return orjson.dumps(value, default=str).decode() if value not in ({}, ()) else "-"


def _state(one: Provider) -> str:
    return "archived" if one.archived_at else "enabled" if one.enabled else "disabled"


def _fields(probe: ConnectionTest) -> dict[str, object]:
    return {"providerId": probe.provider_id, "count": probe.count, "sample": probe.sample, "steps": probe.steps}


def _print_discovered(found: DiscoveryResult) -> None:
    print_table(
        [Column("resource"), Column("class"), Column("what it is", wrap=True), Column("fields", right=True)],
        [
            (resource.name, one.name, one.description or one.label or "", str(len(one.fields)))
            for resource in found.discovery.resources
            for one in resource.classes
        ],
        empty="The source names no resources.",
    )
    proposal = found.proposal
    print_facts((f"settings.{name}", _as_text(value)) for name, value in proposal.settings.items())
    print_table(
        [Column("source field"), Column("RESO field"), Column("known by"), Column("label", wrap=True)],
        [
            (one.source, one.target, one.told.name.lower().replace("_", " "), one.label or "")
            for one in proposal.fields
            if one.source in proposal.field_mapping
        ],
        empty="Every field that is known bears its RESO name; no mapping is needed.",
    )
    known = len(proposal.fields)
    say(f"{known} fields are known, {len(proposal.unknown)} are not and stay in the raw record.")
    for one in proposal.rivals:
        say(f"{one.source} may be {one.target} as well, which another field is taken for.")


def _print_probe(probe: ConnectionTest) -> None:
    print_table(
        [Column("step"), Column("result"), Column("took", right=True), Column("what it says", wrap=True)],
        [(step.name, "ok" if step.ok else "failed", f"{step.milliseconds} ms", step.words) for step in probe.steps],
        empty="Nothing was tried.",
    )
    if probe.sample is not None and probe.sample.values:
        say(f"A sample, {probe.sample.listing_key} ({probe.sample.source_fields} fields at the source):")
        print_facts((name, str(value)) for name, value in probe.sample.values.items())
