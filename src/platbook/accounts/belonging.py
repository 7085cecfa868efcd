"""Whose records a query may touch, as a condition of its SQL."""

from platbook.base.rights import Whose
from platbook.db.compose import SQL, Composable, Composed, Identifier, Literal


def to_condition(whose: Whose, *, owner: Identifier, office: Identifier, team: Identifier) -> Composed:
    """The rows that `whose` holds, by the columns that name a row's owner, office and team.

    The same as `Whose.holds`, row by row. Identifiers may be qualified: `Identifier("leads", "office")`.
    """
    if whose.everybody:
        return SQL("({})").format(SQL("true"))
    parts: list[Composable] = []
    if whose.owners:
        owners = SQL(", ").join(SQL("{}::uuid").format(Literal(str(one))) for one in sorted(whose.owners))
        parts.append(SQL("{} IN ({})").format(owner, owners))
    group = [
        SQL("{} = {}").format(column, Literal(name))
        for column, name in ((office, whose.office), (team, whose.team))
        if name is not None
    ]
    if group:
        parts.append(SQL("({})").format(SQL(" AND ").join(group)))
    return SQL("({})").format(SQL(" OR ").join(parts) if parts else SQL("false"))
