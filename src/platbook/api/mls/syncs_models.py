"""Answers about providers and their syncs. Credentials are answered by their names alone."""

from datetime import date
from typing import Literal, Self
from uuid import UUID

from platbook.api.envelope import Pagination
from platbook.api.models import Model, Moment
from platbook.mapping.proposal import ProposedField
from platbook.providers.providers import Provider
from platbook.sync.reports.statistics import DailyTotals, SyncStatistics
from platbook.sync.reports.status import ProviderState, ProviderStatus
from platbook.sync.setup.connection_test import ConnectionTest
from platbook.sync.setup.discovery import DiscoveryResult


class ResourceRun(Model):
    """A run, or the part of it that did one resource. `stages` are seconds; `remarks` what is worth knowing besides."""

    sync_id: UUID
    provider_id: str
    resource: str | None
    sync_type: str
    status: str
    dry_run: bool
    listing_key: str | None
    sweep_id: UUID | None
    queued_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    duration_ms: int | None
    fetched: int
    added: int
    updated: int
    unchanged: int
    deleted: int
    errored: int
    media_downloaded: int
    media_failed: int
    bytes: int
    requests: int
    stages: dict[str, float]
    remarks: list[str]
    triggered_by: str
    error_type: str | None
    error: str | None


class RunAnswer(ResourceRun):
    """A run with its resources."""

    resources: list[ResourceRun]


class RunList(Model):
    """One page of runs, newest first."""

    runs: list[RunAnswer]
    pagination: Pagination


class CurrentAnswer(Model):
    """The run under way. `rate` is in records per second."""

    sync_id: UUID
    stage: str | None
    done: int
    total: int | None
    rate: float | None
    expected_end_at: Moment | None


class FreshnessAnswer(Model):
    """What the source held at `asOf`, we hold: the lag counts from then. `watermark` is the source's own text."""

    watermark: str | None
    as_of: Moment | None
    lag_seconds: int | None


class ListingCountsAnswer(Model):
    """Listings shown, and all that are not erased; above 10,000 an estimate."""

    active: int
    total: int
    is_estimate: bool


class OwedPhotosAnswer(Model):
    """Listings whose photos are still to be fetched, and photos that could not be had."""

    listings_waiting: int
    failed: int


class StatusAnswer(Model):
    """How a provider stands. `nextRunAt` is null where no run will start by itself."""

    provider_id: str
    provider_name: str
    provider_type: str
    enabled: bool
    archived_at: Moment | None
    state: ProviderState
    needs_operator: str | None
    interval_hours: float
    next_run_at: Moment | None
    last_success_at: Moment | None
    last_run: RunAnswer | None
    consecutive_failures: int
    waiting_sync_id: UUID | None
    current: CurrentAnswer | None
    freshness: FreshnessAnswer
    open_errors: int
    listings: ListingCountsAnswer
    photos: OwedPhotosAnswer

    @classmethod
    def of(cls, status: ProviderStatus) -> Self:
        """As the report says."""
        scheduled = status.enabled and not status.blocked
        return cls(
            provider_id=status.provider_id,
            provider_name=status.provider_name,
            provider_type=status.provider_type,
            enabled=status.enabled,
            archived_at=status.archived_at,
            state=status.state,
            needs_operator=status.needs_operator,
            interval_hours=status.interval_hours,
            next_run_at=status.next_run_at if scheduled else None,
            last_success_at=status.last_success_at,
            last_run=None if status.last_run is None else RunAnswer.model_validate(status.last_run),
            consecutive_failures=status.consecutive_failures,
            waiting_sync_id=status.waiting_id,
            current=None if status.current is None else CurrentAnswer.model_validate(status.current),
            freshness=FreshnessAnswer.model_validate(status.freshness),
            open_errors=status.open_errors,
            listings=ListingCountsAnswer.model_validate(status.listings),
            photos=OwedPhotosAnswer.model_validate(status.photos),
        )


class StatusList(Model):
    """How every provider stands that is not archived."""

    providers: list[StatusAnswer]


class ErrorAnswer(Model):
    """A rejected record, or why a run could not go on."""

    id: UUID
    provider_id: str
    sync_id: UUID
    resource: str | None
    type: str
    listing_key: str | None
    field: str | None
    reason: str
    retry: str
    attempts: int
    at: Moment
    last_at: Moment


class ErrorList(Model):
    """One page of errors, newest first."""

    errors: list[ErrorAnswer]
    pagination: Pagination


class RawAnswer(Model):
    """What the source said, as it was kept; null where nothing was, or no longer."""

    id: UUID
    raw: str | None


class TotalsAnswer(Model):
    """Runs that ended, in sum; dry runs are left out."""

    runs: int
    succeeded: int
    partial: int
    failed: int
    cancelled: int
    fetched: int
    added: int
    updated: int
    unchanged: int
    deleted: int
    errored: int
    bytes: int
    requests: int


class ErrorRate(Model):
    """Errors of one type; `rate` is how many there were for each run that ended."""

    type: str
    count: int
    rate: float | None


class DayAnswer(Model):
    """One provider's runs of one day, UTC."""

    provider_id: str
    day: date
    runs: int
    succeeded: int
    failed: int
    cancelled: int
    fetched: int
    added: int
    updated: int
    deleted: int
    errored: int
    mean_duration_ms: int | None

    @classmethod
    def of(cls, day: DailyTotals) -> Self:
        """As the report says."""
        return cls(
            provider_id=day.provider_id,
            day=day.day,
            runs=day.runs,
            succeeded=day.succeeded,
            failed=day.failed,
            cancelled=day.cancelled,
            fetched=day.fetched,
            added=day.added,
            updated=day.updated,
            deleted=day.deleted,
            errored=day.errored,
            mean_duration_ms=_milliseconds(day.mean_seconds),
        )


class StatisticsAnswer(Model):
    """How syncs went. Rates and durations are null where no run tells one; cancelled runs have no say in them."""

    since: Moment
    totals: TotalsAnswer
    success_rate: float | None
    listings_per_hour: float | None
    mean_duration_ms: int | None
    p95_duration_ms: int | None
    errors: list[ErrorRate]
    days: list[DayAnswer]

    @classmethod
    def of(cls, statistics: SyncStatistics) -> Self:
        """As the report says."""
        totals = statistics.totals
        return cls(
            since=statistics.since,
            totals=TotalsAnswer.model_validate(totals),
            success_rate=totals.success_rate,
            listings_per_hour=totals.listings_per_hour,
            mean_duration_ms=_milliseconds(totals.mean_seconds),
            p95_duration_ms=_milliseconds(totals.p95_seconds),
            errors=[
                ErrorRate(type=one.type, count=one.count, rate=one.count / totals.runs if totals.runs else None)
                for one in statistics.errors
            ],
            days=[DayAnswer.of(day) for day in statistics.days],
        )


class SweepAnswer(Model):
    """A refused sweep. `candidates` counts what it would have removed, `candidateKeys` are the first 100."""

    id: UUID
    provider_id: str
    sync_id: UUID
    resource: str
    status: str
    reason: str
    began_at: Moment
    active: int
    candidates: int
    candidate_keys: list[str]
    removed: int | None
    decided_at: Moment | None
    decided_by: str | None


class SweepList(Model):
    """One page of refused sweeps, newest first."""

    sweeps: list[SweepAnswer]
    pagination: Pagination


class StartedAnswer(Model):
    """A run that waits for a worker."""

    sync_id: UUID
    provider_id: str
    sync_type: str
    status: str


class CancelledAnswer(Model):
    """The runs that were asked to stop."""

    provider_id: str
    sync_ids: list[UUID]


class RetryingAnswer(Model):
    """How many errors are tried again, and the run that does it; null where there was nothing to try."""

    provider_id: str
    marked: int
    sync_id: UUID | None


class ProviderAnswer(Model):
    """A provider's configuration, in the words it is written by; of credentials only that they are set."""

    provider_id: str
    provider_name: str
    provider_type: str
    settings: dict[str, object]
    credentials: dict[str, Literal["set"]]
    field_mapping: dict[str, object]
    scope: dict[str, object]
    display: dict[str, object]
    media: dict[str, object]
    retention: str
    interval_hours: float
    requests_per_second: float | None
    max_removal_share: float
    enabled: bool
    archived_at: Moment | None
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, provider: Provider) -> Self:
        """As its row says."""
        return cls(
            provider_id=provider.provider_id,
            provider_name=provider.provider_name,
            provider_type=provider.provider_type,
            settings=dict(provider.settings),
            credentials=dict.fromkeys(provider.credential_names, "set"),
            field_mapping=dict(provider.field_mapping),
            scope=dict(provider.scope),
            display=dict(provider.display),
            media=dict(provider.media),
            retention=provider.retention,
            interval_hours=provider.interval_hours,
            requests_per_second=provider.requests_per_second,
            max_removal_share=provider.max_removal_share,
            enabled=provider.enabled,
            archived_at=provider.archived_at,
            created_at=provider.created_at,
            updated_at=provider.updated_at,
        )


class ProviderList(Model):
    """Providers by id."""

    providers: list[ProviderAnswer]


class StepAnswer(Model):
    """One step of a trial."""

    name: str
    ok: bool
    duration_ms: int
    message: str


class SampleAnswer(Model):
    """One record as it would be stored, or why it would be rejected."""

    listing_key: str
    source_fields: int
    values: dict[str, object]
    rejected: str | None


class ProbeAnswer(Model):
    """What came of trying a connection."""

    ok: bool
    provider_id: str
    steps: list[StepAnswer]
    count: int | None
    sample: SampleAnswer | None

    @classmethod
    def of(cls, probe: ConnectionTest) -> Self:
        """As it was tried."""
        return cls(
            ok=probe.ok,
            provider_id=probe.provider_id,
            steps=[
                StepAnswer(name=step.name, ok=step.ok, duration_ms=step.milliseconds, message=step.words)
                for step in probe.steps
            ],
            count=probe.count,
            sample=None if probe.sample is None else SampleAnswer.model_validate(probe.sample),
        )


class SourceValueAnswer(Model):
    """One value of a lookup, as records hold it, and its words."""

    value: str
    label: str
    short: str | None


class SourceLookupAnswer(Model):
    """The values a source allows in a field."""

    name: str
    values: list[SourceValueAnswer]


class SourceFieldAnswer(Model):
    """One field of a source. `dataType` is the source's own word."""

    name: str
    label: str | None
    standard_name: str | None
    data_type: str | None
    max_length: int | None
    precision: int | None
    lookup: str | None
    is_multiple: bool
    is_searchable: bool


class SourceClassAnswer(Model):
    """One kind of record, with fields of its own."""

    name: str
    label: str | None
    standard_name: str | None
    description: str | None
    fields: list[SourceFieldAnswer]


class SourceResourceAnswer(Model):
    """One resource of a source. `objects` are the kinds of photos and documents it keeps."""

    name: str
    label: str | None
    standard_name: str | None
    key_field: str | None
    classes: list[SourceClassAnswer]
    lookups: list[SourceLookupAnswer]
    objects: list[str]


class ProposedFieldAnswer(Model):
    """A source field and the RESO field it seems to be. `told`: standard_name, own_name, synonym or label."""

    source: str
    target: str
    told: str
    label: str | None


class ProposalAnswer(Model):
    """What may be accepted, and what is left to a person: `rivals` for targets that are taken, `unknown` fields."""

    settings: dict[str, object]
    field_mapping: dict[str, object]
    fields: list[ProposedFieldAnswer]
    rivals: list[ProposedFieldAnswer]
    unknown: list[str]


class DiscoveredAnswer(Model):
    """What a source says of itself, when that was read, and the proposal that follows from it."""

    provider_id: str
    read_at: Moment
    resources: list[SourceResourceAnswer]
    proposal: ProposalAnswer

    @classmethod
    def of(cls, found: DiscoveryResult) -> Self:
        """As it was found."""
        proposal = found.proposal
        return cls(
            provider_id=found.provider_id,
            read_at=found.read_at,
            resources=[SourceResourceAnswer.model_validate(one) for one in found.discovery.resources],
            proposal=ProposalAnswer(
                settings=dict(proposal.settings),
                field_mapping=dict(proposal.field_mapping),
                fields=[_to_proposed(one) for one in proposal.fields],
                rivals=[_to_proposed(one) for one in proposal.rivals],
                unknown=list(proposal.unknown),
            ),
        )


def _to_proposed(one: ProposedField) -> ProposedFieldAnswer:
    return ProposedFieldAnswer(source=one.source, target=one.target, told=one.evidence.name.lower(), label=one.label)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
