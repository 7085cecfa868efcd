"""`platbook provider list` and `show`: provider configurations."""

from typing import Annotated

import typer

from platbook.bootstrap.database import DatabaseContext
from platbook.cli.options import to_command
from platbook.cli.output.format import to_hours, to_text
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_facts, print_table
from platbook.cli.process import run_on_database
from platbook.providers.providers import find_providers, get_provider
from platbook.providers.views import ProviderList, ProviderRead

_Id = Annotated[str, typer.Argument(metavar="PROVIDER", help="The provider's id.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def list_providers(
    context: typer.Context,
    *,
    archived: Annotated[bool, typer.Option("--archived", help="Include archived ones.")] = False,
    as_json: _Json = False,
) -> None:
    """List providers."""

    async def read(system: DatabaseContext) -> ProviderList:
        async with system.database.read() as connection:
            providers = await find_providers(connection, archived=archived)
        return ProviderList(providers=[ProviderRead.of(one) for one in providers])

    report = run_on_database(context, read)
    if as_json:
        print_json(report)
        return
    print_table(
        [Column("provider"), Column("name"), Column("type"), Column("state"), Column("interval")],
        [
            (one.provider_id, one.provider_name, one.provider_type, _to_state(one), to_hours(one.interval_hours))
            for one in report.providers
        ],
        empty=f"No provider yet. Add one: {to_command('provider add FILE.json')}",
    )


def show_provider(context: typer.Context, provider: _Id, *, as_json: _Json = False) -> None:
    """Show one provider's configuration; of credentials, only which are set."""

    async def read(system: DatabaseContext) -> ProviderRead:
        async with system.database.read() as connection:
            return ProviderRead.of(await get_provider(connection, provider))

    report = run_on_database(context, read)
    if as_json:
        print_json(report)
    else:
        print_facts((name, to_text(value)) for name, value in _to_facts(report))


def _to_facts(provider: ProviderRead) -> list[tuple[str, object]]:
    return [(field.alias or name, getattr(provider, name)) for name, field in ProviderRead.model_fields.items()]


def _to_state(one: ProviderRead) -> str:
    return "archived" if one.archived_at else "enabled" if one.enabled else "disabled"
