"""Every named statement of every package is one PostgreSQL can prepare against the migrated tables."""

import re
from collections.abc import Iterator
from importlib import resources
from pkgutil import walk_packages

import psycopg
import pytest

import platbook
from platbook.db import Query, load_queries
from platbook.db.embedded import EmbeddedPostgres

_EXPLAIN = re.compile(r"^EXPLAIN \([^)]*\) ")
_PARAMETER = re.compile(r"%\((\w+)\)s")


def find_statements() -> Iterator[tuple[str, Query]]:
    packages = [module.name for module in walk_packages(platbook.__path__, "platbook.") if module.ispkg]
    for package in packages:
        if resources.files(package).joinpath("queries.sql").is_file():
            yield from ((package, query) for query in load_queries(package).all())


def to_numbered(sql: str) -> str:
    sql = _EXPLAIN.sub("", sql)  # what is explained is what can be prepared
    names = list(dict.fromkeys(_PARAMETER.findall(sql)))
    return _PARAMETER.sub(lambda match: f"${names.index(match[1]) + 1}", sql).replace("%%", "%")


STATEMENTS = list(find_statements())


@pytest.fixture(scope="module")
def connection(postgres: EmbeddedPostgres, template: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.url(template), autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize(
    ("package", "query"), STATEMENTS, ids=[f"{package}:{query.name}" for package, query in STATEMENTS]
)
def test_a_named_statement_can_be_prepared(connection: psycopg.Connection, package: str, query: Query) -> None:
    assert package.startswith("platbook.")
    connection.execute(f"PREPARE tried AS {to_numbered(query.sql)}".encode())
    connection.execute("DEALLOCATE tried")


def test_the_statements_are_found() -> None:
    assert {"platbook.listings", "platbook.listings.search", "platbook.providers"} <= {one for one, _ in STATEMENTS}
