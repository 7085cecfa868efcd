"""Configuring providers: the change is committed, then workers are woken for what follows from it."""

from collections.abc import Sequence

from platbook.application.context import UseCaseContext
from platbook.base.actor import Actor
from platbook.listings.rebuild.jobs import request_rebuild
from platbook.listings.rule_preview import RulePreview
from platbook.providers.configuration import Configuration
from platbook.providers.display_rules import ProviderRules, RuleKey, RuleSettings
from platbook.providers.providers import Provider, get_provider
from platbook.providers.rule_versions import get_rules
from platbook.sync import setup
from platbook.sync.jobs import interrupt_run, wake_worker
from platbook.sync.setup.providers import AcceptedProposal


async def add_provider(context: UseCaseContext, configuration: Configuration, actor: Actor) -> Provider:
    """Add a provider. Errors: InvalidInput; Conflict where the id is taken."""
    async with context.database.transaction() as connection:
        await setup.add_provider(connection, context.box, configuration, actor, context.clock.now())
        return await get_provider(connection, configuration.provider_id)


async def replace_provider(context: UseCaseContext, configuration: Configuration, actor: Actor) -> Provider:
    """Replace a provider's configuration; credentials that are left out stay. Errors: NotFound, InvalidInput."""
    provider_id = configuration.provider_id
    async with context.database.transaction() as connection:
        changed = await setup.replace_provider(connection, context.box, configuration, actor, context.clock.now())
        provider = await get_provider(connection, provider_id)
    await _wake(context, provider_id, rebuild=changed.rebuild)
    return provider


async def replace_display_rules(
    context: UseCaseContext, provider_id: str, rules: Sequence[tuple[RuleKey, RuleSettings]], actor: Actor
) -> ProviderRules:
    """Make these all display rules of a provider. Errors: NotFound, InvalidInput; Conflict where it is archived."""
    async with context.database.transaction() as connection:
        now = context.clock.now()
        is_changed = await setup.replace_display_rules(connection, provider_id, rules, actor, now)
        current = await get_rules(connection, provider_id)
    if is_changed:
        await _wake(context, provider_id, rebuild=True)
    return current


async def preview_display_rules(
    context: UseCaseContext, provider_id: str, rules: Sequence[tuple[RuleKey, RuleSettings]], actor: Actor
) -> RulePreview:
    """What would appear and vanish if these were all display rules of a provider. Errors: as replacing them."""
    return await setup.preview_display_rules(context.database, provider_id, rules, actor, context.clock.now())


async def accept_proposal(
    context: UseCaseContext, provider_id: str, accepted: AcceptedProposal, actor: Actor
) -> Provider:
    """Merge what is accepted of a proposal into a provider's settings and field mapping. Errors: as replacing."""
    async with context.database.transaction() as connection:
        changed = await setup.accept_proposal(
            connection, context.box, provider_id, accepted, actor, context.clock.now()
        )
        provider = await get_provider(connection, provider_id)
    await _wake(context, provider_id, rebuild=changed.rebuild)
    return provider


async def toggle_provider(context: UseCaseContext, provider_id: str, actor: Actor, *, enabled: bool) -> Provider:
    """Enable or disable a provider's schedule. Errors: NotFound; Conflict where it is archived."""
    async with context.database.transaction() as connection:
        return await setup.toggle_provider(connection, provider_id, actor, context.clock.now(), enabled=enabled)


async def change_interval(context: UseCaseContext, provider_id: str, hours: float, actor: Actor) -> Provider:
    """Change how often a provider is synced. Errors: NotFound, InvalidInput."""
    async with context.database.transaction() as connection:
        return await setup.change_interval(connection, provider_id, hours, actor, context.clock.now())


async def archive_provider(context: UseCaseContext, provider_id: str, actor: Actor) -> None:
    """Archive a provider and interrupt its run. Errors: NotFound."""
    async with context.database.transaction() as connection:
        await setup.archive_provider(connection, provider_id, actor, context.clock.now())
    await interrupt_run(context.queue, provider_id)


async def restore_provider(context: UseCaseContext, provider_id: str, actor: Actor) -> None:
    """Bring an archived provider back. Errors: NotFound; Conflict where it is not archived."""
    async with context.database.transaction() as connection:
        changed = await setup.restore_provider(connection, context.box, provider_id, actor, context.clock.now())
    await _wake(context, provider_id, rebuild=changed.rebuild)


async def _wake(context: UseCaseContext, provider_id: str, *, rebuild: bool) -> None:
    await wake_worker(context.queue, provider_id)
    if rebuild:
        await request_rebuild(context.queue, provider_id)
