"""Routing rules: who gets a new lead. Stored as rows; the first rule in order that matches is applied."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from platbook import audit
from platbook.accounts import get_user
from platbook.accounts.record_access import access_condition
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import InvalidInput, NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Right, record_access, require
from platbook.crm.intake.inbox import Q
from platbook.crm.intake.round_robin import RuleMember
from platbook.db import ReadConnection, WriteConnection
from platbook.db.compose import SQL, Identifier, to_statement

_FIND_SEEN = SQL(
    "SELECT rule.id FROM lead_rules rule LEFT JOIN lead_rule_members member ON member.rule_id = rule.id"
    " JOIN users ON users.id IN (member.user_id, rule.fallback_to) WHERE {}"
)

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
    """A rule to store. An empty condition always matches; areas are cities, counties, states, postal codes.

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
        self._check_members()
        is_claim = self.method is RoutingMethod.FIRST_TO_CLAIM
        if is_claim and self.claim_minutes is None:
            raise InvalidInput.of("claimMinutes", "is required with the method first_to_claim")
        if not is_claim and self.claim_minutes is not None:
            raise InvalidInput.of("claimMinutes", "is allowed with the method first_to_claim only")
        if self.claim_minutes is not None and not 1 <= self.claim_minutes <= MAX_CLAIM_MINUTES:
            raise InvalidInput.of("claimMinutes", f"must be 1 to {MAX_CLAIM_MINUTES}")
        if self.fallback_to is not None and not is_claim:
            raise InvalidInput.of("fallbackTo", "is allowed with the method first_to_claim only")
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise InvalidInput.of("minPrice", "must not be greater than maxPrice")

    def _check_members(self) -> None:
        if not 1 <= len(self.members) <= MAX_MEMBERS:
            raise InvalidInput.of("members", f"must have 1 to {MAX_MEMBERS} entries")
        if len({member.user_id for member in self.members}) != len(self.members):
            raise InvalidInput.of("members", "must not name a user twice")
        if any(not 1 <= member.weight <= MAX_WEIGHT for member in self.members):
            raise InvalidInput.of("members", f"weight must be 1 to {MAX_WEIGHT}")
        if self.method is RoutingMethod.DIRECT and len(self.members) > 1:
            raise InvalidInput.of("members", "must have one entry with the method direct")


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A stored rule; its members are rows of their own. Rules are tried in the order of `place`."""

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


RULE_COLUMNS = tuple(one.name for one in fields(RoutingRule))
MEMBER_COLUMNS = ("rule_id", "user_id", "place", "weight", "credit")


@dataclass(frozen=True, slots=True)
class RoutingRuleWithMembers:
    """A rule and its members, in order."""

    rule: RoutingRule
    members: list[RuleMember] = field(default_factory=list[RuleMember])


async def find_rules(connection: ReadConnection, actor: Actor) -> list[RoutingRuleWithMembers]:
    """The rules that an actor sees, in order: those with a member whom they see; admins and auditors all."""
    rules = await connection.all(RoutingRule, Q.find_rules)
    seen = await _find_seen_rules(connection, actor)
    return [
        RoutingRuleWithMembers(rule, await find_members(connection, rule.id))
        for rule in rules
        if seen is None or rule.id in seen
    ]


async def read_rule(connection: ReadConnection, actor: Actor, rule_id: UUID) -> RoutingRuleWithMembers:
    """One rule that an actor sees. NotFound."""
    seen = await _find_seen_rules(connection, actor)
    if seen is not None and rule_id not in seen:
        raise _rule_not_found()
    return await get_rule(connection, rule_id)


async def _find_seen_rules(connection: ReadConnection, actor: Actor) -> set[UUID] | None:
    """The rules with a member, or a fallback, whom the actor sees; None: every rule."""
    access = record_access(actor, Right.READ_USERS)
    if access.everybody:
        return None
    owner, office, team = (Identifier("users", column) for column in ("id", "office", "team"))
    seen = access_condition(access, owner=owner, office=office, team=team)
    return set(await connection.column(UUID, to_statement("find_seen_rules", _FIND_SEEN.format(seen))))


async def find_matching_rules(
    connection: ReadConnection,
    *,
    source: str | None,
    event_type: str | None,
    areas: Sequence[str],
    price: Decimal | None,
) -> list[RoutingRule]:
    """The enabled rules whose conditions match, in order."""
    params = {"source": source, "type": event_type, "areas": list(areas), "price": price}
    return await connection.all(RoutingRule, Q.find_matching_rules, params)


async def get_rule(connection: ReadConnection, rule_id: UUID) -> RoutingRuleWithMembers:
    """One rule. NotFound."""
    rule = await connection.first(RoutingRule, Q.get_rule, {"id": rule_id})
    if rule is None:
        raise _rule_not_found()
    return RoutingRuleWithMembers(rule, await find_members(connection, rule_id))


async def lock_rule(connection: WriteConnection, rule_id: UUID) -> None:
    """Lock a rule while its rotation advances, to the end of the transaction."""
    await connection.run(Q.lock_rule, {"id": rule_id})


async def find_members(connection: ReadConnection, rule_id: UUID, *, active: bool = False) -> list[RuleMember]:
    """The members of a rule, in order; `active`: without disabled users."""
    return await connection.all(RuleMember, Q.find_members, {"rule_id": rule_id, "active": active})


async def save_credits(connection: WriteConnection, rule_id: UUID, members: Sequence[RuleMember]) -> None:
    """Store the credit that a rotation left to each member."""
    users: list[UUID] = [member.user_id for member in members]
    credit_values = [member.credit for member in members]
    await connection.run(Q.update_credits, {"rule_id": rule_id, "users": users, "credits": credit_values})


async def add_rule(
    connection: WriteConnection, actor: Actor, new: RoutingRuleInput, at: datetime
) -> RoutingRuleWithMembers:
    """Add a rule. InvalidInput for an unknown user."""
    require(actor, Right.MANAGE_USERS)
    rule_id = new_id()
    await _check_users(connection, new)
    await connection.run(Q.insert_rule, {**_to_params(new), "id": rule_id, "at": at})
    await _save_members(connection, rule_id, new.members)
    await _audit(connection, actor, "lead rule added", rule_id, new.name, at)
    return await get_rule(connection, rule_id)


async def replace_rule(
    connection: WriteConnection, actor: Actor, rule_id: UUID, new: RoutingRuleInput, at: datetime
) -> RoutingRuleWithMembers:
    """Replace a rule; members that remain keep their credit. NotFound, InvalidInput."""
    require(actor, Right.MANAGE_USERS)
    await get_rule(connection, rule_id)
    await _check_users(connection, new)
    await connection.run(Q.update_rule, {**_to_params(new), "id": rule_id, "at": at})
    await _save_members(connection, rule_id, new.members)
    await _audit(connection, actor, "lead rule changed", rule_id, new.name, at)
    return await get_rule(connection, rule_id)


async def remove_rule(connection: WriteConnection, actor: Actor, rule_id: UUID, at: datetime) -> None:
    """Remove a rule; leads it assigned keep their owners. NotFound."""
    require(actor, Right.MANAGE_USERS)
    stored = await get_rule(connection, rule_id)
    await connection.run(Q.delete_rule, {"id": rule_id})
    await _audit(connection, actor, "lead rule removed", rule_id, stored.rule.name, at)


def _rule_not_found() -> NotFound:
    return NotFound("no rule has this id, or it is not visible to you", code="RULE_NOT_FOUND")


async def _audit(connection: WriteConnection, actor: Actor, act: str, rule_id: UUID, name: str, at: datetime) -> None:
    await audit.record(connection, actor, act, AuditSubject("lead rule", str(rule_id)), at, {"name": name})


async def _check_users(connection: ReadConnection, new: RoutingRuleInput) -> None:
    users = [("members", member.user_id) for member in new.members]
    if new.fallback_to is not None:
        users.append(("fallbackTo", new.fallback_to))
    for api_field, user_id in users:
        try:
            await get_user(connection, user_id)
        except NotFound:
            raise InvalidInput.of(api_field, f"there is no user {user_id}") from None


async def _save_members(connection: WriteConnection, rule_id: UUID, members: Sequence[RuleMember]) -> None:
    params: dict[str, object] = {
        "rule_id": rule_id,
        "users": [member.user_id for member in members],
        "weights": [member.weight for member in members],
    }
    await connection.run(Q.delete_former_members, params)
    await connection.run(Q.upsert_members, params)


def _to_params(new: RoutingRuleInput) -> dict[str, object]:
    names = ("name", "place", "enabled", "method", "min_price", "max_price", "claim_minutes", "fallback_to")
    lists: dict[str, object] = {
        "sources": [one.lower() for one in new.sources],
        "event_types": list(new.event_types),
        "areas": [one.lower() for one in new.areas],
    }
    return {name: getattr(new, name) for name in names} | lists
