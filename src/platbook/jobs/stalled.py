"""The recovery of stalled jobs: marked as running but done by no worker, so that no key stays locked for ever."""

from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status

from platbook.base.log import get_log
from platbook.jobs.queue import JobQueue, id_of, key_of

log = get_log("jobs")


class StalledJobRecovery:
    """Requeues stalled jobs, for any free worker. Every worker does so; two at once do no harm.

    Stalled are the jobs of dead workers (no heartbeat for `after_seconds`), and those of this process's own worker
    whose mark of completion was lost, say with the connection: that worker is alive, so no other would find them.
    """

    def __init__(self, queue: JobQueue, after_seconds: float) -> None:
        self._queue = queue
        self._after_seconds = after_seconds
        self._suspects: frozenset[int] = frozenset()

    async def recover(self, worker_id: int | None) -> list[str]:
        """Recover once; `worker_id` is this process's own worker, while it has one. The keys that were requeued."""
        manager = self._queue.app.job_manager
        silent = await manager.get_stalled_jobs(seconds_since_heartbeat=self._after_seconds)
        # A database that was away got no heartbeat; what is being done here is not dead for that.
        dead = [job for job in silent if id_of(job) not in self._queue.running_here]
        abandoned = await self._find_abandoned(worker_id)
        return [key_of(job) for job in [*dead, *abandoned] if await self._requeue(job)]

    async def _find_abandoned(self, worker_id: int | None) -> list[Job]:
        """Jobs of the own worker that no handler is doing, now and at the last check: one may just begin or end."""
        if worker_id is None:
            return []
        manager = self._queue.app.job_manager
        held = await manager.list_jobs_async(status=Status.DOING.value, worker_id=worker_id)
        idle = [job for job in held if id_of(job) not in self._queue.running_here]
        abandoned = [job for job in idle if id_of(job) in self._suspects]
        self._suspects = frozenset(id_of(job) for job in idle)
        return abandoned

    async def _requeue(self, job: Job) -> bool:
        """Put a fresh job, then fail the stalled one; in this order, so that dying in between loses nothing.

        It is never retried: a retry would go back to waiting, which the queue forbids while another job of the key
        waits, and the key would be locked for ever. It is requeued also when its cancellation was requested: only its
        handler knows what a cancellation leaves to be done.
        """
        try:
            await self._queue.requeue(job)
            await self._queue.app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)
        except ConnectorException as error:  # another worker was faster, or the next check will do it
            log.info("stalled job was not queued again", key=key_of(job), error=type(error).__name__)
            return False
        log.warning("stalled job is queued again", key=key_of(job))
        return True
