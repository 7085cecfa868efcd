"""Giving a new lead to somebody: the first rule that fits and has somebody to give it to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from platbook.accounts import get_user
from platbook.crm.intake.round_robin import Member, take_turn
from platbook.crm.intake.rules import Method, Q, Rule, find_members
from platbook.crm.leads.lead import Lead
from platbook.crm.leads.store import to_owned
from platbook.db import WriteConnection


@dataclass(frozen=True, slots=True)
class Occasion:
    """What rules look at: where a lead came from, and the listing it was about."""

    source: str | None = None
    type: str | None = None
    areas: Sequence[str] = ()
    price: Decimal | None = None


async def assign_by_rule(connection: WriteConnection, lead: Lead, occasion: Occasion, at: datetime) -> Lead:
    """The lead with its owner, or with those who may claim it; as it was where no rule fits. Nothing of it is written.

    Turns of a rule are taken one after the other, and count when the transaction does.
    """
    params = {"source": occasion.source, "type": occasion.type, "areas": list(occasion.areas), "price": occasion.price}
    for rule in await connection.all(Rule, Q.find_fitting_rules, params):
        method = Method(rule.method)
        if method in {Method.ROUND_ROBIN, Method.WEIGHTED}:
            await connection.run(Q.lock_rule, {"id": rule.id})
        members = await find_members(connection, rule.id, active=True)
        if not members:
            continue
        if method is Method.FIRST_TO_CLAIM:
            return await _offer(connection, lead, rule, members, at)
        chosen = members[0] if method is Method.DIRECT else await _take_turn(connection, rule, members)
        return to_owned(lead, await get_user(connection, chosen.user_id))
    return lead


async def _take_turn(connection: WriteConnection, rule: Rule, members: list[Member]) -> Member:
    if rule.method == Method.ROUND_ROBIN:
        members = [replace(member, weight=1) for member in members]
    chosen, after = take_turn(members)
    users: list[UUID] = [member.user_id for member in after]
    credits_left = [member.credit for member in after]
    await connection.run(Q.keep_credits, {"rule_id": rule.id, "users": users, "credits": credits_left})
    return chosen


async def _offer(connection: WriteConnection, lead: Lead, rule: Rule, members: list[Member], at: datetime) -> Lead:
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
