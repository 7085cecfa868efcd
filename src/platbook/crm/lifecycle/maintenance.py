"""Periodic maintenance of leads: refreshing scores that decayed, and ending offers that nobody claimed in time."""

from dataclasses import replace
from datetime import datetime

from platbook.accounts import get_user
from platbook.base.actor import Actor, Role
from platbook.crm.leads.lead import rescore
from platbook.crm.leads.rows import find_lapsed_claims, find_stale_scores, lock_lead, lock_leads, save_lead, save_leads
from platbook.crm.lifecycle.ownership import assign_owner
from platbook.db import WriteConnection
from platbook.jobs.outbox import write_event

_TIMER = Actor("first to claim", role=Role.ADMIN)
_BATCH = 500


async def refresh_scores(connection: WriteConnection, at: datetime) -> int:
    """Refresh a batch of scores that decayed; how many. Call again until it is 0."""
    stale = await find_stale_scores(connection, at, _BATCH)
    leads = await lock_leads(connection, stale)
    await save_leads(connection, [rescore(lead, at) for lead in leads.values()])
    return len(stale)


async def expire_claims(connection: WriteConnection, at: datetime) -> int:
    """Assign a batch of unclaimed leads to the rule's fallback, or open them to the whole office; how many."""
    lapsed = await find_lapsed_claims(connection, at, _BATCH)
    for lead_id in lapsed:
        lead = await lock_lead(connection, lead_id)
        if lead is None:
            continue
        fallback = None if lead.claim_fallback is None else await get_user(connection, lead.claim_fallback)
        if fallback is not None and fallback.is_active:
            await assign_owner(connection, _TIMER, lead, fallback, at)
        else:
            opened = replace(lead, claimants=None, claim_until=None, claim_fallback=None, updated_at=at)
            await save_lead(connection, opened)
            await write_event(connection, "lead unclaimed", {"leadId": str(lead_id)}, at)
    return len(lapsed)
