"""Changing a provider's display rules: what they can concern is withdrawn first, and rebuilt then."""

from collections.abc import Sequence
from datetime import datetime

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.rights import Right, require
from platbook.db import Database, WriteConnection
from platbook.listings.rebuild import withdraw_documents
from platbook.listings.rule_preview import RulePreview, preview_rules
from platbook.providers.display_rules import RuleKey, RuleSettings
from platbook.providers.providers import get_in_service
from platbook.providers.rule_checks import check_rules
from platbook.providers.rule_versions import (
    RuleChange,
    find_change,
    get_rules,
    lock_rules_to_change,
    plan_rules,
    replace_rules,
)
from platbook.sync.runs.pace import bring_next_run_forward
from platbook.sync.setup.fencing import fence_runs, hold_pages


async def replace_display_rules(
    connection: WriteConnection,
    provider_id: str,
    rules: Sequence[tuple[RuleKey, RuleSettings]],
    actor: Actor,
    at: datetime,
) -> bool:
    """Make these all rules of a provider; those it has besides end. Whether any differed: if none did, nothing happens.

    Listings that a changed rule can concern are not public until they are rebuilt, a run under way goes on under the
    new rules, and the next one starts before the copy is older than they allow. NotFound; Conflict where it is
    archived; InvalidInput names each setting at fault.
    """
    require(actor, Right.RUN_SYNCS)
    check_rules(rules)
    await hold_pages(connection, provider_id)
    before = await lock_rules_to_change(connection, provider_id)
    await get_in_service(connection, provider_id)
    change = await replace_rules(connection, provider_id, dict(rules), sorted(before.own_offices), actor.name, at)
    if change:
        await fence_runs(connection, provider_id, at)
    await apply_rule_change(connection, provider_id, change, actor, at)
    return bool(change)


async def preview_display_rules(
    database: Database, provider_id: str, rules: Sequence[tuple[RuleKey, RuleSettings]], actor: Actor, at: datetime
) -> RulePreview:
    """What would appear and what would vanish in public if these were all rules of a provider; nothing is written.

    Errors: as replacing them.
    """
    require(actor, Right.RUN_SYNCS)
    check_rules(rules)
    async with database.read() as connection:
        await get_in_service(connection, provider_id)
        before = await get_rules(connection, provider_id)
    change = find_change(before, dict(rules), sorted(before.own_offices))
    after = plan_rules(before, dict(rules), actor.name, at)
    return await preview_rules(database, provider_id, before, after, change, at)


async def apply_rule_change(
    connection: WriteConnection, provider_id: str, change: RuleChange, actor: Actor, at: datetime
) -> None:
    """Withdraw what changed rules can concern, and note the change in the audit log; the caller has fenced off runs."""
    if not change:
        return
    await withdraw_documents(connection, provider_id, change)
    await bring_next_run_forward(connection, provider_id, at)
    subject = AuditSubject("provider", provider_id)
    await audit.record(connection, actor, "display rules changed", subject, at, {"version": change.version})
