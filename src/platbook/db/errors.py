"""The driver's errors that features may catch, by names of ours."""

from psycopg import OperationalError
from psycopg.errors import UniqueViolation

__all__ = ["OperationalError", "UniqueViolation"]
