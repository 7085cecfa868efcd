"""A simulated RETS server on loopback, and a connector's session with it without engine or database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import BaseModel

from platbook.base.clock import SystemClock
from platbook.connectors.contract import Discovery, Scope
from platbook.connectors.rets import RetsConnector
from platbook.connectors.rets.connector import RetsSession
from platbook.simulate.rets.application import RetsSettings, bind, create_server, serving
from platbook.simulate.rets.server import RetsServer
from tests.fakes.plain_http import PlainHttp, plain_http

CLASSES = ("Residential", "Commercial", "Land")
AT = datetime(2026, 3, 1, tzinfo=UTC)


async def no_pause(seconds: float) -> None:
    """Wait for nothing."""
    del seconds


@dataclass
class RetsMarket:
    """A server that stands still at one moment of its market, and how to talk to it."""

    server: RetsServer
    url: str
    http: PlainHttp
    connector: RetsConnector = field(default_factory=RetsConnector)

    def parts(self, **settings: object) -> tuple[BaseModel, BaseModel]:
        """Settings and credentials as the engine hands them over; `agentPassword` goes to the credentials."""
        password = settings.pop("agentPassword", None)
        login = {"username": "demo", "password": "demo", "userAgentPassword": password}
        said = {"loginUrl": self.url, "classes": CLASSES, "slotWaitSeconds": 0, **settings}
        return (
            self.connector.settings_model.model_validate(said),
            self.connector.credentials_model.model_validate(login),
        )

    @asynccontextmanager
    async def session(self, **settings: object) -> AsyncGenerator[RetsSession]:
        """Log in, lend the session, log out."""
        said, login = self.parts(**settings)
        async with self.connector.connect(said, login, scope=Scope(), http=self.http, clock=SystemClock()) as session:
            yield session

    async def discover(self, last_mark: str | None = None, **settings: object) -> Discovery | None:
        """Read what the server says of itself."""
        said, login = self.parts(**settings)
        return await self.connector.discover(said, login, http=self.http, clock=SystemClock(), last_mark=last_mark)


@asynccontextmanager
async def rets_market(*quirks: str, listings: int = 60, cap: int = 10) -> AsyncGenerator[RetsMarket]:
    """Serve a market under quirks until the block ends."""
    server = create_server(RetsSettings(listings=listings, at=AT, quirks=quirks, cap=cap))
    async with serving(server, bind(0)) as url, plain_http() as http:
        yield RetsMarket(server, url, http, RetsConnector(no_pause))
