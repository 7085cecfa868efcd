"""Plans a run: full or incremental walk, resumed or not, with or without a sweep. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from platbook.connectors.contract import Cursor, ResourceProfile
from platbook.sync.clock_ahead import is_ahead
from platbook.sync.runs.run import CursorState, SyncType


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk over changes: `since` None reads everything; `resume` is the checkpoint of an interrupted one.

    `began_at`: when it first began, however often it was resumed; None: not known.
    """

    kind: SyncType
    since: Cursor | None
    began_at: datetime | None
    resume: Cursor | None = None
    watermark: Cursor | None = None
    done: int = 0


@dataclass(frozen=True, slots=True)
class LastSweep:
    """When a provider's resource was last swept.

    `swept_at` is the start of the last run whose sweep came to its end, applied or refused; the others are the starts
    of the last sweeps that were applied and refused themselves.
    """

    swept_at: datetime | None = None
    applied_at: datetime | None = None
    refused_at: datetime | None = None

    def is_waiting(self) -> bool:
        """Whether the latest complete sweep was refused."""
        return self.refused_at is not None and (self.applied_at is None or self.refused_at > self.applied_at)

    def is_due(self, now: datetime, every: timedelta) -> bool:
        """Whether the last run that swept began longer ago than `every`, or by a clock that was ahead."""
        return self.swept_at is None or is_ahead(self.swept_at, now) or now - self.swept_at >= every


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does, in this order."""

    walk: Walk | None
    sweep: bool


def plan_run(
    requested: SyncType,
    cursors: CursorState,
    profile: ResourceProfile,
    scope: str,
    *,
    last_sweep: LastSweep,
    sweeps_every: timedelta,
    now: datetime,
) -> Plan:
    """Plan a full, incremental or sweep run.

    An incremental run becomes a full one where there is no watermark, or the scope has changed since: only a full walk
    reads what a wider scope includes. An interrupted walk of the same kind and scope is resumed. A full run on request
    sweeps at once; otherwise the next sweep is due `sweeps_every` after the last one, whether that was applied or
    refused. A source that reports every deletion itself is swept on request alone.
    """
    if requested is SyncType.SWEEP:
        return Plan(None, sweep=True)
    due = last_sweep.is_due(now, sweeps_every)
    is_valid = cursors.watermark is not None and cursors.watermark_scope == scope
    unfinished_full = cursors.walk == SyncType.FULL and cursors.walk_scope == scope
    if requested is SyncType.FULL or not is_valid or not profile.incremental or unfinished_full:
        sweeps = requested is SyncType.FULL or due or not last_sweep.is_waiting()
        return Plan(_walk(SyncType.FULL, None, cursors, scope, now), sweep=profile.needs_sweep and sweeps)
    since = Cursor(cursors.watermark or "")
    return Plan(_walk(SyncType.INCREMENTAL, since, cursors, scope, now), sweep=profile.needs_sweep and due)


def scope_fingerprint(
    provider_type: str, settings: Mapping[str, object], scope: Mapping[str, object], mapping_version: str
) -> str:
    """What a watermark is valid for: with another source, scope or mapping a full walk is needed."""
    content = orjson.dumps([provider_type, settings, scope, mapping_version], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content, digest_size=12).hexdigest()


def _walk(kind: SyncType, since: Cursor | None, cursors: CursorState, scope: str, now: datetime) -> Walk:
    same = cursors.walk == kind and cursors.walk_scope == scope and cursors.walk_since == since
    if not same or cursors.walk_checkpoint is None:
        return Walk(kind, since, now)
    watermark = None if cursors.walk_watermark is None else Cursor(cursors.walk_watermark)
    return Walk(kind, since, cursors.walk_began_at, Cursor(cursors.walk_checkpoint), watermark, cursors.walk_done)
