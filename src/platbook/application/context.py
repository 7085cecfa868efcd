"""What use cases run in: protocols that a server's services and a command's system both satisfy."""

from typing import Protocol

from platbook.base.clock import Clock
from platbook.db import Database, SecretBox
from platbook.jobs import JobQueue


class TransactionContext(Protocol):
    """What a use case needs that only writes to the database."""

    @property
    def database(self) -> Database:
        """Where it reads and writes."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...


class UseCaseContext(TransactionContext, Protocol):
    """What a use case needs that also wakes workers."""

    @property
    def box(self) -> SecretBox:
        """Encrypts credentials."""
        ...

    @property
    def queue(self) -> JobQueue:
        """Where workers are woken."""
        ...
