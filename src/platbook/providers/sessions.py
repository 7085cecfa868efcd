"""Opens sessions with a provider's source: the one place that takes the seat, limits the rate, logs in and logs out.

Runs, photo batches, connection tests and discoveries all come through here, so that they see a source alike.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel

from platbook.base.clock import Clock
from platbook.connectors.contract import (
    Connector,
    HttpClient,
    Session,
    SourceProfile,
    SupportsRemarks,
)
from platbook.db import Database, SecretBox
from platbook.providers.configuration import read_part
from platbook.providers.providers import Provider, open_credentials
from platbook.transport import LEASE, SourceHosts, TrafficCounter, Transport, session_slot

T = TypeVar("T")

FindConnector = Callable[[str], Connector]


class SessionStep(StrEnum):
    """The steps of opening a session, in this order."""

    SEAT = "seat"
    CONNECT = "connect"


def _unobserved(step: SessionStep) -> AbstractContextManager[object]:
    del step
    return nullcontext()


@dataclass(frozen=True, slots=True)
class SessionServices:
    """What opening a session needs."""

    database: Database
    transport: Transport
    box: SecretBox
    clock: Clock


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a session is opened.

    `wait` is how long to wait for a free seat, `lease` how long a seat outlives a worker that was killed. `yields`:
    take no seat while somebody waits for one. `traffic`
    counts requests and bytes. `remarks` receives the session's remarks when it ends, however it ends. Each step runs
    within the context that `observe` returns for it.
    """

    wait: timedelta = timedelta(0)
    lease: timedelta = LEASE
    yields: bool = False
    traffic: TrafficCounter | None = None
    remarks: list[str] | None = None
    observe: Callable[[SessionStep], AbstractContextManager[object]] = _unobserved


@dataclass(frozen=True, slots=True)
class Source:
    """A provider with its connector, its validated settings and the profile that follows from them."""

    provider: Provider
    connector: Connector
    settings: BaseModel
    profile: SourceProfile

    @property
    def hosts(self) -> SourceHosts:
        """The hosts that its credentials may be sent to."""
        return SourceHosts.of(self.profile.base_urls, self.profile.trusted_hosts)


@dataclass(frozen=True, slots=True)
class SourceAccess:
    """What a connector needs to talk to its source while a seat is held."""

    credentials: BaseModel
    http: HttpClient


def get_source(provider: Provider, find_connector: FindConnector) -> Source:
    """Validate a provider's stored settings by its connector; ProviderMisconfigured names the field at fault."""
    connector = find_connector(provider.provider_type)
    settings = read_part(connector.settings_model, provider.settings, "settings")
    return Source(provider, connector, settings, connector.profile(settings))


async def read_credentials(services: SessionServices, source: Source) -> BaseModel:
    """Decrypt and validate a provider's credentials; ProviderMisconfigured names the field at fault, not its value."""
    async with services.database.read() as connection:
        credentials = await open_credentials(connection, services.box, source.provider.provider_id)
    return read_part(source.connector.credentials_model, credentials, "credentials")


@asynccontextmanager
async def acquire_access(
    services: SessionServices, source: Source, options: SessionOptions
) -> AsyncGenerator[SourceAccess]:
    """Take one of the source's session slots, with a rate-limited HTTP client, without logging in.

    LoginSlotTaken if no slot is free within `wait`; ProviderMisconfigured.
    """
    credentials = await read_credentials(services, source)
    provider = source.provider
    async with _observed(
        options.observe(SessionStep.SEAT),
        session_slot(
            services.database,
            provider.provider_id,
            source.profile.max_concurrency,
            wait=options.wait,
            lease=options.lease,
            yields=options.yields,
        ),
    ):
        http = services.transport.for_provider(
            provider.provider_id,
            source.hosts,
            requests_per_second=provider.requests_per_second,
            traffic=options.traffic,
        )
        yield SourceAccess(credentials, http)


@asynccontextmanager
async def open_session(services: SessionServices, source: Source, options: SessionOptions) -> AsyncGenerator[Session]:
    """Hold a seat, log in, yield the session, log out.

    LoginSlotTaken if no slot is free within `wait`; ProviderMisconfigured; the connector's own errors as they come.
    """
    async with acquire_access(services, source, options) as access:
        connecting = source.connector.connect(
            source.settings,
            access.credentials,
            scope=source.provider.requested_scope,
            http=access.http,
            clock=services.clock,
        )
        async with _observed(options.observe(SessionStep.CONNECT), connecting) as session:
            try:
                yield session
            finally:
                if options.remarks is not None and isinstance(session, SupportsRemarks):
                    options.remarks.extend(session.remarks())


@asynccontextmanager
async def _observed(
    observer: AbstractContextManager[object], context: AbstractAsyncContextManager[T]
) -> AsyncGenerator[T]:
    """Enter `context` within `observer`; the block itself runs outside of it."""
    async with AsyncExitStack() as stack:
        with observer:
            entered = await stack.enter_async_context(context)
        yield entered
