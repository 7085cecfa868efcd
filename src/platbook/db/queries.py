"""SQL is a language: one `queries.sql` per package that owns tables, one named statement with a sentence above it.

    -- name: find_due_providers
    -- Providers whose time has come, longest waiting first.
    SELECT ...

Loaded once at import: `Q = load_queries(__package__)`, used as `Q.find_due_providers`.
"""

import re
from dataclasses import dataclass
from importlib import resources

_NAME = re.compile(r"^-- name: ([a-z][a-z0-9_]*)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement: its name, the sentence that says what it is for, and its text."""

    name: str
    sentence: str
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
    """Read `queries.sql` of a package. A statement without a sentence, or a name used twice, is a ValueError."""
    text = resources.files(package).joinpath("queries.sql").read_text(encoding="utf-8")
    return Queries(package, parse_queries(text))


def parse_queries(text: str) -> dict[str, Query]:
    """Cut a file of named statements into its parts."""
    parts = _NAME.split(text)
    found: dict[str, Query] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        lines = body.strip().splitlines()
        comment = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
        sql = "\n".join(line for line in lines if not line.startswith("--")).strip().removesuffix(";")
        if not comment or not sql or name in found:
            raise ValueError(f"statement {name} lacks its sentence or its text, or is named twice")
        found[name] = Query(name, " ".join(comment), sql)
    return found
