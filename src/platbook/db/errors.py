"""The driver's errors that features may catch, under our own names."""

from psycopg import DataError, OperationalError
from psycopg.errors import ProgramLimitExceeded, UniqueViolation

__all__ = ["OperationalError", "UniqueViolation", "is_bad_value", "is_database_away", "is_lock_timeout", "is_passing"]

# SQLSTATE: connection exceptions; out of disk, memory or connections; the server goes down, comes up, or drops the
# session; a lock that took too long.
_LOCK_TIMEOUT = "55P03"
_AWAY = ("08", "53", "57P", _LOCK_TIMEOUT)
_BUSY = ("40", "55P", "57014")  # undone for another's sake; a lock; a time limit


def is_database_away(error: Exception) -> bool:
    """Whether the database was lost, did not answer in time or has no room, so that the same may go well once it has.

    The driver's OperationalError is more than that: a row too large for an index and a deadlock are, too.
    An error without an SQLSTATE is the driver's own: no connection, or one that broke. A lock that somebody held
    too long counts, too: whoever holds it is ended by the limits of its session (`session.SessionLimits`).
    """
    return isinstance(error, OperationalError) and (error.sqlstate is None or error.sqlstate.startswith(_AWAY))


def is_passing(error: Exception) -> bool:
    """Whether the very same may go well later: the database is away, or had no turn for it now."""
    return is_database_away(error) or (
        isinstance(error, OperationalError) and error.sqlstate is not None and error.sqlstate.startswith(_BUSY)
    )


def is_lock_timeout(error: OperationalError) -> bool:
    """Whether another session held a lock for longer than the limit."""
    return error.sqlstate == _LOCK_TIMEOUT


def is_bad_value(error: Exception) -> bool:
    """Whether a value cannot be stored: out of the range of its type, or too large for an index."""
    return isinstance(error, DataError | ProgramLimitExceeded)
