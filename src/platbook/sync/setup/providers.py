"""Adding, changing, switching and archiving providers.

A run under way carries the configuration it began with. So whatever changes a configuration raises the provider's
epoch first: the run's next page is refused, no page made under the old rules can follow, and the run waits again, to be
taken up under the new ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import Conflict, InvalidInput, ProviderMisconfigured
from platbook.base.rights import Right, require
from platbook.db import SecretBox, WriteConnection, load_queries
from platbook.listings import store
from platbook.mapping.provider_mapping import plan_class_mappings
from platbook.media.reprocessing import apply_fetch_settings
from platbook.providers import providers
from platbook.providers.configuration import (
    Configuration,
    ScopeSettings,
    check_connection_settings,
    check_display,
    keep_credentials,
    parse_configuration,
    require_credentials,
)
from platbook.providers.providers import Provider, get_in_service, get_provider
from platbook.sync.runs.cursors import delete_cursors
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.pace import bring_next_run_forward
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.sync.setup.display_rules import apply_rule_change
from platbook.sync.setup.fencing import end_runs, fence_runs, hold_pages

RUNS = load_queries("platbook.sync.runs")
Q = load_queries(__package__ or "platbook.sync.setup")

_SECONDS = 3600
_SHORTEST, _LONGEST = 0.25, 168


@dataclass(frozen=True, slots=True)
class ReplacedProvider:
    """A provider whose configuration was replaced. Wake a worker; `rebuild`: its documents must be rebuilt."""

    provider_id: str
    rebuild: bool


@dataclass(frozen=True, slots=True)
class AcceptedProposal:
    """What a person accepts of a proposal, as it is or as they changed it."""

    settings: Mapping[str, object]
    field_mapping: Mapping[str, object]


def read_configuration(raw: Mapping[str, object]) -> Configuration:
    """Read a configuration as people write it, its field mapping included; InvalidInput names each field at fault."""
    try:
        configuration = parse_configuration(raw)
    except ProviderMisconfigured as error:
        raise InvalidInput.of("providerType", str(error)) from None
    _check_mapping(configuration)
    return configuration


def check_configuration(configuration: Configuration) -> None:
    """Check what the form of a configuration does not: the connector's part, display settings and the field mapping.

    InvalidInput names each field at fault.
    """
    try:
        check_connection_settings(configuration.provider_type, configuration.settings, configuration.credentials)
    except ProviderMisconfigured as error:
        raise InvalidInput.of("providerType", str(error)) from None
    check_display(configuration)
    _check_mapping(configuration)


async def add_provider(
    connection: WriteConnection, box: SecretBox, configuration: Configuration, actor: Actor, at: datetime
) -> None:
    """Add a provider, due at once if it is enabled; Conflict where the id is taken."""
    require(actor, Right.RUN_SYNCS)
    require_credentials(configuration)
    await providers.add_provider(connection, box, configuration, at, actor.name)
    await connection.run(RUNS.add_status, {"provider_id": configuration.provider_id, "at": at})
    await audit.record(connection, actor, "provider added", AuditSubject("provider", configuration.provider_id), at)


async def replace_provider(
    connection: WriteConnection, box: SecretBox, configuration: Configuration, actor: Actor, at: datetime
) -> ReplacedProvider:
    """Replace a provider's configuration (credentials only where it has values) and restore it if it was archived.

    Changed display settings withdraw its public documents at once, a changed mapping makes everything be read again, a
    changed scope takes effect in the next run, and under `erase` workers erase what was retained of removed listings.
    Since an operator has acted, the provider is due at once. NotFound.
    """
    require(actor, Right.RUN_SYNCS)
    configuration = keep_credentials(configuration)
    provider_id = configuration.provider_id
    before = await get_provider(connection, provider_id)
    await fence_runs(connection, provider_id, at)
    await providers.change_provider(connection, box, configuration, at)
    after = await get_provider(connection, provider_id)
    old, new = before.media_settings, after.media_settings
    if old.fetched != new.fetched or old.max_bytes < new.max_bytes:
        await apply_fetch_settings(connection, provider_id, new)
    if before.archived_at is not None:
        await store.set_hidden(connection, provider_id, hidden=False)
    change = await providers.set_display(connection, configuration, actor.name, at)
    await apply_rule_change(connection, provider_id, change, actor, at)
    if after.retention == "erase":
        await connection.run(Q.erase_samples, {"provider_id": provider_id})
    if before.field_mapping != after.field_mapping:
        await _read_again(connection, after, actor, at)
    await connection.run(Q.unblock, {"provider_id": provider_id, "at": at})
    credentials = sorted(configuration.credentials or ())
    await audit.record(
        connection,
        actor,
        "provider changed",
        AuditSubject("provider", provider_id),
        at,
        {"credentialsWritten": credentials},
    )
    return ReplacedProvider(provider_id, rebuild=bool(change))


async def toggle_provider(
    connection: WriteConnection, provider_id: str, actor: Actor, at: datetime, *, enabled: bool
) -> Provider:
    """Switch the schedule on (due at once, and no longer waiting for an operator) or off. NotFound if archived too."""
    require(actor, Right.RUN_SYNCS)
    await hold_pages(connection, provider_id)
    await providers.set_enabled(connection, provider_id, enabled=enabled, at=at)
    if enabled:
        params = {"provider_id": provider_id, "at": at}
        await connection.run(RUNS.add_status, params)
        await connection.run(Q.unblock, params)
    await audit.record(
        connection,
        actor,
        "provider enabled" if enabled else "provider disabled",
        AuditSubject("provider", provider_id),
        at,
    )
    return await get_provider(connection, provider_id)


async def change_interval(
    connection: WriteConnection, provider_id: str, interval_hours: float, actor: Actor, at: datetime
) -> Provider:
    """Change how often a provider is synced, counted from its last success. NotFound; InvalidInput names the field."""
    require(actor, Right.RUN_SYNCS)
    if not _SHORTEST <= interval_hours <= _LONGEST:
        raise InvalidInput.of("intervalHours", f"must be between {_SHORTEST} and {_LONGEST}")
    await hold_pages(connection, provider_id)
    await providers.set_interval(connection, provider_id, interval_hours=interval_hours, at=at)
    params = {"provider_id": provider_id, "at": at, "seconds": interval_hours * _SECONDS}
    await connection.run(Q.count_from_last, params)
    await bring_next_run_forward(connection, provider_id, at)
    await audit.record(
        connection,
        actor,
        "interval changed",
        AuditSubject("provider", provider_id),
        at,
        {"intervalHours": interval_hours},
    )
    return await get_provider(connection, provider_id)


async def archive_provider(connection: WriteConnection, provider_id: str, actor: Actor, at: datetime) -> None:
    """Take a provider out of service: not scheduled, its runs ended, its listings hidden, nothing erased. NotFound."""
    require(actor, Right.RUN_SYNCS)
    await archive_and_end_runs(connection, provider_id, at)
    await store.set_hidden(connection, provider_id, hidden=True)
    await audit.record(connection, actor, "provider archived", AuditSubject("provider", provider_id), at)


async def restore_provider(
    connection: WriteConnection, box: SecretBox, provider_id: str, actor: Actor, at: datetime, *, enabled: bool = True
) -> ReplacedProvider:
    """Bring an archived provider back as it was. NotFound; Conflict where it is not archived."""
    provider = await get_provider(connection, provider_id)
    if provider.archived_at is None:
        raise Conflict(f"provider {provider_id} is not archived")
    configuration = _to_configuration(provider, enabled=enabled)
    return await replace_provider(connection, box, configuration, actor, at)


async def accept_proposal(
    connection: WriteConnection,
    box: SecretBox,
    provider_id: str,
    accepted: AcceptedProposal,
    actor: Actor,
    at: datetime,
) -> ReplacedProvider:
    """Lay what a person accepts of a proposal over a provider's settings and mapping, as its configuration.

    A setting of None is taken away. NotFound; Conflict where it is archived; InvalidInput names each field at fault.
    """
    provider = await get_in_service(connection, provider_id)
    configuration = _to_configuration(provider, enabled=provider.enabled)
    changed = configuration.model_copy(
        update={
            "settings": _lay_over(configuration.settings, accepted.settings),
            "field_mapping": {**configuration.field_mapping, **accepted.field_mapping},
        }
    )
    check_configuration(changed)
    return await replace_provider(connection, box, changed, actor, at)


async def archive_and_end_runs(connection: WriteConnection, provider_id: str, at: datetime) -> None:
    """Archive a provider and end its runs: a worker that still does one can store nothing more (fencing)."""
    await get_provider(connection, provider_id)
    await end_runs(connection, provider_id, at)
    await providers.archive_provider(connection, provider_id, at)


def _to_configuration(provider: Provider, *, enabled: bool) -> Configuration:
    """A provider's stored configuration, without credentials, which stay as they are."""
    rules = provider.display_rules
    return Configuration(
        provider_id=provider.provider_id,
        provider_name=provider.provider_name,
        provider_type=provider.provider_type,
        settings=dict(provider.settings),
        field_mapping=dict(provider.field_mapping),
        scope=ScopeSettings.model_validate(provider.scope),
        display=None if rules.whole_provider is None else rules.whole_provider.settings,
        own_offices=tuple(sorted(rules.own_offices)),
        media=provider.media_settings,
        retention="erase" if provider.retention == "erase" else "keep",
        interval_hours=provider.interval_hours,
        allowed_age_hours=provider.allowed_age_hours,
        requests_per_second=provider.requests_per_second,
        max_removal_share=provider.max_removal_share,
        enabled=enabled,
    )


def _lay_over(settings: Mapping[str, object], accepted: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in {**settings, **accepted}.items() if value is not None}


def _check_mapping(configuration: Configuration) -> None:
    plan_class_mappings(configuration.field_mapping)


async def _read_again(connection: WriteConnection, provider: Provider, actor: Actor, at: datetime) -> None:
    """Rows made by another mapping are rebuilt only by a full walk; an unfinished walk starts again."""
    await delete_cursors(connection, provider.provider_id)
    if not provider.enabled:
        return
    try:
        await request_run(connection, RunRequest(provider.provider_id, SyncType.FULL), actor, at)
    except Conflict:
        await connection.run(Q.widen_waiting, {"provider_id": provider.provider_id})
