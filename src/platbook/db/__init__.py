"""PostgreSQL: embedded server, pools, named statements, migrations, secret box. Only this package knows the driver."""

from platbook.db.connection import Database, ReadConnection, Statement, WriteConnection, as_json, prejson
from platbook.db.errors import UniqueViolation
from platbook.db.queries import Queries, Query, load_queries
from platbook.db.secretbox import SecretBox

__all__ = [
    "Database",
    "Queries",
    "Query",
    "ReadConnection",
    "SecretBox",
    "Statement",
    "UniqueViolation",
    "WriteConnection",
    "as_json",
    "load_queries",
    "prejson",
]
