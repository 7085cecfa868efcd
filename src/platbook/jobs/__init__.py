"""The mechanism of work: a queue in PostgreSQL, supervised workers, ticks. It knows nothing of what the work is."""

from platbook.jobs.queue import JobQueue
from platbook.jobs.worker import WorkerTiming, run_worker

__all__ = ["JobQueue", "WorkerTiming", "run_worker"]
