"""Request bodies of MLS administration, and the answers of its commands; what is read are the features' own views."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from platbook.api.models import ApiModel
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.sync.setup.providers import AcceptedProposal


class ManualSyncType(StrEnum):
    """The syncs a person can start."""

    FULL = "full"
    INCREMENTAL = "incremental"
    SWEEP = "sweep"


class SyncCreate(ApiModel):
    """A sync to start; with a `listingKey`, of that one record. A dry run reports what would change."""

    provider_id: Annotated[str, Field(min_length=1, max_length=64, examples=["sample_rets_provider"])]
    sync_type: Annotated[ManualSyncType, Field(examples=["full"])] = ManualSyncType.INCREMENTAL
    dry_run: Annotated[bool, Field(strict=True)] = False
    listing_key: Annotated[str, Field(min_length=1, max_length=255)] | None = None

    def to_request(self) -> RunRequest:
        """The body as the engine's request."""
        return RunRequest(self.provider_id, SyncType(self.sync_type), self.dry_run, self.listing_key)


class EnabledUpdate(ApiModel):
    """Whether the scheduler syncs a provider."""

    enabled: Annotated[bool, Field(strict=True, examples=[True])]


class IntervalUpdate(ApiModel):
    """How often the scheduler syncs a provider."""

    interval_hours: Annotated[float, Field(ge=0.25, le=168, strict=True, examples=[6])]


class ProposalAccept(ApiModel):
    """The accepted part of a proposal. A setting of null is removed."""

    settings: dict[str, object] = Field(
        default_factory=dict[str, object], examples=[{"classes": ["RES"], "keyField": "Matrix_Unique_ID"}]
    )
    field_mapping: dict[str, object] = Field(
        default_factory=dict[str, object], examples=[{"CurrentPrice": "ListPrice"}]
    )

    def to_accepted(self) -> AcceptedProposal:
        """The body as provider setup takes it."""
        return AcceptedProposal(self.settings, self.field_mapping)


class StartedRunRead(ApiModel):
    """A run that waits for a worker."""

    sync_id: UUID
    provider_id: str
    sync_type: str
    status: str


class CancelledRunsRead(ApiModel):
    """The runs that were asked to stop."""

    provider_id: str
    sync_ids: list[UUID]


class RetryRead(ApiModel):
    """How many errors will be retried, and the run that does it; null where there was nothing to retry."""

    provider_id: str
    marked: int
    sync_id: UUID | None


class PhotoRetryRead(ApiModel):
    """How many photos will be tried again."""

    photos: int


class QueuedJobRead(ApiModel):
    """Whether a job was put in the queue; false: the same job waits there already."""

    queued: bool
