"""The whole API over a real database, called as any HTTP client would."""

import os
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from platbook.accounts import CallerResolver, LoginSessions, NewUser, User, add_user
from platbook.api import create_api
from platbook.api.route_errors import find_codes, to_status
from platbook.api.route_rights import BASE, RIGHTS
from platbook.application.caller_rates import CallerRates
from platbook.application.services import Services
from platbook.base.actor import COMMAND_LINE, Role
from platbook.base.clock import SetClock
from platbook.base.settings import Settings
from platbook.bootstrap.http_server import make_oidc
from platbook.bootstrap.system import System
from platbook.db import Database, Query, SecretBox
from platbook.jobs import JobQueue
from platbook.media.blobs import Blobs
from platbook.media.pictures import ImagePool, VariantSpec
from platbook.storage import open_memory_storage
from platbook.transport import Transport

PASSWORD = "correct horse battery"
ROLES = {"admin@example.com": Role.ADMIN, "agent@example.com": Role.AGENT, "other@example.com": Role.AGENT}


@dataclass
class Api:
    """A client with a token for each role, made when first asked for."""

    client: httpx2.AsyncClient
    services: Services
    clock: SetClock
    users: dict[str, User] = field(default_factory=dict[str, User])
    _tokens: dict[str, str] = field(default_factory=dict[str, str])

    async def call(
        self,
        method: str,
        path: str,
        *,
        who: str | None = "admin@example.com",
        headers: dict[str, str] | None = None,
        **request: object,
    ) -> httpx2.Response:
        """Call as somebody; None: without a token."""
        sent = dict(headers or {})
        if who is not None:
            sent["Authorization"] = f"Bearer {await self.token(who)}"
        response = await self.client.request(method, path, headers=sent, **request)  # pyright: ignore[reportArgumentType] - passed on by name
        check_documented(method, path, response)
        return response

    async def token(self, who: str) -> str:
        """The access token of a user who can log in."""
        if who not in self._tokens:
            async with self.services.database.transaction() as connection:
                if who not in self.users:
                    new = NewUser(who, PASSWORD, "Test", who.partition("@")[0], ROLES.get(who, Role.AGENT))
                    self.users[who] = await add_user(connection, new, COMMAND_LINE, self.clock.now())
                login = await self.services.sessions.start_session(connection, self.users[who])
            self._tokens[who] = login.access_token  # once it is committed: others ask at the same time
        return self._tokens[who]

    def log_in_anew(self, who: str) -> None:
        """Let a user's next call be in a login of its own."""
        self._tokens.pop(who, None)

    async def rows(self, sql: str, **params: object) -> list[dict[str, object]]:
        """Look into the database."""
        async with self.services.database.read() as connection:
            return await connection.dicts(Query("look", "A test's look.", sql), params)

    async def run_sql(self, sql: str, **params: object) -> int:
        """Change the database behind everybody's back."""
        async with self.services.database.transaction() as connection:
            return await connection.run(Query("set", "A test's hand.", sql), params)


def check_documented(method: str, path: str, response: httpx2.Response) -> None:
    """Check that the route's description names the error it answered."""
    asked = f"{method} {path.partition('?')[0].removeprefix(BASE)}"
    matching = [route for route in RIGHTS if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route)), asked)]
    if response.status_code < 400 or not matching:
        return
    route = min(matching, key=lambda one: one.count("{"))  # as it is routed: the literal one first
    code = response.json()["error"]["code"]
    assert code in find_codes(route, has_body=True), f"{route} answered {code}, which its description does not name"
    assert to_status(code) == response.status_code, f"{route} answered {response.status_code} {code}"


@pytest.fixture
def settings() -> Settings:
    """The settings of the API; a test may parametrize them."""
    return Settings(platbook_access_token_minutes=1440, platbook_api_rate=0)


@pytest.fixture
async def api(database: Database, database_url: str, settings: Settings) -> AsyncGenerator[Api]:
    """The API, its clock in the test's hand."""
    clock = SetClock(datetime(2026, 1, 2, 12, tzinfo=UTC))
    box = SecretBox(os.urandom(32))
    with ImagePool.open(threads=1) as studio:
        async with JobQueue.open(database_url) as queue, Transport.open(database, clock) as transport:
            sessions = LoginSessions(database, box, clock, settings)
            callers, rates = CallerResolver(database, box, clock), CallerRates(settings.platbook_api_rate, clock)
            storage = open_memory_storage(b"k" * 32, clock)
            blobs = Blobs(database, storage, studio, clock, VariantSpec())
            system = System(settings, clock, database, box, queue, transport, storage, studio, None)
            services = Services(
                settings, clock, database, box, queue, transport, sessions, callers, rates, storage, blobs,
                oidc=make_oidc(system, sessions),
            )  # fmt: skip
            asgi = httpx2.ASGITransport(create_api(services))
            async with httpx2.AsyncClient(transport=asgi, base_url="http://platbook.test") as client:
                yield Api(client, services, clock)


def minutes(count: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)
