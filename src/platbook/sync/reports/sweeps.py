"""Sweeps that were refused, and what they would have removed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from platbook.base.errors import NotFound
from platbook.db import ReadConnection, load_queries

Q = load_queries(__package__ or "platbook.sync.reports")

KEYS_SHOWN = 100


class SweepStatus(StrEnum):
    """What became of a refused sweep."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Sweep:
    """A refused sweep. `candidates` counts the keys it would have removed, `candidate_keys` are some of them."""

    id: UUID
    provider_id: str
    sync_id: UUID
    resource: str
    status: str
    reason: str
    began_at: datetime
    active: int
    candidates: int
    removed: int | None
    decided_at: datetime | None
    decided_by: str | None
    candidate_keys: list[str]


@dataclass(frozen=True, slots=True)
class Sweeps:
    """One page of refused sweeps, newest first, and how many there are in all."""

    sweeps: list[Sweep]
    total: int


async def find_sweeps(
    connection: ReadConnection,
    *,
    limit: int,
    page: int = 1,
    provider_id: str | None = None,
    status: SweepStatus | None = None,
) -> Sweeps:
    """One page of sweeps that were refused, each with its first 100 candidates."""
    params = {
        "provider_id": provider_id,
        "status": status,
        "keys": KEYS_SHOWN,
        "limit": limit,
        "offset": (page - 1) * limit,
    }
    sweeps = await connection.all(Sweep, Q.find_sweeps, params)
    return Sweeps(sweeps, await connection.value(int, Q.count_sweeps, params) or 0)


async def get_sweep(
    connection: ReadConnection, sweep_id: UUID, *, after: str | None = None, keys: int = KEYS_SHOWN
) -> Sweep:
    """One sweep with its next `keys` candidates that follow the key `after`; NotFound."""
    sweep = await connection.first(Sweep, Q.get_sweep, {"id": sweep_id, "after": after, "keys": keys})
    if sweep is None:
        raise NotFound("there is no such sweep", code="SWEEP_NOT_FOUND")
    return sweep
