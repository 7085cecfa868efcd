"""Named SQL statements: one `queries.sql` per package that owns tables, a description above each statement.

    -- name: find_due_providers
    -- Providers that are due, longest overdue first.
    SELECT ...

Loaded once at import: `Q = load_queries(__package__)`, used as `Q.find_due_providers`.
"""

import re
from dataclasses import dataclass
from importlib import resources

_NAME = re.compile(r"^-- name: ([a-z][a-z0-9_]*)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement: its name, its description and its SQL."""

    name: str
    description: str
    sql: str


class Queries:
    """The statements of one file, by attribute."""

    def __init__(self, source: str, statements: dict[str, Query]) -> None:
        self._source = source
        self._statements = statements

    def __getattr__(self, name: str) -> Query:
        try:
            return self._statements[name]
        except KeyError:
            raise AttributeError(f"{self._source} has no statement named {name}") from None

    def all(self) -> tuple[Query, ...]:
        """Every statement of the file, in its order."""
        return tuple(self._statements.values())


def load_queries(package: str) -> Queries:
    """Read `queries.sql` of a package. Errors: ValueError for one without description or a duplicate name."""
    text = resources.files(package).joinpath("queries.sql").read_text(encoding="utf-8")
    return Queries(package, parse_queries(text))


def parse_queries(text: str) -> dict[str, Query]:
    """Parse a file of named statements. Errors: ValueError."""
    parts = _NAME.split(text)
    statements: dict[str, Query] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        lines = body.strip().splitlines()
        comment = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
        sql = "\n".join(line for line in lines if not line.startswith("--")).strip().removesuffix(";")
        if not comment or not sql or name in statements:
            raise ValueError(f"statement {name} lacks its description or its SQL, or its name is used twice")
        statements[name] = Query(name, " ".join(comment), sql)
    return statements
