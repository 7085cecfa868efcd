"""The API over a database with listings in it, and callers of several kinds."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import httpx2
import orjson

from platbook.accounts import CallerResolver, LoginSessions, NewUser, add_user
from platbook.api import create_api
from platbook.application.asgi import AsgiApp
from platbook.application.caller_rates import CallerRates
from platbook.application.services import Services
from platbook.base.actor import COMMAND_LINE, Role
from platbook.base.clock import SetClock
from platbook.base.settings import Settings
from platbook.db import Database, SecretBox
from platbook.jobs import JobQueue
from platbook.media.blobs import Blobs
from platbook.storage import open_memory_storage
from platbook.transport import Transport
from tests.listings.listing_rig import NOW, ListingRig

BASE = "/api/v1/properties"


@dataclass
class ReadResponse:
    """A response whose body is read."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> dict[str, object]:
        return cast("dict[str, object]", orjson.loads(self.content))

    @property
    def data(self) -> dict[str, object]:
        return cast("dict[str, object]", self.json["data"])

    @property
    def rows(self) -> list[dict[str, object]]:
        return cast("list[dict[str, object]]", self.data["properties"])

    @property
    def keys(self) -> list[object]:
        return [row["listingKey"] for row in self.rows]

    @property
    def error(self) -> tuple[int, object, list[object]]:
        failure = cast("dict[str, object]", self.json["error"])
        details = failure["details"]
        fields = [one["field"] for one in cast("list[dict[str, object]]", details)] if isinstance(details, list) else []
        return self.status, failure["code"], fields


@dataclass
class ListingsClient:
    """A client of the routes of listings, as one of three users, over a listing_rig of listings."""

    listing_rig: ListingRig
    clock: SetClock
    client: httpx2.AsyncClient
    tokens: dict[str, str]
    app: AsgiApp

    async def request(
        self, method: str, path: str, body: object = None, caller: str | None = "admin", **headers: str
    ) -> ReadResponse:
        if caller:
            headers["authorization"] = f"Bearer {self.tokens[caller]}"
        content = None if body is None else orjson.dumps(body)
        if content is not None:
            headers["content-type"] = "application/json"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.client.request(method, BASE + path, content=content, headers=named)
        return ReadResponse(answer.status_code, answer.headers, answer.content)

    async def add_public_key(self) -> None:
        """Let there be a caller `public`, by an API key of the public surface."""
        body = {"name": "site", "scopes": ["listings:read"], "surface": "public"}
        headers = {"authorization": f"Bearer {self.tokens['admin']}"}
        answer = await self.client.post("/api/v1/auth/keys", json=body, headers=headers)
        self.tokens["public"] = answer.json()["data"]["key"]

    async def get(self, path: str, caller: str | None = "admin", **headers: str) -> ReadResponse:
        return await self.request("GET", path, None, caller, **headers)


@asynccontextmanager
async def open_listings_client(
    database: Database, now: datetime = NOW, **changed: object
) -> AsyncGenerator[ListingsClient]:
    """A client over the settings' defaults, but for those that are changed."""
    clock = SetClock(now)
    box, settings = SecretBox(b"k" * 32), Settings.model_construct(None, **changed)
    sessions = LoginSessions(database, box, clock, settings)
    # No route of listings queues work or opens a socket.
    queue, transport = cast("JobQueue", None), cast("Transport", None)
    storage = open_memory_storage(b"k" * 32, clock)
    callers, blobs = CallerResolver(database, box, clock), cast("Blobs", None)
    services = Services(
        settings, clock, database, box, queue, transport, sessions, callers, CallerRates(0, clock), storage, blobs
    )
    roles = {"admin": Role.ADMIN, "agent": Role.AGENT, "colleague": Role.AGENT}
    tokens: dict[str, str] = {}
    async with database.transaction() as connection:
        for name, role in roles.items():
            user = NewUser(f"{name}@example.com", "correct horse battery", name, "Test", role)
            tokens[name] = (
                await sessions.start_session(connection, await add_user(connection, user, COMMAND_LINE, now))
            ).access_token
    app = cast("AsgiApp", create_api(services))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://api.test") as client:
        yield ListingsClient(ListingRig(database), clock, client, tokens, app)
