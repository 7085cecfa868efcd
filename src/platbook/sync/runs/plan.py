"""What a run will do, decided from values alone."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from platbook.connectors.contract import Cursor, ResourceProfile
from platbook.sync.runs.cursors import CursorState
from platbook.sync.runs.lifecycle import SyncType

SWEEP_EVERY = timedelta(hours=12)
"""Display rules ask that removals, too, are followed within 12 hours."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk over changes: `since` None is everything; `resume` is where an interrupted one goes on."""

    kind: SyncType
    since: Cursor | None
    resume: Cursor | None = None
    watermark: Cursor | None = None
    done: int = 0


@dataclass(frozen=True, slots=True)
class LastSweep:
    """When a provider was last swept with success, and when a whole sweep of it was last refused."""

    done_at: datetime | None = None
    refused_at: datetime | None = None

    def is_waiting(self) -> bool:
        """Whether nothing but a refusal came since the last success."""
        return self.refused_at is not None and (self.done_at is None or self.refused_at > self.done_at)

    def is_due(self, now: datetime) -> bool:
        """Whether the last one, done or refused, is long enough ago."""
        tries = [at for at in (self.done_at, self.refused_at) if at is not None]
        return not tries or now - max(tries) >= SWEEP_EVERY


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does, in this order."""

    walk: Walk | None
    sweep: bool


def plan_run(
    asked: SyncType,
    standing: CursorState,
    profile: ResourceProfile,
    scope: str,
    *,
    last_sweep: LastSweep,
    now: datetime,
) -> Plan:
    """Plan a full, incremental or sweep run.

    An incremental run becomes a full one where there is nothing to start from, or the scope has changed since: only a
    full walk can fetch what a wider scope asks for. An interrupted walk of the same kind and scope is resumed. A source
    that reports every deletion itself is swept only where a person asks for it. What a
    person asks for sweeps at once; otherwise a refused sweep has its time to be decided upon, as one that was done has.
    """
    if asked is SyncType.SWEEP:
        return Plan(None, sweep=True)
    due = last_sweep.is_due(now)
    fresh = standing.watermark is not None and standing.watermark_scope == scope
    unfinished_full = standing.walk == SyncType.FULL and standing.walk_scope == scope
    if asked is SyncType.FULL or not fresh or not profile.incremental or unfinished_full:
        sweeps = asked is SyncType.FULL or due or not last_sweep.is_waiting()
        return Plan(_walk(SyncType.FULL, None, standing, scope), sweep=profile.needs_sweep and sweeps)
    since = Cursor(standing.watermark or "")
    return Plan(_walk(SyncType.INCREMENTAL, since, standing, scope), sweep=profile.needs_sweep and due)


def scope_fingerprint(
    provider_type: str, settings: Mapping[str, object], scope: Mapping[str, object], mapping_version: str
) -> str:
    """Name what a watermark stands for: another source, scope or mapping makes another, and asks for a full walk."""
    said = orjson.dumps([provider_type, settings, scope, mapping_version], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(said, digest_size=12).hexdigest()


def _walk(kind: SyncType, since: Cursor | None, standing: CursorState, scope: str) -> Walk:
    same = standing.walk == kind and standing.walk_scope == scope and standing.walk_since == since
    if not same or standing.walk_checkpoint is None:
        return Walk(kind, since)
    watermark = None if standing.walk_watermark is None else Cursor(standing.walk_watermark)
    return Walk(kind, since, Cursor(standing.walk_checkpoint), watermark, standing.walk_done)
