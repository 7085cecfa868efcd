"""A database of one's own, copied from the migrated template."""

import itertools
import os
from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg.sql import SQL, Identifier

from platbook.db.embedded import EmbeddedPostgres

_numbers = itertools.count(1)


@contextmanager
def fresh_database(postgres: EmbeddedPostgres, template: str) -> Generator[str]:
    """A fresh, migrated database until the block ends: its URL."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with admin(postgres) as connection:
        # File by file: the log of the copied pages would cost more than the test.
        create = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(Identifier(name), Identifier(template))
        connection.execute(create)
    yield postgres.url(name)
    with admin(postgres) as connection:
        drop(connection, name)


def admin(server: EmbeddedPostgres) -> psycopg.Connection:
    """A connection that may make and drop databases."""
    return psycopg.connect(server.url("postgres"), autocommit=True)


def drop(connection: psycopg.Connection, name: str) -> None:
    """Drop a database, whoever is in it."""
    connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
