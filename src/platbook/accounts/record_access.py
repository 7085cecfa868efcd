"""Row-level access control: the records an actor may access, as an SQL condition."""

from platbook.base.rights import RecordAccess
from platbook.db.compose import SQL, Composable, Composed, Identifier, Literal
from platbook.db.lists import any_of


def access_condition(access: RecordAccess, *, owner: Identifier, office: Identifier, team: Identifier) -> Composed:
    """Return the condition for rows that `access` holds, by the columns of a row's owner, office and team.

    Equivalent to `RecordAccess.holds` for each row. Identifiers may be qualified: `Identifier("leads", "office")`.
    """
    if access.everybody:
        return SQL("({})").format(SQL("true"))
    return any_of([*group_conditions(access, office=office, team=team), *owner_conditions(access, owner)])


def group_conditions(access: RecordAccess, *, office: Identifier, team: Identifier) -> list[Composable]:
    """Return the condition for rows of the office and team of `access`, if it has either."""
    group = [
        SQL("{} = {}").format(column, Literal(name))
        for column, name in ((office, access.office), (team, access.team))
        if name is not None
    ]
    return [SQL("({})").format(SQL(" AND ").join(group))] if group else []


def owner_conditions(access: RecordAccess, owner: Identifier) -> list[Composable]:
    """Return the condition for rows of the owners in `access`, if it has any."""
    if not access.owners:
        return []
    owners = SQL(", ").join(SQL("{}::uuid").format(Literal(str(one))) for one in sorted(access.owners))
    return [SQL("({} IN ({}))").format(owner, owners)]
