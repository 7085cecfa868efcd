"""The driver's safe SQL composition, for the few statements whose form depends on the request."""

from typing import LiteralString, cast

from psycopg import sql
from psycopg.abc import AdaptContext
from psycopg.sql import SQL, Composable, Composed, Identifier, Placeholder

from platbook.db.queries import Query

__all__ = ["SQL", "Composable", "Composed", "Identifier", "Literal", "Placeholder", "to_statement", "to_text"]


class Literal(sql.Literal):
    """A value quoted into the SQL. Its percent signs are doubled, since statements run with parameters."""

    def as_bytes(self, context: AdaptContext | None = None) -> bytes:
        """The quoted value."""
        return super().as_bytes(context).replace(b"%", b"%%")


def to_text(part: Composable) -> LiteralString:
    """The text of a composed part, to be cached and joined. The driver quoted its values, so it counts as literal."""
    return cast("LiteralString", part.as_string())


def to_statement(name: str, composed: Composable) -> Query:
    """A composed statement, rendered once, to be cached by whoever runs it often."""
    return Query(name, "Composed.", composed.as_string())
