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
from platbook.crm.intake.round_robin import RuleMember
from platbook.db import ReadConnection, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.crm.intake")

MAX_MEMBERS = 500
MAX_CLAIM_MINUTES = 60 * 24 * 30
MAX_WEIGHT = 1000


class RoutingMethod(StrEnum):
    """How a rule chooses among its members."""

    DIRECT = "direct"
    ROUND_ROBIN = "round_robin"
    WEIGHTED = "weighted"
    FIRST_TO_CLAIM = "first_to_claim"


@dataclass(frozen=True, slots=True)
class RoutingRuleInput:
    """What a rule is made of. Conditions that are empty always hold; areas are cities, counties, states, postal codes.

    Errors: InvalidInput.
    """

    name: str
    method: RoutingMethod
    members: tuple[RuleMember, ...]
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
        if not 1 <= len(self.members) <= MAX_MEMBERS:
            raise InvalidInput.of("members", f"needs 1 to {MAX_MEMBERS}")
        if len({member.user_id for member in self.members}) != len(self.members):
            raise InvalidInput.of("members", "names somebody twice")
        if any(not 1 <= member.weight <= MAX_WEIGHT for member in self.members):
            raise InvalidInput.of("members", f"weights are 1 to {MAX_WEIGHT}")
        if self.method is RoutingMethod.DIRECT and len(self.members) > 1:
            raise InvalidInput.of("members", "direct gives leads to one person")
        if (self.method is RoutingMethod.FIRST_TO_CLAIM) != (self.claim_minutes is not None):
            raise InvalidInput.of("claimMinutes", "goes with first_to_claim, and that does not go without it")
        if self.claim_minutes is not None and not 1 <= self.claim_minutes <= MAX_CLAIM_MINUTES:
            raise InvalidInput.of("claimMinutes", f"must be 1 to {MAX_CLAIM_MINUTES}")
        if self.fallback_to is not None and self.method is not RoutingMethod.FIRST_TO_CLAIM:
            raise InvalidInput.of("fallbackTo", "goes with first_to_claim")
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise InvalidInput.of("minPrice", "must not be greater than maxPrice")


@dataclass(frozen=True, slots=True)
class RoutingRule:
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
class RoutingRuleWithMembers:
    """A rule and whom it gives leads to, in their order."""

    rule: RoutingRule
    members: list[RuleMember] = field(default_factory=list[RuleMember])


async def find_rules(connection: ReadConnection) -> list[RoutingRuleWithMembers]:
    """Every rule in order."""
    rules = await connection.all(RoutingRule, Q.find_rules)
    return [RoutingRuleWithMembers(rule, await find_members(connection, rule.id)) for rule in rules]


async def get_rule(connection: ReadConnection, rule_id: UUID) -> RoutingRuleWithMembers:
    """One rule. NotFound."""
    rule = await connection.first(RoutingRule, Q.get_rule, {"id": rule_id})
    if rule is None:
        raise NotFound("there is no such rule", code="RULE_NOT_FOUND")
    return RoutingRuleWithMembers(rule, await find_members(connection, rule_id))


async def find_members(connection: ReadConnection, rule_id: UUID, *, active: bool = False) -> list[RuleMember]:
    """Whom a rule gives leads to; `active`: of those, who can log in."""
    return await connection.all(RuleMember, Q.find_members, {"rule_id": rule_id, "active": active})


async def add_rule(
    connection: WriteConnection, actor: Actor, new: RoutingRuleInput, at: datetime
) -> RoutingRuleWithMembers:
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
    connection: WriteConnection, actor: Actor, rule_id: UUID, new: RoutingRuleInput, at: datetime
) -> RoutingRuleWithMembers:
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


async def _check_users(connection: ReadConnection, new: RoutingRuleInput) -> None:
    wanted = [("members", member.user_id) for member in new.members]
    if new.fallback_to is not None:
        wanted.append(("fallbackTo", new.fallback_to))
    for word, user_id in wanted:
        try:
            await get_user(connection, user_id)
        except NotFound:
            raise InvalidInput.of(word, f"there is no user {user_id}") from None


async def _keep_members(connection: WriteConnection, rule_id: UUID, members: Sequence[RuleMember]) -> None:
    params: dict[str, object] = {
        "rule_id": rule_id,
        "users": [member.user_id for member in members],
        "weights": [member.weight for member in members],
    }
    await connection.run(Q.drop_members, params)
    await connection.run(Q.add_members, params)


def _params(new: RoutingRuleInput) -> dict[str, object]:
    names = ("name", "place", "enabled", "method", "min_price", "max_price", "claim_minutes", "fallback_to")
    lists: dict[str, object] = {
        "sources": [one.lower() for one in new.sources],
        "event_types": list(new.event_types),
        "areas": [one.lower() for one in new.areas],
    }
    return {name: getattr(new, name) for name in names} | lists
