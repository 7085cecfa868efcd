"""Whose records a query may touch, as a condition of its SQL."""

from platbook.base.rights import RecordAccess
from platbook.db.compose import SQL, Composable, Composed, Identifier, Literal
from platbook.db.conditions import any_of


def access_condition(whose: RecordAccess, *, owner: Identifier, office: Identifier, team: Identifier) -> Composed:
    """The rows that `whose` holds, by the columns that name a row's owner, office and team.

    The same as `Whose.holds`, row by row. Identifiers may be qualified: `Identifier("leads", "office")`.
    """
    if whose.everybody:
        return SQL("({})").format(SQL("true"))
    return any_of([*group_conditions(whose, office=office, team=team), *owner_conditions(whose, owner)])


def group_conditions(whose: RecordAccess, *, office: Identifier, team: Identifier) -> list[Composable]:
    """The rows of the office, team or team of an office; none where no group is named."""
    group = [
        SQL("{} = {}").format(column, Literal(name))
        for column, name in ((office, whose.office), (team, whose.team))
        if name is not None
    ]
    return [SQL("({})").format(SQL(" AND ").join(group))] if group else []


def owner_conditions(whose: RecordAccess, owner: Identifier) -> list[Composable]:
    """The rows of the owners named; none where nobody is."""
    if not whose.owners:
        return []
    owners = SQL(", ").join(SQL("{}::uuid").format(Literal(str(one))) for one in sorted(whose.owners))
    return [SQL("({} IN ({}))").format(owner, owners)]
