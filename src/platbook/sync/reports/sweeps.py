"""Refused sweeps, with the listings each would have removed."""

from enum import StrEnum
from uuid import UUID

from platbook.base.errors import NotFound
from platbook.base.views import Pagination, UtcDatetime, View, paginate
from platbook.db import ReadConnection, load_queries
from platbook.db.lists import NumberedSource, PageNumber, find_numbered_page

Q = load_queries(__package__ or "platbook.sync.reports")

KEYS_SHOWN = 100


class SweepStatus(StrEnum):
    """The status of a refused sweep."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    SUPERSEDED = "superseded"


class Sweep(View):
    """A refused sweep. `candidates` counts what it would have removed, `candidateKeys` are the first 100."""

    id: UUID
    provider_id: str
    sync_id: UUID
    resource: str
    status: str
    reason: str
    began_at: UtcDatetime
    active: int
    candidates: int
    candidate_keys: list[str]
    removed: int | None
    decided_at: UtcDatetime | None
    decided_by: str | None


class SweepList(View):
    """One page of refused sweeps, newest first."""

    sweeps: list[Sweep]
    pagination: Pagination


_SWEEPS = NumberedSource(Sweep, Q.find_sweeps, ("began_at",), descending=True)


async def find_sweeps(
    connection: ReadConnection,
    *,
    limit: int,
    page: int = 1,
    provider_id: str | None = None,
    status: SweepStatus | None = None,
) -> SweepList:
    """One page of refused sweeps, each with its first 100 candidates."""
    params = {
        "provider_id": provider_id,
        "status": status,
        "keys": KEYS_SHOWN,
    }
    found = await find_numbered_page(connection, _SWEEPS, PageNumber(page, limit), params)
    return SweepList(sweeps=found.rows, pagination=paginate(page, limit, found.total))


async def get_sweep(
    connection: ReadConnection, sweep_id: UUID, *, after: str | None = None, keys: int = KEYS_SHOWN
) -> Sweep:
    """One sweep with its next `keys` candidates that follow the key `after`; NotFound."""
    sweep = await connection.first(Sweep, Q.get_sweep, {"id": sweep_id, "after": after, "keys": keys})
    if sweep is None:
        raise NotFound(f"there is no refused sweep {sweep_id}", code="SWEEP_NOT_FOUND")
    return sweep
