"""Giving a new lead to somebody: the first rule that fits and has somebody to give it to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from platbook.accounts import get_user
from platbook.crm.intake.round_robin import RuleMember, next_in_rotation
from platbook.crm.intake.rules import Q, RoutingMethod, RoutingRule, find_members
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.store import with_owner
from platbook.db import WriteConnection


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """What rules look at: where a lead came from, and the listing it was about."""

    source: str | None = None
    type: str | None = None
    areas: Sequence[str] = ()
    price: Decimal | None = None


async def route_lead(connection: WriteConnection, lead: Lead, occasion: RoutingContext, at: datetime) -> Lead:
    """The lead with its owner, or with those who may claim it; as it was where no rule fits. Nothing of it is written.

    Turns of a rule are taken one after the other, and count when the transaction does.
    """
    params = {"source": occasion.source, "type": occasion.type, "areas": list(occasion.areas), "price": occasion.price}
    for rule in await connection.all(RoutingRule, Q.find_fitting_rules, params):
        method = RoutingMethod(rule.method)
        if method in {RoutingMethod.ROUND_ROBIN, RoutingMethod.WEIGHTED}:
            await connection.run(Q.lock_rule, {"id": rule.id})
        members = await find_members(connection, rule.id, active=True)
        if not members:
            continue
        if method is RoutingMethod.FIRST_TO_CLAIM:
            return await _offer(connection, lead, rule, members, at)
        chosen = members[0] if method is RoutingMethod.DIRECT else await _take_turn(connection, rule, members)
        return with_owner(lead, await get_user(connection, chosen.user_id))
    return lead


async def _take_turn(connection: WriteConnection, rule: RoutingRule, members: list[RuleMember]) -> RuleMember:
    if rule.method == RoutingMethod.ROUND_ROBIN:
        members = [replace(member, weight=1) for member in members]
    chosen, after = next_in_rotation(members)
    users: list[UUID] = [member.user_id for member in after]
    credits_left = [member.credit for member in after]
    await connection.run(Q.keep_credits, {"rule_id": rule.id, "users": users, "credits": credits_left})
    return chosen


async def _offer(
    connection: WriteConnection, lead: Lead, rule: RoutingRule, members: list[RuleMember], at: datetime
) -> Lead:
    """To be claimed by the members for a time, and then by their office."""
    first = await get_user(connection, members[0].user_id)
    return replace(
        lead,
        office=first.office,
        team=None,
        claimants=[member.user_id for member in members],
        claim_until=at + timedelta(minutes=rule.claim_minutes or 0),
        claim_fallback=rule.fallback_to,
    )
