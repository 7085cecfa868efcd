"""The background work of idempotency keys."""

from datetime import timedelta

from platbook.application.idempotency.answers import delete_old_keys
from platbook.base.clock import Clock
from platbook.db import Database
from platbook.jobs import Arguments, Job, JobDefinition

DELETE_OLD_KEYS = JobDefinition("delete old idempotency keys", period=timedelta(hours=1), retry=timedelta(minutes=1))


def to_key_deletion_job(database: Database, clock: Clock) -> Job:
    """Deletes keys and their answers after a day."""

    async def delete(_: Arguments) -> None:
        await delete_old_keys(database, clock.now())

    return Job(DELETE_OLD_KEYS, delete)
