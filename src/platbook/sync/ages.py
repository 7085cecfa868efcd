"""How old the copy of a provider's resource is: of changes, and of removals. Whoever needs an age asks here.

Changes are as old as the start of the last walk that reached its proved end, removals as old as the start of the last
sweep that was applied, or of the last walk that read the source's own deletions. So rejected records make no copy old;
a refused or unfinished sweep does, and so does a source that cannot be read. Ages are written in the transaction that
ends the walk, or applies the sweep. A time that a clock once ahead has left proves nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from platbook.base.errors import NotFound
from platbook.connectors.contract import Resource, ResourceProfile
from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.sync.clock_ahead import is_ahead
from platbook.sync.runs.run import RunLease

Q = load_queries(__package__ or "platbook.sync")


class RemovalsBy(StrEnum):
    """How removals of a resource are learnt of."""

    SWEEP = "sweep"
    SOURCE = "source"
    """The source reports every deletion itself, and walks read them."""
    NOTHING = "nothing"

    @classmethod
    def of(cls, profile: ResourceProfile) -> "RemovalsBy":
        """How removals are learnt of where a source serves a resource like this."""
        if profile.needs_sweep:
            return cls.SWEEP
        return cls.SOURCE if profile.reports_deletions else cls.NOTHING


@dataclass(frozen=True, slots=True)
class CopyAge:
    """How old the copy of a provider's resource is.

    `removals_by` is None until the source was read once. `allowed_age` is how old changes may get before the provider
    is overdue; they count from when it was added where no walk is complete. `is_stale`: nothing of the provider is
    public, because its copy is older than its display rules allow; SQL says so (`stale_providers`), since searches ask
    it, too.
    """

    provider_id: str
    resource: str
    changes_as_of: datetime | None
    removals_as_of: datetime | None
    removals_by: str | None
    added_at: datetime
    allowed_age: timedelta
    is_stale: bool

    def of_changes(self, now: datetime) -> timedelta | None:
        """How old the copy is; None: not known, since no walk is complete."""
        return _age(self.changes_as_of, now)

    def of_removals(self, now: datetime) -> timedelta | None:
        """How long removals have not been learnt of; None: not known, or they never are (`removals_by`)."""
        return None if self.removals_by == RemovalsBy.NOTHING else _age(self.removals_as_of, now)

    def is_overdue(self, now: datetime) -> bool:
        """Whether changes are older than allowed."""
        known = self.of_changes(now)
        return (now - self.added_at if known is None else known) > self.allowed_age


async def get_age(
    connection: ReadConnection, provider_id: str, now: datetime, resource: Resource = Resource.PROPERTY
) -> CopyAge:
    """The age of the copy of one provider's resource; NotFound."""
    params = {"provider_id": provider_id, "resource": resource, "at": now}
    age = await connection.first(CopyAge, Q.find_ages, params)
    if age is None:
        raise NotFound(f"there is no provider {provider_id}", code="PROVIDER_NOT_FOUND")
    return age


async def find_ages(
    connection: ReadConnection, now: datetime, resource: Resource = Resource.PROPERTY
) -> dict[str, CopyAge]:
    """The age of the copy of every provider's resource, by provider, archived ones included."""
    params = {"provider_id": None, "resource": resource, "at": now}
    return {age.provider_id: age for age in await connection.all(CopyAge, Q.find_ages, params)}


async def record_walk(
    connection: WriteConnection, lease: RunLease, profile: ResourceProfile, began_at: datetime | None
) -> None:
    """A walk has reached its proved end; `began_at` None: nobody knows when it began, so it proves no age."""
    removals_as_of = began_at if RemovalsBy.of(profile) is RemovalsBy.SOURCE else None
    await _record(connection, lease, profile, changes_as_of=began_at, removals_as_of=removals_as_of)


async def record_sweep(
    connection: WriteConnection, lease: RunLease, profile: ResourceProfile, applied_as_of: datetime | None
) -> None:
    """A sweep has come to its end.

    `applied_as_of`: when it began, if whatever is gone was removed; None: it was refused, or gave up on broken replies.
    """
    await _record(connection, lease, profile, removals_as_of=applied_as_of, is_swept=True)


async def record_accepted_sweep(connection: WriteConnection, sweep_id: UUID) -> None:
    """A refused sweep was accepted and applied: removals are as old as its start, unless a later one is known."""
    await connection.run(Q.record_accepted_sweep, {"sweep_id": sweep_id})


async def _record(
    connection: WriteConnection,
    lease: RunLease,
    profile: ResourceProfile,
    *,
    changes_as_of: datetime | None = None,
    removals_as_of: datetime | None = None,
    is_swept: bool = False,
) -> None:
    params = {
        "provider_id": lease.run.provider_id,
        "resource": lease.resource,
        "removals_by": RemovalsBy.of(profile),
        "changes_as_of": changes_as_of,
        "removals_as_of": removals_as_of,
        "child_id": lease.child_id,
        "is_swept": is_swept,
    }
    await connection.run(Q.record_age, params)


def _age(as_of: datetime | None, now: datetime) -> timedelta | None:
    return None if as_of is None or is_ahead(as_of, now) else max(now - as_of, timedelta())
