"""The driver's safe SQL composition, for the few statements whose shape depends on what was asked."""

from typing import LiteralString, cast

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal, Placeholder

from platbook.db.queries import Query

__all__ = ["SQL", "Composable", "Composed", "Identifier", "Literal", "Placeholder", "to_statement", "to_text"]


def to_text(part: Composable) -> LiteralString:
    """The text of a composed part, to be kept and joined: the driver quoted what is in it, so it counts as literal."""
    return cast("LiteralString", part.as_string())


def to_statement(name: str, composed: Composable) -> Query:
    """A composed statement, rendered once, to be kept by whoever will run it often."""
    return Query(name, "Composed.", composed.as_string())
