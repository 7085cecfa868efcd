"""The background work of the CRM: what time alone changes about leads and tasks."""

from datetime import timedelta

from platbook.base.clock import Clock
from platbook.crm.intake.reassignment import reassign_leads, reassign_tasks
from platbook.crm.interactions.statistics import compact_counts
from platbook.crm.lifecycle.maintenance import expire_claims, refresh_scores
from platbook.crm.tasks.store import send_reminders
from platbook.db import Database
from platbook.jobs import Arguments, Job, JobDefinition

MAINTAIN_CRM = JobDefinition("maintain leads and tasks", period=timedelta(seconds=20))


def to_maintenance_job(database: Database, clock: Clock) -> Job:
    """Sends reminders, expires claims, refreshes scores that age, reassigns disabled users' work, compacts counts.

    A part that has more to do than it takes in one transaction is called again.
    """

    async def maintain(_: Arguments) -> None:
        for part in (send_reminders, expire_claims, refresh_scores, reassign_leads, reassign_tasks):
            done = 1
            while done:
                async with database.transaction() as connection:
                    done = await part(connection, clock.now())
        async with database.transaction() as connection:
            await compact_counts(connection)

    return Job(MAINTAIN_CRM, maintain)
