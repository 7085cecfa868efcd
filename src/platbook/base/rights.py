"""Who may do what: the one table of roles, and the two questions asked of it.

`may` asks whether an actor has a right at all, `whose` asks over whose records. Edges ask the first before they read
anything of a request; whatever reads or writes a record asks the second. `docs/api.md` shows the same table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from platbook.base.actor import Actor, ApiKeyScope, Role, Surface
from platbook.base.errors import NotAllowed, NotFound


class Right(StrEnum):
    """Something that may be done. Leads, tasks and interactions go together as `crm`."""

    READ_LISTINGS = "read listings"
    READ_RAW = "read raw records"
    WRITE_LISTINGS = "write local listings"
    READ_CRM = "read leads, tasks, interactions"
    WRITE_CRM = "write leads, tasks, interactions"
    DELETE_CRM = "delete leads, tasks, interactions"
    ASSIGN_LEADS = "assign leads"
    CLAIM_LEADS = "claim unassigned leads"
    SEND_EVENTS = "send lead events"
    EXPORT_CRM = "export leads, tasks, interactions"
    IMPORT_CRM = "import leads, tasks, interactions"
    ERASE_CRM = "erase people"
    READ_STATUS = "read the status of syncs"
    READ_SYNCS = "read syncs"
    RUN_SYNCS = "run syncs and configure providers"
    READ_USERS = "read users"
    MANAGE_USERS = "manage users and settings"
    READ_AUDIT = "read the audit log"
    OWN_PROFILE = "own profile, keys and sessions"


class AccessScope(StrEnum):
    """Over whose records a right goes."""

    ALL = "all"
    OFFICE = "own office"
    TEAM = "own team and office"
    AGENTS = "own and of the agents attached to"
    OWN = "own"


_ADMIN: Mapping[Right, AccessScope] = {**dict.fromkeys(Right, AccessScope.ALL), Right.OWN_PROFILE: AccessScope.OWN}

ROLES: Mapping[Role, Mapping[Right, AccessScope]] = MappingProxyType(
    {
        Role.ADMIN: _ADMIN,
        Role.MANAGER: {
            Right.READ_LISTINGS: AccessScope.ALL,
            Right.WRITE_LISTINGS: AccessScope.OFFICE,
            Right.READ_CRM: AccessScope.TEAM,
            Right.WRITE_CRM: AccessScope.TEAM,
            Right.DELETE_CRM: AccessScope.TEAM,
            Right.ASSIGN_LEADS: AccessScope.TEAM,
            Right.CLAIM_LEADS: AccessScope.OFFICE,
            Right.SEND_EVENTS: AccessScope.TEAM,
            Right.EXPORT_CRM: AccessScope.TEAM,
            Right.READ_STATUS: AccessScope.ALL,
            Right.READ_USERS: AccessScope.OFFICE,
            Right.OWN_PROFILE: AccessScope.OWN,
        },
        Role.AGENT: {
            Right.READ_LISTINGS: AccessScope.ALL,
            Right.WRITE_LISTINGS: AccessScope.OWN,
            Right.READ_CRM: AccessScope.OWN,
            Right.WRITE_CRM: AccessScope.OWN,
            Right.DELETE_CRM: AccessScope.OWN,
            Right.CLAIM_LEADS: AccessScope.OFFICE,
            Right.SEND_EVENTS: AccessScope.OWN,
            Right.EXPORT_CRM: AccessScope.OWN,
            Right.OWN_PROFILE: AccessScope.OWN,
        },
        Role.ASSISTANT: {
            Right.READ_LISTINGS: AccessScope.ALL,
            Right.WRITE_LISTINGS: AccessScope.AGENTS,
            Right.READ_CRM: AccessScope.AGENTS,
            Right.WRITE_CRM: AccessScope.AGENTS,
            Right.CLAIM_LEADS: AccessScope.OFFICE,
            Right.SEND_EVENTS: AccessScope.AGENTS,
            Right.OWN_PROFILE: AccessScope.OWN,
        },
        Role.AUDITOR: {
            Right.READ_LISTINGS: AccessScope.ALL,
            Right.READ_CRM: AccessScope.ALL,
            Right.READ_STATUS: AccessScope.ALL,
            Right.READ_SYNCS: AccessScope.ALL,
            Right.READ_USERS: AccessScope.ALL,
            Right.READ_AUDIT: AccessScope.ALL,
            Right.OWN_PROFILE: AccessScope.OWN,
        },
    }
)
"""The table. A right that a role's row does not name is not given."""

SCOPES: Mapping[ApiKeyScope, frozenset[Right]] = MappingProxyType(
    {
        ApiKeyScope.READ_LISTINGS: frozenset({Right.READ_LISTINGS}),
        ApiKeyScope.WRITE_LISTINGS: frozenset({Right.READ_LISTINGS, Right.WRITE_LISTINGS}),
        ApiKeyScope.READ_CRM: frozenset({Right.READ_CRM, Right.EXPORT_CRM}),
        ApiKeyScope.WRITE_CRM: frozenset(
            {
                Right.READ_CRM,
                Right.WRITE_CRM,
                Right.DELETE_CRM,
                Right.ASSIGN_LEADS,
                Right.CLAIM_LEADS,
                Right.SEND_EVENTS,
            }
        ),
        ApiKeyScope.SEND_EVENTS: frozenset({Right.SEND_EVENTS}),
        ApiKeyScope.READ_SYNCS: frozenset({Right.READ_STATUS, Right.READ_SYNCS}),
        ApiKeyScope.RUN_SYNCS: frozenset({Right.READ_STATUS, Right.READ_SYNCS, Right.RUN_SYNCS}),
    }
)
"""What each scope of an API key lets through, of what its owner may. What may be written may be read, but for events.

A scope is for whoever has the right of its name. Raw records, users and keys are for logins.
"""

PUBLIC = frozenset({Right.READ_LISTINGS})
"""What the public surface knows at all."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose a record is: its owner, and the office and team it stands under."""

    owner: UUID | None = None
    office: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class RecordAccess:
    """Over whose records: everybody's, those owned by `owners`, and those of an office, a team, or a team of an office.

    `office` and `team` both None name no group.
    """

    everybody: bool = False
    owners: frozenset[UUID] = frozenset()
    office: str | None = None
    team: str | None = None

    def holds(self, one: Ownership) -> bool:
        """Whether a record is among them."""
        if self.everybody or one.owner in self.owners:
            return True
        if self.office is None and self.team is None:
            return False
        return self.office in {None, one.office} and self.team in {None, one.team}


NO_RECORDS = RecordAccess()


def has_right(actor: Actor, right: Right) -> bool:
    """Whether an actor has a right over anything at all: by role, and with a key by its scopes and surface too."""
    if actor.role is None or right not in ROLES[actor.role]:
        return False
    if actor.surface is Surface.PUBLIC and right not in PUBLIC:
        return False
    return actor.scopes is None or any(right in SCOPES[scope] for scope in actor.scopes)


def require(actor: Actor, right: Right) -> None:
    """NotAllowed, unless the actor has the right."""
    if not has_right(actor, right):
        raise NotAllowed(
            "your role does not allow this" if actor.scopes is None else "this API key does not allow this"
        )


def record_access(actor: Actor, right: Right) -> RecordAccess:
    """Over whose records an actor has a right.

    A manager with a team reaches that team within their office, one without reaches the whole office; their own
    records in any case.
    """
    if actor.role is None or not has_right(actor, right):
        return NO_RECORDS
    reach = ROLES[actor.role][right]
    own = frozenset[UUID]() if actor.user_id is None else frozenset({actor.user_id})
    match reach:
        case AccessScope.ALL:
            return RecordAccess(everybody=True)
        case AccessScope.OFFICE:
            return RecordAccess(owners=own, office=actor.office)
        case AccessScope.TEAM:
            return RecordAccess(owners=own, office=actor.office, team=actor.team)
        case AccessScope.AGENTS:
            return RecordAccess(owners=own | actor.agents)
        case AccessScope.OWN:
            return RecordAccess(owners=own)


def require_record_access(
    actor: Actor, right: Right, record: Ownership, *, seen_by: Right, code: str = "NOT_FOUND"
) -> None:
    """NotFound (with `code`) where the actor does not see the record by `seen_by`; NotAllowed where it only sees it."""
    if not record_access(actor, seen_by).holds(record):
        raise NotFound("there is no such record", code=code)
    require(actor, right)
    if not record_access(actor, right).holds(record):
        raise NotAllowed("this belongs to somebody else")
