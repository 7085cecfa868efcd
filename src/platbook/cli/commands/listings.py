"""`platbook listing`: why a listing is shown or not."""

from collections.abc import Iterator, Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.markup import escape

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.bootstrap.database import DatabaseContext
from platbook.cli.exit_codes import ExitCode
from platbook.cli.output.console import say
from platbook.cli.output.format import to_number, to_text
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import print_facts
from platbook.cli.process import run_on_database
from platbook.listings.explanation import (
    UNSHOWN,
    DecidingRuleRead,
    DecisionRead,
    Explanation,
    explain_listing,
    explain_listing_by_key,
)

app = typer.Typer(
    help="Listings: why one is shown or not.", no_args_is_help=True, callback=lambda: None
)  # the callback keeps a single command from becoming the group

_VIEWERS = {Surface.PUBLIC: "the public", Surface.INTERNAL: "staff"}
_GROUPS = {"field": ("field", "fields"), "photo": ("photo", "photos")}
_FEW = 3


@app.command()
def explain(
    context: typer.Context,
    listing: Annotated[str, typer.Argument(metavar="ID|PROVIDER", help="Our id of the listing, or its provider's id.")],
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="With a provider: the listing's key there.")
    ] = None,
    *,
    surface: Annotated[Surface, typer.Option(help="Who is shown it.")] = Surface.PUBLIC,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Explain what is shown of a listing: by which display rule, and why. Exit code 1 where it is not shown."""
    property_id = _parse_id(listing) if key is None else None

    async def read(system: DatabaseContext) -> Explanation:
        now = system.clock.now()
        async with system.database.read() as connection:
            if property_id is not None:
                return await explain_listing(connection, property_id, surface, now)
            return await explain_listing_by_key(connection, listing, key or "", surface, now)

    explanation = run_on_database(context, read)
    if as_json:
        print_json(explanation)
    else:
        say(escape(_to_headline(explanation)))
        print_facts(_to_facts(explanation))
    raise typer.Exit(ExitCode.SUCCESS if explanation.shown else ExitCode.FAILED)


def _parse_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("name a listing by its id, a UUID, or by a provider's id and the listing's key") from None


def _to_headline(explanation: Explanation) -> str:
    viewers, listing = _VIEWERS[explanation.surface], explanation.decisions[0]
    if explanation.shown:
        return f"Shown to {viewers}: {listing.because}."
    if listing.shown:
        return f"Not shown to {viewers} until its document is rebuilt; then it is: {listing.because}."
    return f"Not shown to {viewers}: {listing.because}."


def _to_facts(explanation: Explanation) -> Iterator[tuple[str, str]]:
    listing = explanation.decisions[0]
    if listing.rule is not None:
        yield "rule", _to_rule(listing.rule)
    if explanation.until is not None:
        yield "until", to_text(explanation.until)
    state = [name for name, holds in explanation.state.to_json().items() if holds]
    if state:
        yield "state", ", ".join(state)
    for one in explanation.decisions[1:]:
        if ":" not in one.subject:
            yield one.subject, _to_verdict(one)
    for kind, names in _GROUPS.items():
        yield from _to_groups(explanation.decisions, kind, names)


def _to_groups(decisions: Sequence[DecisionRead], kind: str, names: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """The fields or photos that are shown or not for one reason together, by name where the names tell more."""
    groups: dict[str, list[DecisionRead]] = {}
    for one in decisions:
        if one.subject.startswith(f"{kind}:"):
            groups.setdefault(_to_verdict(one), []).append(one)
    for verdict, members in groups.items():
        label = f"{to_number(len(members))} {names[len(members) > 1]}"
        names_them = members[0].because != UNSHOWN and (not members[0].shown or len(members) <= _FEW)
        listed = f" ({', '.join(one.subject.partition(':')[2] for one in members)})" if names_them else ""
        yield label, verdict + listed


def _to_verdict(one: DecisionRead) -> str:
    return f"{'shown' if one.shown else 'not shown'}: {one.because}"


def _to_rule(rule: DecidingRuleRead) -> str:
    return f"{rule.id}, of version {rule.version} of the rules of {rule.provider}: {rule.setting}"
