"""The connector named MOCK."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from platbook.connectors.contract import (
    ByKey,
    Clock,
    HttpClient,
    MediaSource,
    ProviderMisconfigured,
    Resource,
    ResourceProfile,
    Scope,
    SourceProfile,
)
from platbook.connectors.mock.session import MockSession
from platbook.connectors.mock.settings import MockCredentials, MockSettings

_MAX_SESSIONS = 4


class MockConnector:
    """Serves listings, and the agents and offices that they name."""

    name = "MOCK"
    settings_model: type[BaseModel] = MockSettings
    credentials_model: type[BaseModel] = MockCredentials

    def profile(self, settings: BaseModel) -> SourceProfile:
        """Derive the profile from the settings; agents and offices never change."""
        mock = _expect(settings)
        time_ordered, volatile = mock.order == "time", frozenset(mock.volatile_fields)
        listings = ResourceProfile(
            "ListingKey",
            time_ordered=time_ordered,
            media=MediaSource.INLINE,
            volatile_fields=volatile,
            by_key=ByKey.MANY,
        )
        return SourceProfile(
            {
                Resource.PROPERTY: listings,
                Resource.MEMBER: ResourceProfile("MemberKey", time_ordered=time_ordered, by_key=ByKey.MANY),
                Resource.OFFICE: ResourceProfile("OfficeKey", time_ordered=time_ordered, by_key=ByKey.MANY),
            },
            max_concurrency=_MAX_SESSIONS,
        )

    def connect(
        self, settings: BaseModel, credentials: BaseModel, *, scope: Scope, http: HttpClient, clock: Clock
    ) -> AbstractAsyncContextManager[MockSession]:
        """Open a session; credentials and network are not used."""
        del credentials, http
        return _open(MockSession(_expect(settings), scope, clock))


@asynccontextmanager
async def _open(session: MockSession) -> AsyncGenerator[MockSession]:
    session.refuse_login()
    yield session


def _expect(settings: BaseModel) -> MockSettings:
    if not isinstance(settings, MockSettings):
        raise ProviderMisconfigured(f"MOCK cannot work with settings of the kind {type(settings).__name__}")
    return settings
