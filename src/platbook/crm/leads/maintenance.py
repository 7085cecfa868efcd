"""What time alone changes about leads: scores that age, and claims nobody made in the time there was."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from platbook.accounts import get_user
from platbook.base.actor import Actor, Role
from platbook.crm.leads.lead import rescore
from platbook.crm.leads.rows import Q, lock_lead, save_lead
from platbook.crm.leads.store import assign_owner
from platbook.db import WriteConnection
from platbook.jobs.outbox import write_event

_TIMER = Actor("first to claim", role=Role.ADMIN)
_MOST = 500


async def refresh_scores(connection: WriteConnection, at: datetime) -> int:
    """Score anew what has aged; how many. More may be left: ask again."""
    stale = await connection.column(UUID, Q.find_stale_scores, {"at": at, "most": _MOST})
    for lead_id in stale:
        if (lead := await lock_lead(connection, lead_id)) is not None:
            await save_lead(connection, rescore(lead, at))
    return len(stale)


async def expire_claims(connection: WriteConnection, at: datetime) -> int:
    """Give what nobody claimed in time to the rule's fallback, or open it to the whole office; how many."""
    lapsed = await connection.column(UUID, Q.find_lapsed_claims, {"at": at, "most": _MOST})
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
