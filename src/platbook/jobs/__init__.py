"""The mechanism of background work: a queue in PostgreSQL, supervised workers, periodic jobs, the outbox.

It knows nothing of what the work is: each package declares its own as `JobDefinition`s.
"""

from platbook.jobs.definition import Arguments, Handler, Job, JobDefinition
from platbook.jobs.queue import JobQueue
from platbook.jobs.worker import WorkerTiming, run_worker

__all__ = ["Arguments", "Handler", "Job", "JobDefinition", "JobQueue", "WorkerTiming", "run_worker"]
