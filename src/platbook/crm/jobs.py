"""The background work of the CRM: what time alone changes about leads and tasks."""

from datetime import timedelta

from platbook.base.clock import Clock
from platbook.crm.interactions.statistics import fold_numbers
from platbook.crm.leads.maintenance import end_claims, renew_scores
from platbook.crm.tasks.store import give_reminders
from platbook.db import Database
from platbook.jobs import Arguments, Job, JobDefinition

MAINTAIN_CRM = JobDefinition("maintain leads and tasks", period=timedelta(seconds=20))


def to_maintenance_job(database: Database, clock: Clock) -> Job:
    """Gives reminders, ends claims nobody made, renews scores that age, merges the log's totals.

    A part that has more to do than it takes in one transaction is called again.
    """

    async def maintain(_: Arguments) -> None:
        for part in (give_reminders, end_claims, renew_scores):
            done = 1
            while done:
                async with database.transaction() as connection:
                    done = await part(connection, clock.now())
        async with database.transaction() as connection:
            await fold_numbers(connection)

    return Job(MAINTAIN_CRM, maintain)
