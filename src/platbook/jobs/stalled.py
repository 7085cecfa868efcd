"""The sweep for work that the queue holds for running though nobody does it, so that no key stays locked for ever."""

from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status

from platbook.base.log import get_log
from platbook.jobs.queue import JobQueue, id_of, key_of

log = get_log("jobs")


class StalledSweep:
    """Gives work nobody does to whoever is free. Every worker sweeps; two at once do no harm.

    It finds the jobs of dead workers (without a sign of life for `after_seconds`), and those of this process's own
    worker whose mark of the end was lost, say with the connection: that worker lives, so nobody else would find them.
    """

    def __init__(self, queue: JobQueue, after_seconds: float) -> None:
        self._queue = queue
        self._after_seconds = after_seconds
        self._suspects: frozenset[int] = frozenset()

    async def sweep(self, worker_id: int | None) -> list[str]:
        """Sweep once; `worker_id` is this process's own worker, while it has one. The keys given on."""
        dead = await self._queue.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self._after_seconds)
        forgotten = await self._find_forgotten(worker_id)
        return [key_of(job) for job in [*dead, *forgotten] if await self._give_on(job)]

    async def _find_forgotten(self, worker_id: int | None) -> list[Job]:
        """Jobs of the own worker that no handler has in hand, now and at the last sweep: one just begins or ends."""
        if worker_id is None:
            return []
        manager = self._queue.app.job_manager
        held = await manager.list_jobs_async(status=Status.DOING.value, worker_id=worker_id)
        idle = [job for job in held if id_of(job) not in self._queue.in_hand]
        forgotten = [job for job in idle if id_of(job) in self._suspects]
        self._suspects = frozenset(id_of(job) for job in idle)
        return forgotten

    async def _give_on(self, job: Job) -> bool:
        """Put a fresh job, then fail the stalled one; in this order, so that dying in between loses nothing.

        It is never retried: a retry would go back to waiting, which the queue forbids while another job of the key
        waits, and the key would be locked for ever. It is put again also when somebody asked to cancel it: only its
        handler knows what a cancel leaves to be done.
        """
        try:
            await self._queue.put_again(job)
            await self._queue.app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)
        except ConnectorException as error:  # another worker's sweep was faster, or the next one will do it
            log.info("stalled work was not given on", key=key_of(job), error=type(error).__name__)
            return False
        log.warning("stalled work is put again", key=key_of(job))
        return True
