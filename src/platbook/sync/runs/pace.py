"""How often a provider's source is read: by its interval, and before its copy is older than its display rules allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.sync.clock_ahead import is_ahead

Q = load_queries(__package__ or "platbook.sync.runs")

SWEEP_EVERY = timedelta(hours=12)
"""How often keys are swept where no display rule says how old a copy may get: MLSs want removals within 12 hours."""

SHORTEST_PAUSE = timedelta(minutes=15)
"""A copy that gets old starts no run sooner than this after the last one: the shortest interval there is."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a source is read. `hidden_after`: how old its copy gets before nothing is public; None: however old.

    What may get so old is read again at half that age. So a run may take the other half before anything is hidden.
    """

    interval: timedelta
    hidden_after: timedelta | None = None

    @property
    def _half(self) -> timedelta | None:
        return None if self.hidden_after is None else max(self.hidden_after / 2, SHORTEST_PAUSE)

    @property
    def longest_pause(self) -> timedelta:
        """The longest pause between two runs."""
        return self.interval if self._half is None else min(self.interval, self._half)

    @property
    def sweeps_every(self) -> timedelta:
        """How long after a sweep, applied or refused, the next is due."""
        return self._half or SWEEP_EVERY

    def due_in(self, now: datetime, read_at: Sequence[datetime | None]) -> timedelta:
        """How soon something has to be read again, for its age or after an interval; negative where it is overdue.

        `read_at`: when changes, and the keys of what is swept, were last read, resource by resource; None: never.
        """
        if self._half is None:
            return self.interval
        ages = [self._half if at is None or is_ahead(at, now) else now - at for at in read_at]
        return min(self.interval, self._half - max(ages, default=self._half))

    def next_run_at(self, now: datetime, read_at: Sequence[datetime | None]) -> datetime:
        """When the next run starts after one that was completed now; `read_at` as for `due_in`."""
        return now + max(self.due_in(now, read_at), SHORTEST_PAUSE)


@dataclass(frozen=True, slots=True)
class _Reading:
    """When something was last read."""

    began_at: datetime | None


async def get_pace(connection: ReadConnection, provider_id: str) -> Pace:
    """The pace of a provider that exists."""
    return await connection.one(Pace, Q.get_pace, {"provider_id": provider_id})


async def find_reading_times(connection: ReadConnection, provider_id: str) -> list[datetime | None]:
    """When a provider's changes, and the keys of what is swept, were last read, resource by resource; None: never."""
    readings = await connection.all(_Reading, Q.find_reading_times, {"provider_id": provider_id})
    return [one.began_at for one in readings]


async def bring_next_run_forward(connection: WriteConnection, provider_id: str, now: datetime) -> None:
    """Let a provider's next run start before its copy is older than its display rules now allow.

    For whoever changes those rules. Nothing changes where the next run is early enough, or a failed one is repeated.
    """
    pace = await get_pace(connection, provider_id)
    due = now + pace.due_in(now, await find_reading_times(connection, provider_id))
    await connection.run(Q.bring_forward, {"provider_id": provider_id, "due": due, "at": now})
