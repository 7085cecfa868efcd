"""What the documents say of who may do what, read from them, and judged here without the code that is on trial."""

import re
from pathlib import Path

from platbook.base.actor import Role, Surface
from platbook.base.rights import ROLES, SCOPES, AccessScope, Ownership, Right
from tests.leaks.world import Caller

_PAGE = Path(__file__).resolve().parents[2] / "docs/api.md"
_ROUTE = re.compile(r"^\| (GET|POST|PUT|DELETE) `([^`]+)` \| ([^|]+) \|", re.MULTILINE)
_REACHES = {
    "all": AccessScope.ALL,
    "own office": AccessScope.OFFICE,
    "own team and office": AccessScope.TEAM,
    "own and agents'": AccessScope.AGENTS,
    "own": AccessScope.OWN,
}


def read_routes() -> dict[str, frozenset[Role] | None]:
    """Each route's roles as the documents say; None: anybody, without a login."""
    return {f"{method} {path}": _to_roles(who) for method, path, who in _ROUTE.findall(_PAGE.read_text())}


def read_roles() -> dict[Role, dict[Right, AccessScope]]:
    """The documents' table of roles."""
    section = _PAGE.read_text().partition("## Roles")[2]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    roles = [Role(cell.strip()) for cell in lines[0][1:]]
    found: dict[Role, dict[Right, AccessScope]] = {role: {} for role in roles}
    for right, *cells in lines[1:]:
        if right.strip() not in set(Right):
            break
        for role, cell in zip(roles, cells, strict=True):
            if cell.strip() in _REACHES:
                found[role][Right(right.strip())] = _REACHES[cell.strip()]
    return found


def allows(caller: Caller, right: Right) -> bool:
    """Whether a caller has a right at all: by role, and with a key by surface and scopes."""
    if right not in ROLES[caller.role]:
        return False
    if caller.surface is Surface.PUBLIC and right is not Right.READ_LISTINGS:
        return False
    return caller.scopes is None or any(right in SCOPES[scope] for scope in caller.scopes)


def reaches(caller: Caller, right: Right, record: Ownership) -> bool:
    """Whether a caller has a right over a record."""
    if not allows(caller, right):
        return False
    same_office = caller.office is not None and record.office == caller.office
    same_team = caller.team is not None and record.team == caller.team
    within = {
        AccessScope.ALL: True,
        AccessScope.OFFICE: same_office,
        AccessScope.TEAM: same_office if caller.team is None else same_team and (same_office or caller.office is None),
        AccessScope.AGENTS: record.owner in caller.agents,
        AccessScope.OWN: False,
    }
    return record.owner == caller.user_id or within[ROLES[caller.role][right]]


def _to_roles(who: str) -> frozenset[Role] | None:
    if who == "anybody":
        return None
    return frozenset(Role) if who == "every user" else frozenset(Role(one) for one in who.split(", "))
