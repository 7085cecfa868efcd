"""The driver's safe SQL composition, for the few statements whose shape depends on what was asked."""

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal, Placeholder

__all__ = ["SQL", "Composable", "Composed", "Identifier", "Literal", "Placeholder"]
