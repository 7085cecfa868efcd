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
from platbook.simulate.rets.application import SimulatorSettings, bind_loopback, create_server, run_server
from platbook.simulate.rets.server import RetsServer
from tests.fakes.plain_http import PlainHttp, plain_http

CLASSES = ("Residential", "Commercial", "Land")
AT = datetime(2026, 3, 1, tzinfo=UTC)


async def no_sleep(seconds: float) -> None:
    """Do not wait."""
    del seconds


@dataclass
class RetsMarket:
    """A server at a fixed time of its market, and a client of it."""

    server: RetsServer
    url: str
    http: PlainHttp
    connector: RetsConnector = field(default_factory=RetsConnector)

    def to_models(self, **settings: object) -> tuple[BaseModel, BaseModel]:
        """Settings and credentials as the engine passes them; `agentPassword` goes to the credentials."""
        password = settings.pop("agentPassword", None)
        login = {"username": "demo", "password": "demo", "userAgentPassword": password}
        settings_model = {"loginUrl": self.url, "classes": CLASSES, "slotWaitSeconds": 0, **settings}
        return (
            self.connector.settings_model.model_validate(settings_model),
            self.connector.credentials_model.model_validate(login),
        )

    @asynccontextmanager
    async def session(self, **settings: object) -> AsyncGenerator[RetsSession]:
        """A logged-in session; logs out at the end."""
        settings_model, login = self.to_models(**settings)
        async with self.connector.connect(
            settings_model, login, scope=Scope(), http=self.http, clock=SystemClock()
        ) as session:
            yield session

    async def discover(self, last_mark: str | None = None, **settings: object) -> Discovery | None:
        """Run discovery."""
        settings_model, login = self.to_models(**settings)
        return await self.connector.discover(
            settings_model, login, http=self.http, clock=SystemClock(), last_mark=last_mark
        )


@asynccontextmanager
async def rets_market(*quirks: str, listings: int = 60, cap: int = 10) -> AsyncGenerator[RetsMarket]:
    """Serve a market under quirks until the block ends."""
    server = create_server(SimulatorSettings(listings=listings, at=AT, quirks=quirks, cap=cap))
    async with run_server(server, bind_loopback(0)) as url, plain_http() as http:
        yield RetsMarket(server, url, http, RetsConnector(no_sleep))
