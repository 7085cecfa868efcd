"""Rules that say who gets a new lead: kept as rows, the first in order that fits is followed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from platbook import audit
from platbook.accounts import get_user
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Right, require
from platbook.crm.intake.round_robin import Member
from platbook.db import ReadConnection, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.crm.intake")

MOST_MEMBERS = 500
MOST_MINUTES = 60 * 24 * 30
LARGEST_WEIGHT = 1000


class Method(StrEnum):
    """How a rule chooses among its members."""

    DIRECT = "direct"
    ROUND_ROBIN = "round_robin"
    WEIGHTED = "weighted"
    FIRST_TO_CLAIM = "first_to_claim"


@dataclass(frozen=True, slots=True)
class NewRule:
    """What a rule is made of. Conditions that are empty always hold; areas are cities, counties, states, postal codes.

    Errors: InvalidInput.
    """

    name: str
    method: Method
    members: tuple[Member, ...]
    place: int = 0
    enabled: bool = True
    sources: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    claim_minutes: int | None = None
    fallback_to: UUID | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.members) <= MOST_MEMBERS:
            raise InvalidInput.of("members", f"needs 1 to {MOST_MEMBERS}")
        if len({member.user_id for member in self.members}) != len(self.members):
            raise InvalidInput.of("members", "names somebody twice")
        if any(not 1 <= member.weight <= LARGEST_WEIGHT for member in self.members):
            raise InvalidInput.of("members", f"weights are 1 to {LARGEST_WEIGHT}")
        if self.method is Method.DIRECT and len(self.members) > 1:
            raise InvalidInput.of("members", "direct gives leads to one person")
        if (self.method is Method.FIRST_TO_CLAIM) != (self.claim_minutes is not None):
            raise InvalidInput.of("claimMinutes", "goes with first_to_claim, and that does not go without it")
        if self.claim_minutes is not None and not 1 <= self.claim_minutes <= MOST_MINUTES:
            raise InvalidInput.of("claimMinutes", f"must be 1 to {MOST_MINUTES}")
        if self.fallback_to is not None and self.method is not Method.FIRST_TO_CLAIM:
            raise InvalidInput.of("fallbackTo", "goes with first_to_claim")
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise InvalidInput.of("minPrice", "must not be greater than maxPrice")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is kept; its members are rows of their own."""

    id: UUID
    name: str
    place: int
    enabled: bool
    method: str
    sources: list[str]
    event_types: list[str]
    areas: list[str]
    min_price: Decimal | None
    max_price: Decimal | None
    claim_minutes: int | None
    fallback_to: UUID | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RuleWithMembers:
    """A rule and whom it gives leads to, in their order."""

    rule: Rule
    members: list[Member] = field(default_factory=list[Member])


async def find_rules(connection: ReadConnection) -> list[RuleWithMembers]:
    """Every rule in order."""
    rules = await connection.all(Rule, Q.find_rules)
    return [RuleWithMembers(rule, await find_members(connection, rule.id)) for rule in rules]


async def get_rule(connection: ReadConnection, rule_id: UUID) -> RuleWithMembers:
    """One rule. NotFound."""
    rule = await connection.first(Rule, Q.get_rule, {"id": rule_id})
    if rule is None:
        raise NotFound("there is no such rule", code="RULE_NOT_FOUND")
    return RuleWithMembers(rule, await find_members(connection, rule_id))


async def find_members(connection: ReadConnection, rule_id: UUID, *, active: bool = False) -> list[Member]:
    """Whom a rule gives leads to; `active`: of those, who can log in."""
    return await connection.all(Member, Q.find_members, {"rule_id": rule_id, "active": active})


async def add_rule(connection: WriteConnection, actor: Actor, new: NewRule, at: datetime) -> RuleWithMembers:
    """Add a rule. InvalidInput for a user who is not there."""
    require(actor, Right.MANAGE_USERS)
    rule_id = new_id()
    await _check_users(connection, new)
    await connection.run(Q.add_rule, {**_params(new), "id": rule_id, "at": at})
    await _keep_members(connection, rule_id, new.members)
    await audit.record(
        connection, actor, "lead rule added", AuditSubject("lead rule", str(rule_id)), at, {"name": new.name}
    )
    return await get_rule(connection, rule_id)


async def replace_rule(
    connection: WriteConnection, actor: Actor, rule_id: UUID, new: NewRule, at: datetime
) -> RuleWithMembers:
    """Replace a rule whole; members that stay keep their turn. NotFound, InvalidInput."""
    require(actor, Right.MANAGE_USERS)
    await get_rule(connection, rule_id)
    await _check_users(connection, new)
    await connection.run(Q.save_rule, {**_params(new), "id": rule_id, "at": at})
    await _keep_members(connection, rule_id, new.members)
    await audit.record(
        connection, actor, "lead rule changed", AuditSubject("lead rule", str(rule_id)), at, {"name": new.name}
    )
    return await get_rule(connection, rule_id)


async def remove_rule(connection: WriteConnection, actor: Actor, rule_id: UUID, at: datetime) -> None:
    """Remove a rule; leads it gave stay where they are. NotFound."""
    require(actor, Right.MANAGE_USERS)
    known = await get_rule(connection, rule_id)
    await connection.run(Q.delete_rule, {"id": rule_id})
    subject = AuditSubject("lead rule", str(rule_id))
    await audit.record(connection, actor, "lead rule removed", subject, at, {"name": known.rule.name})


async def _check_users(connection: ReadConnection, new: NewRule) -> None:
    wanted = [("members", member.user_id) for member in new.members]
    if new.fallback_to is not None:
        wanted.append(("fallbackTo", new.fallback_to))
    for word, user_id in wanted:
        try:
            await get_user(connection, user_id)
        except NotFound:
            raise InvalidInput.of(word, f"there is no user {user_id}") from None


async def _keep_members(connection: WriteConnection, rule_id: UUID, members: Sequence[Member]) -> None:
    params: dict[str, object] = {
        "rule_id": rule_id,
        "users": [member.user_id for member in members],
        "weights": [member.weight for member in members],
    }
    await connection.run(Q.drop_members, params)
    await connection.run(Q.add_members, params)


def _params(new: NewRule) -> dict[str, object]:
    names = ("name", "place", "enabled", "method", "min_price", "max_price", "claim_minutes", "fallback_to")
    lists: dict[str, object] = {
        "sources": [one.lower() for one in new.sources],
        "event_types": list(new.event_types),
        "areas": [one.lower() for one in new.areas],
    }
    return {name: getattr(new, name) for name in names} | lists
