"""Asks a provider's source what it is like, keeps the answer as long as the source's mark stands, and proposes.

A person accepts what is proposed, whole or in part (`administration.accept_proposal`); nothing is applied unseen.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import cast

from pydantic import TypeAdapter

from platbook.base.clock import Clock
from platbook.base.errors import InvalidInput, SourceBrokeProtocol
from platbook.connectors.contract import Connector, Discovering, Discovery
from platbook.connectors.registry import find_connector
from platbook.db import Database, SecretBox, as_json, load_queries
from platbook.mapping.proposal import MappingProposal, propose
from platbook.providers.configuration import read_part
from platbook.providers.providers import Provider, get_provider, open_credentials
from platbook.sync.runs.plan import scope_fingerprint
from platbook.transport import Transport, session_slot

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


@dataclass(frozen=True, slots=True)
class DiscoveryResult:
    """What a source is like, when that was read, and the proposal that follows from it."""

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

    async def discover(self, provider_id: str, *, afresh: bool = False) -> DiscoveryResult:
        """Read what a source says of itself; `afresh`: even if its mark says that nothing has changed.

        NotFound; InvalidInput where the connector cannot do this; the source's own errors as they come.
        """
        async with self.database.read() as connection:
            provider = await get_provider(connection, provider_id)
            credentials = await open_credentials(connection, self.box, provider_id)
            known = await connection.first(StoredDiscovery, Q.get_discovery, {"provider_id": provider_id})
        source = scope_fingerprint(provider.provider_type, provider.settings, {}, "")
        if known is not None and (afresh or known.source != source):
            known = None
        found = await self._ask(provider, credentials, None if known is None else known.mark)
        if found is not None:
            return await self._keep(provider, source, found)
        if known is None:
            raise SourceBrokeProtocol("the connector says that nothing has changed, and nothing was known")
        return _to_discovered(provider, _DISCOVERY.validate_python(known.discovery), known.read_at)

    async def _ask(self, provider: Provider, credentials: Mapping[str, object], known: str | None) -> Discovery | None:
        connector = self.find_connector(provider.provider_type)
        if not isinstance(connector, Discovering):
            raise InvalidInput.of("providerType", f"{provider.provider_type} cannot tell what its source is like")
        settings = read_part(connector.settings_model, provider.settings, "settings")
        seats = connector.capabilities(settings).max_concurrency
        http = self.transport.for_provider(provider.provider_id, requests_per_second=provider.requests_per_second)
        async with session_slot(self.database, provider.provider_id, seats, wait=SEAT_WAIT):
            return await connector.discover(
                settings,
                read_part(connector.credentials_model, credentials, "credentials"),
                http=http,
                clock=self.clock,
                known=known,
            )

    async def _keep(self, provider: Provider, source: str, discovery: Discovery) -> DiscoveryResult:
        now = self.clock.now()
        params = {
            "provider_id": provider.provider_id,
            "mark": discovery.mark,
            "source": source,
            "discovery": as_json(asdict(discovery)),
            "at": now,
        }
        async with self.database.transaction() as connection:
            await connection.run(Q.keep_discovery, params)
        return _to_discovered(provider, discovery, now)


def _to_discovered(provider: Provider, discovery: Discovery, read_at: datetime) -> DiscoveryResult:
    classes = provider.settings.get("classes")
    wanted = [str(name) for name in cast("list[object]", classes)] if isinstance(classes, list) else []
    return DiscoveryResult(provider.provider_id, read_at, discovery, propose(discovery, wanted))
