"""Step three of the intake: create the lead of a new person, and route it to its owner by the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from platbook.accounts import get_user
from platbook.base.actor import Actor
from platbook.base.ids import new_id
from platbook.base.rights import ROLES, AccessScope, Right
from platbook.crm.contacts import EMAIL, PHONE, ContactKey
from platbook.crm.intake.matching import PersonChanged
from platbook.crm.intake.receiving import ReceivedEvent
from platbook.crm.intake.round_robin import RuleMember, next_in_rotation
from platbook.crm.intake.rules import (
    RoutingMethod,
    RoutingRule,
    find_matching_rules,
    find_members,
    lock_rule,
    save_credits,
)
from platbook.crm.leads.lead import Lead, new_lead, to_payload, with_owner
from platbook.crm.leads.rows import insert_lead, sync_contacts
from platbook.crm.lifecycle.ownership import acting_owner_id, log_assignment
from platbook.db import WriteConnection
from platbook.jobs.outbox import write_event


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """What the conditions of rules are compared with: the lead's source, the event's type, the listing."""

    source: str | None = None
    type: str | None = None
    areas: Sequence[str] = ()
    price: Decimal | None = None


async def route(
    connection: WriteConnection, sender: Actor, received: ReceivedEvent, stored: Mapping[ContactKey, UUID]
) -> Lead:
    """Create a lead, and assign or offer it. It may share the contacts that other leads have already (`stored`).

    Errors: PersonChanged, with nothing written, where another transaction inserted one of its contacts meanwhile.
    """
    async with connection.savepoint():
        lead = await _assign(connection, sender, _to_lead(sender, received), received)
        await insert_lead(connection, lead)
        if (await sync_contacts(connection, lead)).keys() - stored.keys():
            raise PersonChanged("this person is being changed; send the event again")
        await write_event(connection, "lead created", to_payload(lead, sender), received.at)
        if lead.assigned_to is not None:
            await log_assignment(connection, sender, lead, None, received.at)
        await announce_offer(connection, sender, lead, received.at)
        return lead


async def announce_offer(connection: WriteConnection, actor: Actor, lead: Lead, at: datetime) -> None:
    """Write the event of a lead that is offered to claimants."""
    if lead.assigned_to is None and lead.claimants is not None:
        offered = to_payload(lead, actor, claimants=[str(one) for one in lead.claimants])
        await write_event(connection, "lead offered", offered, at)


async def route_lead(connection: WriteConnection, lead: Lead, context: RoutingContext, at: datetime) -> Lead:
    """Apply the first rule that matches and has an active member: the lead with its owner, or with its claimants.

    Unchanged where there is none. Nothing of the lead is written. The rule's row is locked while its rotation advances.
    """
    for rule in await find_matching_rules(
        connection, source=context.source, event_type=context.type, areas=context.areas, price=context.price
    ):
        method = RoutingMethod(rule.method)
        if method in {RoutingMethod.ROUND_ROBIN, RoutingMethod.WEIGHTED}:
            await lock_rule(connection, rule.id)
        members = await find_members(connection, rule.id, active=True)
        if not members:
            continue
        if method is RoutingMethod.FIRST_TO_CLAIM:
            return await _offer(connection, lead, rule, members, at)
        chosen = members[0] if method is RoutingMethod.DIRECT else await _rotate(connection, rule, members)
        return with_owner(lead, await get_user(connection, chosen.user_id))
    return lead


def _to_lead(sender: Actor, received: ReceivedEvent) -> Lead:
    event = received.event
    return replace(
        new_lead(new_id(), received.at),
        first_name=" ".join(event.person.first_name.split()),
        last_name=" ".join(event.person.last_name.split()),
        emails=[value for kind, value in received.contacts if kind == EMAIL],
        phones=[value for kind, value in received.contacts if kind == PHONE],
        source=event.source or event.type.value,
        office=sender.office,
        team=sender.team,
    )


async def _assign(connection: WriteConnection, sender: Actor, lead: Lead, received: ReceivedEvent) -> Lead:
    owner_id = acting_owner_id(sender)
    if _keeps_own_leads(sender) and owner_id is not None:
        owner = await get_user(connection, owner_id)
        if owner.is_active:
            return with_owner(lead, owner)
    return await route_lead(connection, lead, to_routing_context(received, lead), received.at)


def to_routing_context(received: ReceivedEvent, lead: Lead) -> RoutingContext:
    """What rules compare of an event of a lead."""
    context = RoutingContext(lead.source, received.event.type.value)
    if received.listing is not None:
        context = replace(context, areas=received.listing.areas, price=received.listing.list_price)
    return context


def _keeps_own_leads(sender: Actor) -> bool:
    """Whether leads of the sender's events are the sender's own, without rules."""
    return sender.role is not None and ROLES[sender.role].get(Right.SEND_EVENTS) in {
        AccessScope.OWN,
        AccessScope.AGENTS,
    }


async def _rotate(connection: WriteConnection, rule: RoutingRule, members: list[RuleMember]) -> RuleMember:
    if rule.method == RoutingMethod.ROUND_ROBIN:
        members = [replace(member, weight=1) for member in members]
    chosen, rotated = next_in_rotation(members)
    await save_credits(connection, rule.id, rotated)
    return chosen


async def _offer(
    connection: WriteConnection, lead: Lead, rule: RoutingRule, members: list[RuleMember], at: datetime
) -> Lead:
    """Offer the lead to the rule's members for a limited time; then to the office of the first one."""
    first = await get_user(connection, members[0].user_id)
    return replace(
        lead,
        office=first.office,
        team=None,
        claimants=[member.user_id for member in members],
        claim_until=at + timedelta(minutes=rule.claim_minutes or 0),
        claim_fallback=rule.fallback_to,
    )
