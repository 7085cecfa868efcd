"""Suppressions follow leads: whoever refuses is suppressed, and a suppressed address makes its new lead refuse.

Called before a lead is written, by everything that creates or changes one.
"""

from collections.abc import Sequence
from datetime import datetime

from platbook.base.actor import Actor
from platbook.crm.leads.lead import Lead
from platbook.crm.suppressions.permission import ConsentPolicy, ContactPermission, to_permission
from platbook.crm.suppressions.rows import NewSuppression, find_standing, insert_suppressions
from platbook.crm.suppressions.suppression import SuppressedChannel
from platbook.crm.suppressions.withdrawal import (
    LeadChange,
    Withdrawal,
    added_addresses,
    find_withdrawals,
    with_refusals,
)
from platbook.db import ReadConnection, WriteConnection


async def enforce_suppressions(
    connection: WriteConnection, actor: Actor, changes: Sequence[LeadChange], at: datetime
) -> list[Lead]:
    """Store the withdrawals among some changes; the leads, with the refusals that their new addresses bring along."""
    await save_withdrawals(connection, actor, [one for change in changes for one in find_withdrawals(change)], at)
    added = list(dict.fromkeys(address for change in changes for address in added_addresses(change)))
    standing = await find_standing(connection, added)
    return [with_refusals(change.lead, standing) for change in changes]


async def enforce_suppression(
    connection: WriteConnection, actor: Actor, lead: Lead, at: datetime, *before: Lead
) -> Lead:
    """As `enforce_suppressions`, for one lead."""
    return (await enforce_suppressions(connection, actor, [LeadChange(lead, before)], at))[0]


async def save_withdrawals(
    connection: WriteConnection, actor: Actor, withdrawals: Sequence[Withdrawal], at: datetime
) -> None:
    """Store a suppression for each refusal that does not stand already."""
    added = [
        NewSuppression(one.channel, one.address, one.reason, one.source, one.at, lead_id=one.lead_id)
        for one in withdrawals
    ]
    await insert_suppressions(connection, added, actor.name, at)


async def find_permission(
    connection: ReadConnection,
    key: bytes,
    lead: Lead,
    channel: SuppressedChannel,
    stream: str,
    policy: ConsentPolicy,
) -> ContactPermission:
    """Whether a person may be contacted now. Whoever sends anything asks this, at the time of sending."""
    standing = await find_standing(connection, [*lead.emails, *lead.phones], key)
    return to_permission(lead, channel, stream, standing, policy)
