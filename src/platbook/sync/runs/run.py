"""A run as values: what it does, its states, the right to store its pages, its counts, where its walk is. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from platbook.connectors.contract import Cursor, Resource


class SyncType(StrEnum):
    """What a run does."""

    FULL = "full"
    INCREMENTAL = "incremental"
    SWEEP = "sweep"
    RECORD = "record"
    RETRY = "retry"


class RunStatus(StrEnum):
    """The states of a run."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCESS = "success"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run to be done: its kind, and of a record run the key, of an accepted sweep its id."""

    provider_id: str
    sync_type: SyncType
    dry_run: bool = False
    listing_key: str | None = None
    sweep_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """A run as its row is when it is claimed."""

    sync_id: UUID
    provider_id: str
    sync_type: str
    dry_run: bool
    listing_key: str | None
    sweep_id: UUID | None
    triggered_by: str

    @property
    def is_scheduled_kind(self) -> bool:
        """Whether it does what the schedule's runs do, so that how it ends moves the schedule."""
        return is_scheduled_kind(self.sync_type, dry_run=self.dry_run)


@dataclass(frozen=True, slots=True)
class RunLease:
    """The right to store pages of a provider, until the epoch is raised (fencing token)."""

    run: ClaimedRun
    child_id: UUID
    epoch: int
    resource: Resource = Resource.PROPERTY

    @property
    def sync_ids(self) -> list[UUID]:
        """The run and its resource's child."""
        return [self.run.sync_id, self.child_id]


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What was done to records."""

    fetched: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    errored: int = 0
    stale: int = 0
    """Versions older than one that was stored or received already, and not taken."""
    found_by_sweep: int = 0
    """Of those added and updated, the ones that only the list of keys of a sweep named."""


def is_scheduled_kind(sync_type: str, *, dry_run: bool) -> bool:
    """Whether a run does what scheduled runs do; others (one record, a retry, a dry run) do not move the schedule."""
    return not dry_run and sync_type not in {SyncType.RECORD, SyncType.RETRY}


@dataclass(frozen=True, slots=True)
class CursorState:
    """A row of `mls_sync_cursors`; every field None: nothing was ever walked."""

    watermark: str | None = None
    watermark_scope: str | None = None
    walk: str | None = None
    walk_since: str | None = None
    walk_checkpoint: str | None = None
    walk_watermark: str | None = None
    walk_scope: str | None = None
    walk_done: int = 0
    walk_began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WalkProgress:
    """The progress of a walk after a page."""

    walk: str
    since: Cursor | None
    checkpoint: Cursor | None
    watermark: Cursor | None
    scope: str
    done: int
    began_at: datetime | None
