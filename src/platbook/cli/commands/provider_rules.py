"""`platbook provider rules`: a provider's display rules, shown, set, and previewed before they are set."""

from collections.abc import Sequence
from typing import Annotated, cast

import typer
from rich.markup import escape

from platbook.application import providers as use_cases
from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput
from platbook.bootstrap.database import DatabaseContext
from platbook.bootstrap.system import System
from platbook.cli.json_input import read_json_object
from platbook.cli.options import to_command
from platbook.cli.output.console import say
from platbook.cli.output.format import to_number, to_text
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_facts, print_table
from platbook.cli.process import run_on_database
from platbook.cli.system import run_on_system
from platbook.providers.display_rules import RuleKey, RuleSettings
from platbook.providers.providers import get_provider
from platbook.providers.rule_configuration import parse_rules
from platbook.providers.rule_versions import get_rules
from platbook.providers.views import DisplayRuleRead, DisplayRulesRead
from platbook.sync.setup.views import RulePreviewRead

_ONE_OF = {"listings": "listing", "addresses": "address", "photos": "photo", "fields": "field"}
_Rules = Sequence[tuple[RuleKey, RuleSettings]]
_Id = Annotated[str, typer.Argument(metavar="PROVIDER", help="The provider's id.")]


def rules(
    context: typer.Context,
    provider: _Id,
    *,
    file: Annotated[
        str | None, typer.Option("--set", metavar="FILE.json|-", help="Replace all rules, as --json prints them.")
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="With --set: tell what would appear and vanish, and set nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show a provider's display rules: what of its listings may be shown. With --set, replace them all."""
    if file is None:
        if preview:
            raise InvalidInput("--preview tells what other rules would change: name them by --set FILE")
        _show(_read(context, provider), as_json=as_json)
        return
    wanted = parse_rules(read_json_object(file)).to_rules(provider)
    if preview:
        _preview(context, provider, wanted, file, as_json=as_json)
    else:
        _set(context, provider, wanted, as_json=as_json)


def _read(context: typer.Context, provider: str) -> DisplayRulesRead:
    async def read(system: DatabaseContext) -> DisplayRulesRead:
        async with system.database.read() as connection:
            await get_provider(connection, provider)
            return DisplayRulesRead.of(provider, await get_rules(connection, provider))

    return run_on_database(context, read)


def _set(context: typer.Context, provider: str, wanted: _Rules, *, as_json: bool) -> None:
    async def replace(system: System) -> DisplayRulesRead:
        current = await use_cases.replace_display_rules(system, provider, wanted, COMMAND_LINE)
        return DisplayRulesRead.of(provider, current)

    report = run_on_system(context, replace)
    if as_json:
        print_json(report)
    else:
        say(f"{provider} has {_count(len(report.rules), 'display rule')} now, version {report.version}.")
        say("What they concern is hidden until a worker has rebuilt it, which takes a while where listings are many.")


def _preview(context: typer.Context, provider: str, wanted: _Rules, file: str, *, as_json: bool) -> None:
    async def compare(system: System) -> RulePreviewRead:
        preview = await use_cases.preview_display_rules(system, provider, wanted, COMMAND_LINE)
        return RulePreviewRead.of(provider, preview)

    report = run_on_system(context, compare)
    if as_json:
        print_json(report)
        return
    _print_preview(report)
    say(f"Nothing was changed. Set them: {to_command(f'provider rules {provider} --set {file}')}")


def _show(report: DisplayRulesRead, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    offices = f"; own offices: {', '.join(report.own_offices)}" if report.own_offices else ""
    head = f"{_count(len(report.rules), 'display rule')} of {report.provider_id}, version {report.version}{offices}"
    say(escape(head))
    for rule in report.rules:
        scope = f"{_to_scope(rule)} (version {rule.version}, {rule.valid_from:%Y-%m-%d %H:%M} UTC, {rule.set_by})"
        say(f"\n{escape(scope)}")
        print_facts((f"  {name}", _to_value(value)) for name, value in (rule.settings or {"-": "no setting"}).items())
    if not any(rule.surface == "public" for rule in report.rules):
        say("Nothing is shown in public: no rule of that surface holds for any listing.")


def _to_scope(rule: DisplayRuleRead) -> str:
    """What a rule holds for, in words: `public, of Naples MLS, with the feed type IDX, of own offices`."""
    parts = [
        f"of {rule.originating_system}" if rule.originating_system else "",
        f"with the feed type {rule.feed}" if rule.feed else "",
        "of own offices" if rule.ours else "",
    ]
    return f"{rule.surface}, {', '.join(filter(None, parts)) or 'any listing'}"


def _to_value(value: object) -> str:
    return ", ".join(cast("list[str]", value)) or "none" if isinstance(value, list) else to_text(value)


def _count(number: int, name: str) -> str:
    return f"{to_number(number)} {name}{'' if number == 1 else 's'}"


def _print_preview(report: RulePreviewRead) -> None:
    kinds = list(RulePreviewRead.model_fields)
    changes = {kind: getattr(report, kind) for kind in kinds}
    print_table(
        [Column("in public"), Column("would appear", right=True), Column("would vanish", right=True)],
        [(kind, to_number(one.appear.count), to_number(one.vanish.count)) for kind, one in changes.items()],
        empty="",
    )
    examples: list[Sequence[str]] = []
    for kind, one in changes.items():
        for word, counted in (("appears", one.appear), ("vanishes", one.vanish)):
            examples += [
                (word, _ONE_OF[kind], example.listing_key, getattr(example, "media_key", getattr(example, "field", "")))
                for example in counted.examples
            ]
    if examples:
        print_table(
            [Column("for example"), Column("this"), Column("of the listing"), Column("photo or field", wrap=True)],
            examples,
            empty="",
        )
