"""`status`, `history`, `sweeps`: how things stand."""

from datetime import datetime
from typing import Annotated

import typer

from platbook.bootstrap.database import DatabaseContext
from platbook.cli.output.format import to_changes, to_duration, to_hours, to_number, to_span
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_facts, print_table
from platbook.cli.process import run_on_database
from platbook.providers.providers import get_provider
from platbook.sync.reports.history import Run, RunFilter, find_runs
from platbook.sync.reports.status import ProviderStatus, find_statuses, get_status
from platbook.sync.reports.sweeps import Sweep, SweepStatus, find_sweeps
from platbook.sync.runs.lifecycle import RunStatus, SyncType

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Provider = Annotated[str | None, typer.Argument(help="A provider's id; without it, all.")]
_Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]


def status(context: typer.Context, provider: _Provider = None, *, as_json: _Json = False) -> None:
    """How providers stand: what they do now, when they ran last and run next, how many listings they have."""

    async def read(system: DatabaseContext) -> tuple[list[ProviderStatus], datetime]:
        now = system.clock.now()
        async with system.database.read() as connection:
            found = (
                await find_statuses(connection, now)
                if provider is None
                else [await get_status(connection, provider, now)]
            )
        return found, now

    found, now = run_on_database(context, read)
    if as_json:
        print_json({"providers": found} if provider is None else found[0])
    elif provider is None:
        _print_statuses(found, now)
    else:
        _print_status(found[0], now)


def history(
    context: typer.Context,
    provider: _Provider = None,
    *,
    limit: _Limit = 20,
    run_status: Annotated[RunStatus | None, typer.Option("--status", help="Only runs that stand so.")] = None,
    sync_type: Annotated[SyncType | None, typer.Option("--type", help="Only runs of this type.")] = None,
    as_json: _Json = False,
) -> None:
    """Runs, newest first."""

    async def read(system: DatabaseContext) -> tuple[list[Run], datetime]:
        async with system.database.read() as connection:
            if provider is not None:
                await get_provider(connection, provider)
            found = await find_runs(connection, RunFilter(provider, run_status, sync_type), limit=limit)
        return found.runs, system.clock.now()

    runs, now = run_on_database(context, read)
    if as_json:
        print_json({"runs": runs})
    else:
        _print_runs(runs, now)


def sweeps(context: typer.Context, provider: _Provider = None, *, limit: _Limit = 20, as_json: _Json = False) -> None:
    """Refused sweeps that wait for a person: accept one with `platbook sync PROVIDER --accept-sweep ID`."""

    async def read(system: DatabaseContext) -> tuple[list[Sweep], datetime]:
        async with system.database.read() as connection:
            found = await find_sweeps(connection, limit=limit, provider_id=provider, status=SweepStatus.REFUSED)
        return found.sweeps, system.clock.now()

    found, now = run_on_database(context, read)
    if as_json:
        print_json({"sweeps": found})
        return
    print_table(
        [
            Column("sweep"),
            Column("provider"),
            Column("when"),
            Column("would remove", right=True),
            Column("why", wrap=True),
        ],
        [
            (
                str(one.id),
                one.provider_id,
                to_span(now, one.began_at),
                f"{to_number(one.candidates)} of {to_number(one.active)}",
                one.reason,
            )
            for one in found
        ],
        empty="No sweep waits for you.",
    )


def _state(one: ProviderStatus) -> str:
    if one.archived_at is not None:
        return "archived"
    return one.state if one.enabled or one.state != "idle" else "disabled"


def _doing(one: ProviderStatus) -> str:
    if one.current is None:
        return ""
    done = to_number(one.current.done)
    return f"{one.current.stage or 'starting'} {done}" + (
        f"/{to_number(one.current.total)}" if one.current.total else ""
    )


def _about(count: int, one: ProviderStatus) -> str:
    return f"about {to_number(count)}" if one.listings.is_estimate else to_number(count)


def _print_statuses(found: list[ProviderStatus], now: datetime) -> None:
    print_table(
        [
            Column("provider"),
            Column("type"),
            Column("state"),
            Column("listings", right=True),
            Column("synced"),
            Column("next"),
            Column("errors", right=True),
        ],
        [
            (
                one.provider_id,
                one.provider_type,
                " ".join(filter(None, (_state(one), _doing(one)))),
                _about(one.listings.active, one),
                to_span(now, one.last_success_at),
                to_span(now, one.next_run_at) if one.enabled else "-",
                to_number(one.open_errors),
            )
            for one in found
        ],
        empty="No provider yet. Add one: platbook provider add FILE.json",
    )


def _print_status(one: ProviderStatus, now: datetime) -> None:
    lag = one.freshness.lag_seconds
    last = one.last_run
    print_facts(
        [
            ("provider", f"{one.provider_id} ({one.provider_name})"),
            ("type", one.provider_type),
            ("state", _state(one)),
            *((("doing", _doing(one)),) if one.current else ()),
            *((("act", one.needs_operator),) if one.needs_operator else ()),
            ("listings", f"{_about(one.listings.active, one)} shown, {_about(one.listings.total, one)} stored"),
            ("behind", "-" if lag is None else f"at most {to_duration(lag)}"),
            ("watermark", one.freshness.watermark or "-"),
            ("last success", to_span(now, one.last_success_at)),
            ("next run", to_span(now, one.next_run_at) if one.enabled else "-"),
            ("interval", to_hours(one.interval_hours)),
            ("failures in a row", to_number(one.consecutive_failures)),
            ("open errors", to_number(one.open_errors)),
            ("photos owed", f"of {to_number(one.photos.listings_waiting)} listings"),
            ("photos failed", to_number(one.photos.failed)),
            *((("last run", f"{last.sync_type} {last.sync_id}"), ("it ended as", last.status)) if last else ()),
        ]
    )


def _print_runs(runs: list[Run], now: datetime) -> None:
    print_table(
        [
            Column("when"),
            Column("provider"),
            Column("type"),
            Column("status"),
            Column("took", right=True, rank=1),
            Column("what it did", wrap=True),
            Column("by", rank=2),
            Column("run", rank=3),
        ],
        [
            (
                to_span(now, run.started_at or run.queued_at),
                run.provider_id,
                f"{run.sync_type}{' (dry)' if run.dry_run else ''}",
                run.status,
                "" if run.duration_ms is None else to_duration(run.duration_ms / 1000),
                run.error or to_changes(run),
                run.triggered_by,
                str(run.sync_id),
            )
            for run in runs
        ],
        empty="No run yet. Start one: platbook sync PROVIDER",
    )
