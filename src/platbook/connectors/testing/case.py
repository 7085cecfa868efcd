"""What the author of a connector declares to have it checked."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from platbook.base.clock import Clock, SystemClock
from platbook.connectors.contract import (
    Connector,
    HttpClient,
    HttpReply,
    Resource,
    ResourceProfile,
    Scope,
    Session,
)


class ConformanceError(AssertionError):
    """A connector breaks the contract."""


@dataclass(frozen=True)
class Case:
    """A connector with everything it needs. `settings` and `credentials` are what an operator would write."""

    connector: Connector
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    credentials: Mapping[str, object] = field(default_factory=dict[str, object])
    http: HttpClient | None = None
    """None for a connector that has no use for it; touching it then is a breach."""
    clock: Clock = field(default_factory=SystemClock)
    scope: Scope = field(default_factory=Scope)
    resource: Resource = Resource.PROPERTY
    change: Callable[[], Awaitable[None]] | None = None
    """Makes the source change: some records modified, some added. None: it stands still."""

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Session]:
        """Open a session as the engine does."""
        connector = self.connector
        settings = connector.settings_model.model_validate(dict(self.settings))
        credentials = connector.credentials_model.model_validate(dict(self.credentials))
        http = self.http if self.http is not None else _NoHttp()
        async with connector.connect(settings, credentials, scope=self.scope, http=http, clock=self.clock) as session:
            yield session

    def profile(self) -> ResourceProfile:
        """How the source, with these settings, serves the resource."""
        settings = self.connector.settings_model.model_validate(dict(self.settings))
        return self.connector.profile(settings).resource(self.resource)


DeclaredCase = Case | AbstractAsyncContextManager[Case]
"""A case, or what starts and stops its source."""
ConformanceRun = Callable[[], None]
"""Runs one check; ConformanceError where the connector breaks the contract."""


class _NoHttp:
    """The client of a connector that needs none."""

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> AbstractAsyncContextManager[HttpReply]:
        """Refuse."""
        del method, headers, content
        raise ConformanceError(f"the case has no HTTP client, but the connector requested {url}")
