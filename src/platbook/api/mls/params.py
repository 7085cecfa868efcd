"""What a request about providers and their syncs says: bodies and parameters."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import Field

from platbook.api.models import Model
from platbook.sync.runs.lifecycle import RunRequest, SyncType
from platbook.sync.setup.providers import AcceptedProposal


class Manual(StrEnum):
    """The syncs a person may ask for."""

    FULL = "full"
    INCREMENTAL = "incremental"
    SWEEP = "sweep"


class SyncBody(Model):
    """A sync asked for by hand; with a `listingKey`, of that one record. A dry run says what would change."""

    provider_id: Annotated[str, Field(min_length=1, max_length=64, examples=["sample_rets_provider"])]
    sync_type: Annotated[Manual, Field(examples=["full"])] = Manual.INCREMENTAL
    dry_run: Annotated[bool, Field(strict=True)] = False
    listing_key: Annotated[str, Field(min_length=1, max_length=255)] | None = None

    def to_request(self) -> RunRequest:
        """As the engine takes it."""
        return RunRequest(self.provider_id, SyncType(self.sync_type), self.dry_run, self.listing_key)


class ToggleBody(Model):
    """The schedule's switch."""

    enabled: Annotated[bool, Field(strict=True, examples=[True])]


class IntervalBody(Model):
    """How often a provider is synced."""

    interval_hours: Annotated[float, Field(ge=0.25, le=168, strict=True, examples=[6])]


class AcceptBody(Model):
    """What is accepted of a proposal. A setting of null is taken away."""

    settings: dict[str, object] = Field(
        default_factory=dict[str, object], examples=[{"classes": ["RES"], "keyField": "Matrix_Unique_ID"}]
    )
    field_mapping: dict[str, object] = Field(
        default_factory=dict[str, object], examples=[{"CurrentPrice": "ListPrice"}]
    )

    def to_accepted(self) -> AcceptedProposal:
        """As administration takes it."""
        return AcceptedProposal(self.settings, self.field_mapping)


ProviderId = Annotated[str, Path(max_length=64, description="the provider's id", examples=["sample_rets_provider"])]
ErrorId = Annotated[UUID, Path(description="the error's id")]
SweepId = Annotated[UUID, Path(description="the sweep's id")]
