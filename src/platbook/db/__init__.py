"""PostgreSQL: embedded server, connection pools, named statements, migrations, the list engine, encrypted secrets.

Only this package imports the driver.
"""

from platbook.db.connection import (
    Database,
    ReadConnection,
    Statement,
    WriteConnection,
    as_json,
    committing_with,
    prejson,
)
from platbook.db.errors import UniqueViolation
from platbook.db.queries import Queries, Query, load_queries
from platbook.db.secretbox import SecretBox
from platbook.db.session import DEFAULT_LIMITS, SessionLimits
from platbook.db.tsvector import Tsvector

__all__ = [
    "DEFAULT_LIMITS",
    "Database",
    "Queries",
    "Query",
    "ReadConnection",
    "SecretBox",
    "SessionLimits",
    "Statement",
    "Tsvector",
    "UniqueViolation",
    "WriteConnection",
    "as_json",
    "committing_with",
    "load_queries",
    "prejson",
]
