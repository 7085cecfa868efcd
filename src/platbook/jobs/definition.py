"""Background work, declared once in the package that owns it and named by that value everywhere else."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

Arguments = Mapping[str, str]
Handler = Callable[[Arguments], Awaitable[timedelta | None]]
"""Does the work. What a periodic handler returns is the pause before its next run; None: the definition's period."""


@dataclass(frozen=True, slots=True)
class JobDefinition:
    """One kind of background work.

    Queued work has a `key`, a template over its `arguments` (`provider:{providerId}`): at most one job waits and one
    runs per key, whatever the number of workers. `name`, key and arguments are stored in the queue, so they outlive a
    release and are never renamed.

    Periodic work has a `period`: every worker does it on start and again after each period, so it must be safe
    for two workers to do at once. It is not stored.

    `retry` is the pause before work is tried again: queued work that the database did not answer, periodic work that
    failed for whatever reason.
    """

    name: str
    key: str | None = None
    arguments: tuple[str, ...] = ()
    period: timedelta | None = None
    retry: timedelta = timedelta(seconds=5)

    def to_key(self, arguments: Arguments) -> str:
        """The key of one job; ValueError where the work is not queued, or takes other arguments."""
        if self.key is None or set(arguments) != set(self.arguments):
            raise ValueError(
                f"{self.name} takes {', '.join(self.arguments) or 'no arguments'}, not {sorted(arguments)}"
            )
        return self.key.format_map(arguments)


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker does: a definition, and the handler that does it here, so many times side by side if periodic."""

    definition: JobDefinition
    handler: Handler
    parallel: int = 1
