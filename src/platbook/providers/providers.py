"""Provider rows: read, added, changed, archived. Credentials are stored encrypted and decrypted only for use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from platbook.base.errors import Conflict, NotFound
from platbook.connectors.contract import Scope
from platbook.db import ReadConnection, SecretBox, UniqueViolation, WriteConnection, as_json, load_queries
from platbook.providers.configuration import Configuration, ScopeSettings
from platbook.providers.display_rules import ProviderRules, RuleKey
from platbook.providers.local import LOCAL
from platbook.providers.media import MediaSettings
from platbook.providers.rule_versions import RuleChange, get_rules, replace_rules, to_rules

Q = load_queries(__package__ or "platbook.providers")


@dataclass(frozen=True, slots=True)
class Provider:
    """One configured connection to one MLS. Its credentials are not part of it, only their names."""

    provider_id: str
    provider_name: str
    provider_type: str
    settings: Mapping[str, object]
    credential_names: list[str]
    field_mapping: Mapping[str, object]
    scope: Mapping[str, object]
    media: Mapping[str, object]
    stored_rules: Mapping[str, object]
    retention: str
    interval_hours: float
    allowed_age_hours: float | None
    requests_per_second: float | None
    max_removal_share: float
    enabled: bool
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def requested_scope(self) -> Scope:
        """Which listings are replicated, as connectors and the engine take it."""
        return ScopeSettings.model_validate(self.scope).to_scope()

    @property
    def photos_per_status(self) -> Mapping[str, int]:
        """How many photos are fetched of a listing in a status; all where it is not named."""
        return ScopeSettings.model_validate(self.scope).photos_per_status

    @property
    def display_rules(self) -> ProviderRules:
        """What of its listings may be shown."""
        return to_rules(self.stored_rules)

    @property
    def media_settings(self) -> MediaSettings:
        """How its photos are fetched."""
        return MediaSettings.model_validate(self.media)


async def get_provider(connection: ReadConnection, provider_id: str) -> Provider:
    """One provider, archived ones too; NotFound."""
    provider = await connection.first(Provider, Q.get_provider, {"provider_id": provider_id})
    if provider is None:
        raise NotFound(f"there is no provider {provider_id}", code="PROVIDER_NOT_FOUND")
    return provider


async def get_in_service(connection: ReadConnection, provider_id: str) -> Provider:
    """One provider that is not archived; NotFound, Conflict."""
    provider = await get_provider(connection, provider_id)
    if provider.archived_at is not None:
        raise Conflict(f"provider {provider_id} is archived", code="PROVIDER_ARCHIVED")
    return provider


async def find_providers(connection: ReadConnection, *, archived: bool = False) -> list[Provider]:
    """Every provider by id; archived ones only if `archived`."""
    return await connection.all(Provider, Q.find_providers, {"archived": archived})


async def add_provider(
    connection: WriteConnection, box: SecretBox, configuration: Configuration, at: datetime, set_by: str = "platbook"
) -> None:
    """Add a provider with its display settings as its one rule; Conflict where the id is taken."""
    if configuration.provider_id == LOCAL:
        raise Conflict(f"{LOCAL} is reserved for local listings; choose another id", code="PROVIDER_EXISTS")
    try:
        async with connection.savepoint():
            await connection.run(Q.add_provider, _row(box, configuration, at))
            await set_display(connection, configuration, set_by, at)
    except UniqueViolation:
        raise Conflict(f"provider {configuration.provider_id} exists already", code="PROVIDER_EXISTS") from None


async def change_provider(
    connection: WriteConnection, box: SecretBox, configuration: Configuration, at: datetime
) -> None:
    """Replace a provider's configuration (credentials only where it has any) and bring it back if it was archived."""
    if not await connection.run(Q.change_provider, _row(box, configuration, at)):
        raise NotFound(f"there is no provider {configuration.provider_id}", code="PROVIDER_NOT_FOUND")


async def set_display(
    connection: WriteConnection, configuration: Configuration, set_by: str, at: datetime
) -> RuleChange:
    """Make a configuration's display settings the provider's rule for any listing in public; the other rules stay.

    Without display settings there is no such rule.
    """
    rules = await get_rules(connection, configuration.provider_id)
    whole_provider = RuleKey(configuration.provider_id)
    wanted = {rule.key: rule.settings for rule in rules.rules if rule.key != whole_provider}
    if configuration.display is not None:
        wanted[whole_provider] = configuration.display
    offices = configuration.own_offices
    return await replace_rules(connection, configuration.provider_id, wanted, offices, set_by, at)


async def set_enabled(connection: WriteConnection, provider_id: str, *, enabled: bool, at: datetime) -> None:
    """Switch a provider's schedule on or off; NotFound, archived ones included."""
    params = {"provider_id": provider_id, "enabled": enabled, "at": at}
    _must_exist(await connection.run(Q.set_enabled, params), provider_id)


async def set_interval(connection: WriteConnection, provider_id: str, *, interval_hours: float, at: datetime) -> None:
    """Change how often a provider is synced, in hours; NotFound, archived ones included."""
    params = {"provider_id": provider_id, "interval_hours": interval_hours, "at": at}
    _must_exist(await connection.run(Q.set_interval, params), provider_id)


async def archive_provider(connection: WriteConnection, provider_id: str, at: datetime) -> None:
    """Take a provider out of service; nothing is erased. NotFound."""
    _must_exist(await connection.run(Q.archive_provider, {"provider_id": provider_id, "at": at}), provider_id)


async def delete_provider(connection: WriteConnection, provider_id: str) -> None:
    """Remove a provider's configuration, runs, errors and sweeps. Its listings must have been erased before."""
    _must_exist(await connection.run(Q.delete_provider, {"provider_id": provider_id}), provider_id)


async def open_credentials(connection: ReadConnection, box: SecretBox, provider_id: str) -> dict[str, object]:
    """A provider's decrypted credentials; empty where it has none."""
    sealed = await connection.value(bytes, Q.get_credentials, {"provider_id": provider_id})
    return {} if sealed is None else orjson.loads(box.open(sealed, context=provider_id))


def _must_exist(touched: int, provider_id: str) -> None:
    if not touched:
        raise NotFound(f"there is no provider {provider_id}", code="PROVIDER_NOT_FOUND")


def _row(box: SecretBox, configuration: Configuration, at: datetime) -> dict[str, object]:
    credentials = configuration.credentials
    plain = configuration.model_dump(mode="json", by_alias=True, include={"scope", "media"})
    return {
        "provider_id": configuration.provider_id,
        "provider_name": configuration.provider_name,
        "provider_type": configuration.provider_type,
        "settings": as_json(configuration.settings),
        "credentials": None
        if credentials is None
        else box.seal(orjson.dumps(credentials), context=configuration.provider_id),
        "credential_names": sorted(credentials or ()),
        "field_mapping": as_json(configuration.field_mapping),
        "scope": as_json(plain["scope"]),
        "media": as_json(plain["media"]),
        "retention": configuration.retention,
        "interval_hours": configuration.interval_hours,
        "allowed_age_hours": configuration.allowed_age_hours,
        "requests_per_second": configuration.requests_per_second,
        "max_removal_share": configuration.max_removal_share,
        "enabled": configuration.enabled,
        "at": at,
    }
