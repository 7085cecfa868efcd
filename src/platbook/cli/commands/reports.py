"""`platbook status`, `history` and `sweeps`: provider status, runs, refused sweeps."""

from datetime import datetime
from typing import Annotated

import typer

from platbook.bootstrap.database import DatabaseContext
from platbook.cli.options import to_command
from platbook.cli.output.format import to_changes, to_duration, to_hours, to_number, to_span
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_facts, print_table
from platbook.cli.process import run_on_database
from platbook.providers.providers import get_provider
from platbook.sync.ages import RemovalsBy
from platbook.sync.reports.history import Run, RunFilter, RunList, find_runs
from platbook.sync.reports.status import (
    Freshness,
    ProviderState,
    ProviderStatus,
    ProviderStatusList,
    find_statuses,
    get_status,
)
from platbook.sync.reports.sweeps import SweepList, SweepStatus, find_sweeps
from platbook.sync.runs.run import RunStatus, SyncType

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Provider = Annotated[str | None, typer.Argument(help="A provider's id; without it, all.")]
_Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]


def status(context: typer.Context, provider: _Provider = None, *, as_json: _Json = False) -> None:
    """Provider status: what runs now, the last and next run, counts of listings and errors."""

    async def read(system: DatabaseContext) -> tuple[ProviderStatusList | ProviderStatus, datetime]:
        now = system.clock.now()
        async with system.database.read() as connection:
            if provider is None:
                return await find_statuses(connection, now), now
            return await get_status(connection, provider, now), now

    report, now = run_on_database(context, read)
    if as_json:
        print_json(report)
    elif isinstance(report, ProviderStatus):
        _print_status(report, now)
    else:
        _print_statuses(report.providers, now)


def history(
    context: typer.Context,
    provider: _Provider = None,
    *,
    limit: _Limit = 20,
    run_status: Annotated[RunStatus | None, typer.Option("--status", help="Only runs with this status.")] = None,
    sync_type: Annotated[SyncType | None, typer.Option("--type", help="Only runs of this type.")] = None,
    as_json: _Json = False,
) -> None:
    """Runs, newest first."""

    async def read(system: DatabaseContext) -> tuple[RunList, datetime]:
        async with system.database.read() as connection:
            if provider is not None:
                await get_provider(connection, provider)
            runs = await find_runs(connection, RunFilter(provider, run_status, sync_type), limit=limit)
        return runs, system.clock.now()

    report, now = run_on_database(context, read)
    if as_json:
        print_json(report)
    else:
        _print_runs(report.runs, now)


def sweeps(context: typer.Context, provider: _Provider = None, *, limit: _Limit = 20, as_json: _Json = False) -> None:
    """Refused sweeps that await a decision: accept one with `platbook sync PROVIDER --accept-sweep ID`."""

    async def read(system: DatabaseContext) -> tuple[SweepList, datetime]:
        async with system.database.read() as connection:
            refused = await find_sweeps(connection, limit=limit, provider_id=provider, status=SweepStatus.REFUSED)
        return refused, system.clock.now()

    report, now = run_on_database(context, read)
    if as_json:
        print_json(report)
        return
    print_table(
        [
            Column("sweep"),
            Column("provider"),
            Column("when"),
            Column("would remove", right=True),
            Column("reason", wrap=True),
        ],
        [
            (
                str(one.id),
                one.provider_id,
                to_span(now, one.began_at),
                f"{to_number(one.candidates)} of {to_number(one.active)}",
                one.reason,
            )
            for one in report.sweeps
        ],
        empty="No refused sweep awaits a decision.",
    )


def _to_state(one: ProviderStatus) -> str:
    if one.archived_at is not None:
        return "archived"
    return one.state if one.enabled or one.state is not ProviderState.IDLE else "disabled"


def _to_warning(one: ProviderStatus) -> str:
    """What the age of the copy means, where it is too old."""
    if one.archived_at is not None:
        return ""
    return "(stale)" if one.freshness.is_stale else "(overdue)" if one.freshness.is_overdue else ""


def _to_age(seconds: int | None) -> str:
    return "not known" if seconds is None else f"at most {to_duration(seconds)}"


def _to_changes_age(freshness: Freshness) -> str:
    overdue = "; overdue" if freshness.is_overdue else ""
    return f"{_to_age(freshness.lag_seconds)}, allowed are {to_hours(freshness.allowed_age_hours)}{overdue}"


_REMOVALS_BY = {RemovalsBy.SWEEP: ", found by sweeps", RemovalsBy.SOURCE: ", reported by the source"}


def _to_removals_age(freshness: Freshness) -> str:
    if freshness.removals_by is RemovalsBy.NOTHING:
        return "never learnt of"
    age = _to_age(freshness.removals_lag_seconds)
    return age if freshness.removals_by is None else age + _REMOVALS_BY[freshness.removals_by]


def _to_next_run(one: ProviderStatus, now: datetime) -> str:
    """When the scheduler starts the next run, or why it starts none."""
    if one.next_run_at is not None:
        return to_span(now, one.next_run_at) if one.next_run_at > now else "due now"
    if one.archived_at is not None:
        return "archived"
    if not one.enabled:
        return "disabled"
    return "blocked" if one.needs_operator is not None else "-"


def _to_progress(one: ProviderStatus) -> str:
    if one.current is None:
        return ""
    done = to_number(one.current.done)
    return f"{one.current.stage or 'starting'} {done}" + (
        f"/{to_number(one.current.total)}" if one.current.total else ""
    )


def _to_count(count: int, one: ProviderStatus) -> str:
    return f"about {to_number(count)}" if one.listings.is_estimate else to_number(count)


STATUS_COLUMNS = (
    Column("provider"),
    Column("type", rank=6),
    Column("state"),
    Column("listings", right=True, rank=2),
    Column("last success", rank=4),
    Column("next run", rank=3),
    Column("errors", right=True, rank=1),
    Column("findings", right=True, rank=5),
)


def _print_statuses(statuses: list[ProviderStatus], now: datetime) -> None:
    print_table(
        STATUS_COLUMNS,
        [
            (
                one.provider_id,
                one.provider_type,
                " ".join(filter(None, (_to_state(one), _to_progress(one), _to_warning(one)))),
                _to_count(one.listings.active, one),
                to_span(now, one.last_success_at),
                _to_next_run(one, now),
                to_number(one.open_errors),
                to_number(one.open_findings),
            )
            for one in statuses
        ],
        empty=f"No provider yet. Add one: {to_command('provider add FILE.json')}",
    )


def _print_status(one: ProviderStatus, now: datetime) -> None:
    last = one.last_run
    next_run = _to_next_run(one, now)
    if next_run == "blocked":
        next_run = f"blocked until an operator acts; then: {to_command(f'provider enable {one.provider_id}')}"
    print_facts(
        [
            ("provider", f"{one.provider_id} ({one.provider_name})"),
            ("type", one.provider_type),
            ("state", _to_state(one)),
            *((("progress", _to_progress(one)),) if one.current else ()),
            *((("needs operator", one.needs_operator),) if one.needs_operator else ()),
            ("listings", f"{_to_count(one.listings.active, one)} shown, {_to_count(one.listings.total, one)} stored"),
            ("age of changes", _to_changes_age(one.freshness)),
            ("age of removals", _to_removals_age(one.freshness)),
            *(
                (("stale", "nothing is public: the copy is older than hideWhenStale"),)
                if one.freshness.is_stale
                else ()
            ),
            ("watermark", one.freshness.watermark or "-"),
            ("last success", to_span(now, one.last_success_at)),
            ("next run", next_run),
            ("interval", to_hours(one.interval_hours)),
            ("consecutive failures", to_number(one.consecutive_failures)),
            ("open errors", to_number(one.open_errors)),
            ("open findings", to_number(one.open_findings)),
            ("photos pending", f"of {to_number(one.photos.listings_waiting)} listings"),
            ("photos failed", to_number(one.photos.failed)),
            *((("last run", f"{last.sync_type} {last.sync_id}"), ("last run status", last.status)) if last else ()),
            *(("remark", remark) for remark in (last.remarks if last else ())),
        ]
    )


def _print_runs(runs: list[Run], now: datetime) -> None:
    print_table(
        [
            Column("when"),
            Column("provider"),
            Column("type"),
            Column("status"),
            Column("duration", right=True, rank=1),
            Column("changes", wrap=True),
            Column("triggered by", rank=2),
            Column("run", rank=3),
        ],
        [
            (
                to_span(now, run.started_at or run.queued_at),
                run.provider_id,
                f"{run.sync_type}{' (dry run)' if run.dry_run else ''}",
                run.status,
                "" if run.duration_ms is None else to_duration(run.duration_ms / 1000),
                run.error or to_changes(run),
                run.triggered_by,
                str(run.sync_id),
            )
            for run in runs
        ],
        empty=f"No run yet. Start one: {to_command('sync PROVIDER')}",
    )
