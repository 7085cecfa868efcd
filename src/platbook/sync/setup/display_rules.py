"""Changing a provider's display rules: what they can concern is withdrawn first, and rebuilt then."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.rights import Right, require
from platbook.db import WriteConnection, load_queries
from platbook.listings.rebuild import withdraw_documents
from platbook.providers.display_rules import RuleKey, RuleSettings
from platbook.providers.providers import get_in_service
from platbook.providers.rule_checks import check_rules
from platbook.providers.rule_versions import lock_rules_to_change, replace_rules
from platbook.sync.runs.pace import bring_next_run_forward
from platbook.sync.setup.providers import ReplacedProvider, fence_runs

Q = load_queries(__package__ or "platbook.sync.setup")


async def replace_display_rules(
    connection: WriteConnection,
    provider_id: str,
    rules: Sequence[tuple[RuleKey, RuleSettings]],
    actor: Actor,
    at: datetime,
) -> ReplacedProvider:
    """Make these all rules of a provider; those it has besides end. Nothing happens where none differs.

    Listings that a changed rule can concern are not public until they are rebuilt, a run under way goes on under the
    new rules, and the next one starts before the copy is older than they allow. NotFound; Conflict where it is
    archived; InvalidInput names each setting at fault.
    """
    require(actor, Right.RUN_SYNCS)
    check_rules(rules)
    wanted: Mapping[RuleKey, RuleSettings] = dict(rules)
    await get_in_service(connection, provider_id)
    before = await lock_rules_to_change(connection, provider_id)
    change = await replace_rules(connection, provider_id, wanted, sorted(before.own_offices), actor.name, at)
    if not change:
        return ReplacedProvider(provider_id, rebuild=False)
    await fence_runs(connection, provider_id, at)
    await withdraw_documents(connection, provider_id, change)
    await bring_next_run_forward(connection, provider_id, at)
    subject = AuditSubject("provider", provider_id)
    await audit.record(connection, actor, "display rules changed", subject, at, {"version": change.version})
    return ReplacedProvider(provider_id, rebuild=True)
