"""Reads a provider's metadata from its source, stores it until the source's mark changes, and proposes a mapping.

An operator accepts a proposal, all of it or a part (`setup.accept_proposal`); nothing is applied by itself.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from platbook.base.clock import Clock
from platbook.base.errors import InvalidInput, SourceBrokeProtocol
from platbook.connectors.contract import Connector, Discovery, Resource, SupportsDiscovery
from platbook.connectors.registry import find_connector
from platbook.db import Database, SecretBox, as_json, load_queries
from platbook.mapping.proposal import MappingProposal, propose
from platbook.providers.providers import get_provider
from platbook.providers.sessions import SessionOptions, SessionServices, Source, acquire_access, get_source
from platbook.sync.runs.plan import scope_fingerprint
from platbook.transport import Transport

Q = load_queries(__package__ or "platbook.sync.setup")

SEAT_WAIT = timedelta(seconds=5)

_DISCOVERY = TypeAdapter(Discovery)


@dataclass(frozen=True, slots=True)
class StoredDiscovery:
    """A row of `mls_discoveries`."""

    mark: str | None
    source: str
    discovery: dict[str, object]
    read_at: datetime

    def is_valid(self, fingerprint: str) -> bool:
        """Whether it was read with the same settings, and by a version that noted which resource holds the listings."""
        return self.source == fingerprint and "listing_resource" in self.discovery


@dataclass(frozen=True, slots=True)
class DiscoveryResult:
    """A source's metadata, when it was read, and the proposal that follows from it."""

    provider_id: str
    read_at: datetime
    discovery: Discovery
    proposal: MappingProposal


@dataclass(frozen=True, slots=True)
class Discoverer:
    """What a discovery needs."""

    database: Database
    transport: Transport
    box: SecretBox
    clock: Clock
    find_connector: Callable[[str], Connector] = find_connector

    async def discover(self, provider_id: str, *, refresh: bool = False) -> DiscoveryResult:
        """Read a source's metadata; `refresh`: even if its mark has not changed.

        NotFound; InvalidInput where the connector does not support discovery; the source's errors as they come.
        """
        async with self.database.read() as connection:
            provider = await get_provider(connection, provider_id)
            stored = await connection.first(StoredDiscovery, Q.get_discovery, {"provider_id": provider_id})
        source = get_source(provider, self.find_connector)
        fingerprint = scope_fingerprint(provider.provider_type, provider.settings, {}, "")
        if stored is not None and (refresh or not stored.is_valid(fingerprint)):
            stored = None
        discovery = await self._discover(source, None if stored is None else stored.mark)
        if discovery is not None:
            return await self._store(source, fingerprint, discovery)
        if stored is None:
            raise SourceBrokeProtocol("the connector reports no change since the last discovery, but none is stored")
        return _to_result(source, _DISCOVERY.validate_python(stored.discovery), stored.read_at)

    async def _discover(self, source: Source, last_mark: str | None) -> Discovery | None:
        connector = source.connector
        if not isinstance(connector, SupportsDiscovery):
            raise InvalidInput.of("providerType", f"the connector {connector.name} does not support discovery")
        services = SessionServices(self.database, self.transport, self.box, self.clock)
        async with acquire_access(services, source, SessionOptions(wait=SEAT_WAIT)) as access:
            return await connector.discover(
                source.settings, access.credentials, http=access.http, clock=self.clock, last_mark=last_mark
            )

    async def _store(self, source: Source, fingerprint: str, discovery: Discovery) -> DiscoveryResult:
        now = self.clock.now()
        params = {
            "provider_id": source.provider.provider_id,
            "mark": discovery.mark,
            "source": fingerprint,
            "discovery": as_json(asdict(discovery)),
            "at": now,
        }
        async with self.database.transaction() as connection:
            await connection.run(Q.keep_discovery, params)
        return _to_result(source, discovery, now)


def _to_result(source: Source, discovery: Discovery, read_at: datetime) -> DiscoveryResult:
    classes = source.profile.resource(Resource.PROPERTY).classes
    return DiscoveryResult(source.provider.provider_id, read_at, discovery, propose(discovery, classes))
