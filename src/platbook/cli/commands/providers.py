"""`platbook provider`: the commands that change a provider's configuration or connect to its source."""

from typing import Annotated

import typer
from pydantic import BaseModel

from platbook.application import providers as use_cases
from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput
from platbook.bootstrap.system import System
from platbook.cli.exit_codes import ExitCode
from platbook.cli.json_input import read_json_object
from platbook.cli.options import to_command
from platbook.cli.output.console import say
from platbook.cli.output.format import to_hours, to_number, to_text
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_facts, print_table
from platbook.cli.system import run_on_system
from platbook.connectors.registry import find_connector
from platbook.providers.assignments import apply_assignments
from platbook.providers.providers import Provider, get_provider
from platbook.providers.views import ProviderRead
from platbook.sync import setup
from platbook.sync.setup.connection_test import ConnectionTester
from platbook.sync.setup.discovery import Discoverer
from platbook.sync.setup.views import ConnectionTestRead, DiscoveryRead, ProposalRead

_Id = Annotated[str, typer.Argument(metavar="PROVIDER", help="The provider's id.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def add(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE.json|-", help="The configuration; - reads standard input.")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an existing provider's configuration.")] = False,
    as_json: _Json = False,
) -> None:
    """Add a provider. Its credentials are read from the file, never from the command line, and stored encrypted."""
    configuration = setup.read_configuration(read_json_object(file))

    async def store(system: System) -> Provider:
        put = use_cases.replace_provider if replace else use_cases.add_provider
        return await put(system, configuration, COMMAND_LINE)

    provider = run_on_system(context, store)
    if as_json:
        print_json(ProviderRead.of(provider))
    else:
        done = "Replaced" if replace else "Added"
        say(f"{done} {provider.provider_id}. Test it: {_to_test(provider.provider_id)}")


def change(
    context: typer.Context,
    provider: _Id,
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE.json|-]", help="The whole configuration, as `show --json` prints it."),
    ] = None,
    *,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="One value, such as scope.statuses=Active; null removes it."),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Change a provider's configuration: replace it by a file, or set single values. Credentials that are set stay."""
    if file is None and not assignments:
        raise InvalidInput("name a file, or what to --set")
    written = None if file is None else read_json_object(file)

    async def store(system: System) -> Provider:
        async with system.database.read() as connection:
            stored = await get_provider(connection, provider)
        raw = ProviderRead.of(stored).to_json() if written is None else {"providerId": provider, **written}
        model = find_connector(str(raw.get("providerType"))).settings_model if assignments else BaseModel
        configuration = setup.read_configuration(apply_assignments(raw, assignments or (), model))
        if configuration.provider_id != provider:
            raise InvalidInput.of("providerId", f"must be {provider}; a provider's id cannot be changed")
        return await use_cases.replace_provider(system, configuration, COMMAND_LINE)

    changed = run_on_system(context, store)
    if as_json:
        print_json(ProviderRead.of(changed))
    else:
        say(f"Changed {provider}. Test it: {_to_test(provider)}")


def run_connection_test(context: typer.Context, provider: _Id, *, as_json: _Json = False) -> None:
    """Test a provider's connection step by step; nothing is stored. Exit code 1 if a step fails."""

    async def connect(system: System) -> ConnectionTestRead:
        tester = ConnectionTester(system.database, system.transport, system.box, system.clock)
        return ConnectionTestRead.of(await tester.probe(provider))

    result = run_on_system(context, connect)
    if as_json:
        print_json(result)
    else:
        _print_connection_test(result)
    raise typer.Exit(ExitCode.SUCCESS if result.ok else ExitCode.FAILED)


def discover(
    context: typer.Context,
    provider: _Id,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Accept the proposal unchanged.")] = False,
    afresh: Annotated[bool, typer.Option("--afresh", help="Read it even if the source reports no change.")] = False,
    as_json: _Json = False,
) -> None:
    """Read a source's metadata and propose settings and a field mapping. Only --accept changes anything.

    To accept a part of it, or another mapping, edit the configuration: platbook provider change PROVIDER FILE.
    """

    async def read(system: System) -> DiscoveryRead:
        discoverer = Discoverer(system.database, system.transport, system.box, system.clock)
        result = await discoverer.discover(provider, refresh=afresh)
        if accept:
            accepted = setup.AcceptedProposal(result.proposal.settings, result.proposal.field_mapping)
            await use_cases.accept_proposal(system, provider, accepted, COMMAND_LINE)
        return DiscoveryRead.of(result)

    discovery = run_on_system(context, read)
    if as_json:
        print_json(discovery)
        return
    _print_discovery(discovery)
    if accept:
        say(f"Accepted. Test it: {_to_test(provider)}")
    else:
        say(f"Nothing was changed. Accept the proposal: {to_command(f'provider discover {provider} --accept')}")


def enable(context: typer.Context, provider: _Id) -> None:
    """Let the scheduler sync a provider; it is due at once."""
    _toggle(context, provider, enabled=True)


def disable(context: typer.Context, provider: _Id) -> None:
    """Keep the scheduler from syncing a provider; it can still be synced by hand."""
    _toggle(context, provider, enabled=False)


def interval(
    context: typer.Context,
    provider: _Id,
    hours: Annotated[float, typer.Argument(help="Hours, from 0.25 to 168.")],
) -> None:
    """Change how often the scheduler syncs a provider."""

    async def change(system: System) -> Provider:
        return await use_cases.change_interval(system, provider, hours, COMMAND_LINE)

    changed = run_on_system(context, change)
    say(f"{changed.provider_id} is synced every {to_hours(changed.interval_hours)}.")


def remove(
    context: typer.Context,
    provider: _Id,
    *,
    purge: Annotated[
        bool, typer.Option("--purge", help="Erase its listings and history, too; this cannot be undone.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Archive a provider: not scheduled, its listings hidden, nothing erased. With --purge, everything is erased."""
    if purge and not yes:
        typer.confirm(f"Erase {provider} with all its listings? This cannot be undone.", abort=True, err=True)

    async def archive_or_purge(system: System) -> int:
        if purge:
            return await setup.purge_provider(system.database, provider, COMMAND_LINE, system.clock.now())
        await use_cases.archive_provider(system, provider, COMMAND_LINE)
        return 0

    erased = run_on_system(context, archive_or_purge)
    say(
        f"Erased {provider} and {to_number(erased)} listings."
        if purge
        else f"Archived {provider}; nothing was erased. Restore it: {to_command(f'provider restore {provider}')}"
    )


def restore(context: typer.Context, provider: _Id) -> None:
    """Restore an archived provider with its configuration."""
    run_on_system(context, lambda system: use_cases.restore_provider(system, provider, COMMAND_LINE))
    say(f"{provider} is restored, and due at once.")


def _toggle(context: typer.Context, provider: str, *, enabled: bool) -> None:
    run_on_system(context, lambda system: use_cases.toggle_provider(system, provider, COMMAND_LINE, enabled=enabled))
    say(f"{provider} is {'enabled, and due at once' if enabled else 'disabled'}.")


def _to_test(provider_id: str) -> str:
    return to_command(f"provider test {provider_id}")


def _print_discovery(discovery: DiscoveryRead) -> None:
    print_table(
        [Column("resource"), Column("class"), Column("description", wrap=True), Column("fields", right=True)],
        [
            (resource.name, one.name, one.description or one.label or "", str(len(one.fields)))
            for resource in discovery.resources
            for one in resource.classes
        ],
        empty="The source reports no resources.",
    )
    _print_proposal(discovery.proposal)


def _print_proposal(proposal: ProposalRead) -> None:
    print_facts((f"settings.{name}", to_text(value)) for name, value in proposal.settings.items())
    print_table(
        [Column("source field"), Column("RESO field"), Column("matched by"), Column("label", wrap=True)],
        [
            (one.source, one.target, one.told.replace("_", " "), one.label or "")
            for one in proposal.fields
            if one.source in proposal.field_mapping
        ],
        empty="Every matched field has its RESO name already; no mapping is needed.",
    )
    say(
        f"{to_number(len(proposal.fields))} fields match a RESO field, {to_number(len(proposal.unknown))} do not "
        "and stay in the raw record."
    )
    for remark in proposal.remarks:
        say(remark)
    for one in proposal.rivals:
        say(f"{one.source} may be {one.target} as well; another field is proposed for it.")


def _print_connection_test(test: ConnectionTestRead) -> None:
    print_table(
        [Column("step"), Column("result"), Column("duration", right=True), Column("message", wrap=True)],
        [(step.name, "ok" if step.ok else "failed", f"{step.duration_ms} ms", step.message) for step in test.steps],
        empty="No step was run.",
    )
    if test.sample is not None and test.sample.values:
        say(f"A sample, {test.sample.listing_key} ({test.sample.source_fields} fields at the source):")
        print_facts((name, str(value)) for name, value in test.sample.values.items())
