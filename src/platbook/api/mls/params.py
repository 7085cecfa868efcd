"""Path and query parameters of MLS administration."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import AfterValidator

from platbook.api.params import require_zone
from platbook.providers.finding import FindingKind
from platbook.sync.reports.errors import ErrorType, RetryState
from platbook.sync.reports.statistics import MOST_DAYS
from platbook.sync.reports.sweeps import SweepStatus
from platbook.sync.runs.run import RunStatus, SyncType

ProviderId = Annotated[str, Path(max_length=64, description="the provider's id", examples=["sample_rets_provider"])]
ErrorId = Annotated[UUID, Path(description="the error's id")]
SweepId = Annotated[UUID, Path(description="the sweep's id")]


OnlySyncType = Annotated[SyncType | None, Query(alias="syncType", description="only runs of this type")]
OnlyRunStatus = Annotated[RunStatus | None, Query(alias="status", description="only runs with this status")]
OnlyErrorType = Annotated[ErrorType | None, Query(alias="type", description="only errors of this type")]
OnlyRetryState = Annotated[RetryState | None, Query(alias="retry", description="only errors with this retry status")]
OnlySyncId = Annotated[UUID | None, Query(alias="syncId", description="only errors of this run")]
OnlyFindingKind = Annotated[FindingKind | None, Query(alias="kind", description="only findings of this kind")]
OnlyOpen = Annotated[bool | None, Query(alias="open", description="only open findings, or only closed ones")]
OnlyProviderId = Annotated[str | None, Query(alias="providerId", max_length=64)]
OnlySweepStatus = Annotated[SweepStatus | None, Query(alias="status", description="only sweeps with this status")]

At = Annotated[
    datetime | None,
    Query(description="as they were at this moment", examples=["2026-01-31T08:15:00Z"]),
    AfterValidator(require_zone),
]
DryRun = Annotated[bool, Query(alias="dryRun", description="answer what would appear and vanish, and write nothing")]
Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="how far back")]
FailureLimit = Annotated[int, Query(alias="limit", ge=1, le=1000)]
IncludeArchived = Annotated[bool, Query(alias="archived", description="include archived providers")]
Purge = Annotated[bool, Query(alias="purge", description="erase its listings, runs, errors and credentials as well")]
Refresh = Annotated[bool, Query(alias="afresh", description="read the metadata even if the source reports no change")]
