"""Role-based access control: the table of roles and rights, and the access to records that each right gives.

`has_right` checks whether an actor has a right at all, `record_access` which records it extends to (row-level access
control). Routes and commands check the first before they read the request; functions that read or write a record check
the second. `docs/api.md` shows the same table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from platbook.base.actor import Actor, ApiKeyScope, Role, Surface
from platbook.base.errors import NotAllowed, NotFound


class Right(StrEnum):
    """A permission. Leads, tasks and interactions share the `crm` ones."""

    READ_LISTINGS = "read listings"
    EXPLAIN_LISTINGS = "explain what is shown of listings"
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
    READ_DELIVERY = "read suppressions"
    MANAGE_DELIVERY = "manage suppressions"
    READ_STATUS = "read the status of syncs"
    READ_SYNCS = "read syncs"
    RUN_SYNCS = "run syncs and configure providers"
    READ_USERS = "read users"
    MANAGE_USERS = "manage users and settings"
    READ_AUDIT = "read the audit log"
    OWN_PROFILE = "own profile, keys and sessions"


class AccessScope(StrEnum):
    """Which records a right extends to."""

    ALL = "all"
    OFFICE = "own office"
    TEAM = "own team and office"
    AGENTS = "own and those of the agents attached to"
    OWN = "own"


_ADMIN: Mapping[Right, AccessScope] = {**dict.fromkeys(Right, AccessScope.ALL), Right.OWN_PROFILE: AccessScope.OWN}

ROLES: Mapping[Role, Mapping[Right, AccessScope]] = MappingProxyType(
    {
        Role.ADMIN: _ADMIN,
        Role.MANAGER: {
            Right.READ_LISTINGS: AccessScope.ALL,
            Right.EXPLAIN_LISTINGS: AccessScope.ALL,
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
            Right.EXPLAIN_LISTINGS: AccessScope.ALL,
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
            Right.EXPLAIN_LISTINGS: AccessScope.ALL,
            Right.WRITE_LISTINGS: AccessScope.AGENTS,
            Right.READ_CRM: AccessScope.AGENTS,
            Right.WRITE_CRM: AccessScope.AGENTS,
            Right.CLAIM_LEADS: AccessScope.OFFICE,
            Right.SEND_EVENTS: AccessScope.AGENTS,
            Right.OWN_PROFILE: AccessScope.OWN,
        },
        Role.AUDITOR: {
            Right.READ_LISTINGS: AccessScope.ALL,
            Right.EXPLAIN_LISTINGS: AccessScope.ALL,
            Right.READ_CRM: AccessScope.ALL,
            Right.READ_DELIVERY: AccessScope.ALL,
            Right.READ_STATUS: AccessScope.ALL,
            Right.READ_SYNCS: AccessScope.ALL,
            Right.READ_USERS: AccessScope.ALL,
            Right.READ_AUDIT: AccessScope.ALL,
            Right.OWN_PROFILE: AccessScope.OWN,
        },
    }
)
"""The rights of each role with their scope. A right that is not listed is denied."""

_READ_LISTINGS = frozenset({Right.READ_LISTINGS, Right.EXPLAIN_LISTINGS})
SCOPES: Mapping[ApiKeyScope, frozenset[Right]] = MappingProxyType(
    {
        ApiKeyScope.READ_LISTINGS: _READ_LISTINGS,
        ApiKeyScope.WRITE_LISTINGS: _READ_LISTINGS | {Right.WRITE_LISTINGS},
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
"""The rights that each scope of an API key allows, out of its owner's. Write scopes include read, but for events.

A scope can be given to a key by users who have the right of the same name. Raw records, users and keys need a session.
"""

PUBLIC = frozenset({Right.READ_LISTINGS})
"""The rights that exist on the public surface."""

PUBLIC_SCOPES = frozenset({ApiKeyScope.READ_LISTINGS})
"""The scopes of keys of the public surface; of what they allow, these keys have the rights in PUBLIC."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """The owner of a record, and the office and team it belongs to."""

    owner: UUID | None = None
    office: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class RecordAccess:
    """A set of records: all (`everybody`), or those owned by `owners` and those of an office, a team, or a team in it.

    If `office` and `team` are both None, there is no group.
    """

    everybody: bool = False
    owners: frozenset[UUID] = frozenset()
    office: str | None = None
    team: str | None = None

    def holds(self, record: Ownership) -> bool:
        """Whether a record is in the set."""
        if self.everybody or record.owner in self.owners:
            return True
        if self.office is None and self.team is None:
            return False
        return self.office in {None, record.office} and self.team in {None, record.team}


NO_RECORDS = RecordAccess()


def has_right(actor: Actor, right: Right) -> bool:
    """Whether an actor has a right over any record: by role and, for an API key, by its scopes and surface."""
    if actor.role is None or right not in ROLES[actor.role]:
        return False
    if actor.surface is Surface.PUBLIC and right not in PUBLIC:
        return False
    return actor.scopes is None or any(right in SCOPES[scope] for scope in actor.scopes)


def require(actor: Actor, right: Right) -> None:
    """Raise NotAllowed unless the actor has the right."""
    if not has_right(actor, right):
        raise NotAllowed(
            "your role does not allow this" if actor.scopes is None else "this API key does not allow this"
        )


def record_access(actor: Actor, right: Right) -> RecordAccess:
    """Return the records over which an actor has a right.

    A manager with a team has access to that team within their office, one without a team to the complete office, and
    each to their own records.
    """
    if actor.role is None or not has_right(actor, right):
        return NO_RECORDS
    scope = ROLES[actor.role][right]
    own = frozenset[UUID]() if actor.user_id is None else frozenset({actor.user_id})
    match scope:
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
    actor: Actor, right: Right, record: Ownership, *, read_right: Right, code: str = "NOT_FOUND"
) -> None:
    """Raise NotFound (with `code`) if `seen_by` does not show the actor the record, NotAllowed if only that does."""
    if not record_access(actor, read_right).holds(record):
        raise NotFound("there is no record with this id, or it is not visible to you", code=code)
    require(actor, right)
    if not record_access(actor, right).holds(record):
        raise NotAllowed("this record is outside the access of your role")
