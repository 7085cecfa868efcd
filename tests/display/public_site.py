"""A public caller of the API over the marked world, and everything that it is told."""

import re
from base64 import urlsafe_b64decode
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlencode
from uuid import UUID

import httpx2

from platbook.base.actor import Actor, Role
from platbook.db import Database, SecretBox
from platbook.listings.listing import Origin
from platbook.listings.rebuild import rebuild_documents
from platbook.listings.store import (
    IncomingListing,
    erase_listings,
    insert_listings,
    mark_out_of_scope,
    mark_removed,
    update_listings,
)
from platbook.listings.terms import add_terms, listing_terms
from platbook.providers import providers
from platbook.providers.configuration import Configuration
from platbook.providers.display_rules import ProviderRules
from platbook.providers.local import LOCAL
from platbook.providers.rule_versions import get_rules
from platbook.sync import setup
from platbook.sync.setup.display_rules import replace_display_rules
from tests.api.listings_client import ListingsClient, open_listings_client
from tests.display.drawn_rules import to_stored_rules
from tests.display.marked_world import BOARD, EXCHANGE, FIRST, LATEST, NOW, MarkedListing, MarkedWorld
from tests.display.naive_reading import PlainRules

ADA = Actor("ada@example.com", role=Role.ADMIN)
CONFIGURED = (BOARD, EXCHANGE)
"""The providers whose rules are drawn."""
_BOX = SecretBox(b"k" * 32)
_BATCH = 100
_CURSOR = re.compile(r'"nextCursor":"([^"]+)"')


@dataclass(frozen=True)
class Reply:
    """What a request was answered: `asked` is what the caller said itself, `text` all that came back."""

    asked: str
    status: int
    text: str
    response: httpx2.Response = field(repr=False)

    @property
    def data(self) -> Mapping[str, object]:
        """The payload of a success."""
        assert self.status == 200, (self.asked, self.text[:500])
        return cast("Mapping[str, object]", self.response.json()["data"])

    @property
    def cursor(self) -> str:
        """What the cursor of a list's next page holds; empty where there is none."""
        found = _CURSOR.search(self.text)
        return urlsafe_b64decode(found[1] + "==").decode() if found else ""

    @property
    def ids(self) -> list[str]:
        """The ids of a list's rows."""
        return [str(row["id"]) for row in cast("Sequence[Mapping[str, object]]", self.data["properties"])]

    @property
    def total(self) -> object:
        """A list's total."""
        return cast("Mapping[str, object]", self.data["pagination"])["total"]


@dataclass
class PublicSite:
    """The API with the marked world behind it. `ids`: of the listings, by their keys."""

    client: ListingsClient
    database: Database
    world: MarkedWorld
    ids: dict[str, UUID]
    moment: datetime = NOW

    def __repr__(self) -> str:
        return "site"  # a failing example is printed with it

    async def get(self, path: str, *, coding: str = "identity", headers: Mapping[str, str] | None = None) -> Reply:
        """Ask as the public does, by a path from the root."""
        sent = {"authorization": f"Bearer {self.client.tokens['public']}", "accept-encoding": coding, **(headers or {})}
        return await self._send(self.client.client.build_request("GET", path, headers=sent))

    async def post(self, path: str, body: object) -> Reply:
        """Ask as the public does, by a body."""
        sent = {"authorization": f"Bearer {self.client.tokens['public']}"}
        return await self._send(self.client.client.build_request("POST", path, json=body, headers=sent))

    async def search(self, path: str = "", **parameters: object) -> Reply:
        """A list by its parameters, with an exact total."""
        sent = {"limit": _BATCH, "count": "exact", **parameters}
        if path in {"/stats", "/suggest"}:
            sent = parameters
        query = urlencode(sent)
        return await self.get(f"/api/v1/properties{path}?{query}")

    async def find_routes(self) -> list[str]:
        """The paths of every route that is read, by the API's own description."""
        answer = await self.client.client.get("/api/v1/openapi.json")
        paths = cast("Mapping[str, Mapping[str, object]]", answer.json()["paths"])
        return [path for path, methods in paths.items() if "get" in methods]

    async def set_rules(self, rules: Mapping[str, PlainRules]) -> None:
        """Change the rules as an operator does; what they can concern is withdrawn, and nothing is rebuilt yet."""
        for provider_id, plain in rules.items():
            wanted = list(to_stored_rules(provider_id, plain).items())
            configuration = to_configuration(provider_id, plain.own_offices)
            async with self.database.transaction() as connection:
                await setup.replace_provider(connection, _BOX, configuration, ADA, NOW)
                await replace_display_rules(connection, provider_id, wanted, ADA, NOW)

    async def rebuild(self) -> None:
        """Let a worker rebuild what was withdrawn."""
        for provider_id in (*CONFIGURED, "former", LOCAL):
            await rebuild_documents(self.database, self.client.clock, provider_id)

    async def store_again(self) -> None:
        """Let runs store what the sources have, under the rules of now, in place of a rebuild."""
        for provider_id in CONFIGURED:
            live = [one for one in self.world.listings if one.provider_id == provider_id and one.state == "live"]
            await _store(self.database, live, self.ids)

    def set_clock(self, later: timedelta) -> None:
        """Let it be so much later than when the documents were written."""
        self.moment = NOW + later
        self.client.clock.at = self.moment

    async def _send(self, request: httpx2.Request) -> Reply:
        response = await self.client.client.send(request)
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
        body = request.content.decode() if request.content else ""
        asked = f"{request.method} {request.url} {body}"
        return Reply(asked, response.status_code, f"{response.status_code}\n{headers}\n\n{response.text}", response)


@asynccontextmanager
async def open_public_site(database: Database, world: MarkedWorld) -> AsyncGenerator[PublicSite]:
    """The API over a database that holds the marked world."""
    ids = await _store_world(database, world)
    async with open_listings_client(database, NOW) as client:
        await client.add_public_key()
        yield PublicSite(client, database, world, ids)


def to_configuration(provider_id: str, own_offices: Iterable[str] = ()) -> Configuration:
    """A provider that is never synced."""
    return Configuration(
        provider_id=provider_id,
        provider_name="A board",
        provider_type="SCRIPTED",
        own_offices=tuple(sorted(own_offices)),
        enabled=False,
    )


async def _store_world(database: Database, world: MarkedWorld) -> dict[str, UUID]:
    async with database.transaction() as connection:
        for provider_id in (*CONFIGURED, "former"):
            await providers.add_provider(connection, _BOX, to_configuration(provider_id), NOW)
    ids = await _store(database, world.listings)
    await _store(database, world.listings, ids)
    for listing in world.listings:
        await _end(database, listing, ids[listing.key])
    async with database.transaction() as connection:
        await setup.archive_provider(connection, "former", ADA, NOW)
    return ids


async def _store(
    database: Database, listings: Sequence[MarkedListing], ids: Mapping[str, UUID] | None = None
) -> dict[str, UUID]:
    """Store the first versions, or with `ids` the latest."""
    stored: dict[str, UUID] = {}
    for provider_id in sorted({one.provider_id for one in listings}):
        of_provider = [one for one in listings if one.provider_id == provider_id]
        at = NOW - timedelta(days=1) if ids is None else NOW
        origin = Origin(provider_id, "a run", at, is_local=provider_id == LOCAL)
        async with database.transaction() as connection:
            rules: ProviderRules = await get_rules(connection, provider_id)
            incoming = [_to_incoming(one, FIRST if ids is None else LATEST) for one in of_provider]
            if ids is None:
                keys = await insert_listings(connection, incoming, origin, rules)
                stored |= zip((one.key for one in of_provider), keys, strict=True)
            else:
                changed = {ids[one.key]: new for one, new in zip(of_provider, incoming, strict=True)}
                await update_listings(connection, changed, origin, rules)
            for one in incoming:
                await add_terms(connection, listing_terms(one.listing))
    return stored


def _to_incoming(one: MarkedListing, version: int) -> IncomingListing:
    refs = [photo.ref for photo in one.photos]
    digest = f"{one.key} {version}".encode()
    return IncomingListing(one.to_listing(version), b'{"raw": 1}', digest, refs, len(one.licences) == 1)


async def _end(database: Database, listing: MarkedListing, property_id: UUID) -> None:
    """Let a listing become what its state says."""
    origin = Origin(listing.provider_id, "a run", NOW)
    async with database.transaction() as connection:
        if listing.state == "removed":
            await mark_removed(connection, [listing.key], origin)
        if listing.state == "out of scope":
            await mark_out_of_scope(connection, [listing.key], origin)
        if listing.state == "erased":
            await erase_listings(connection, [property_id], origin)
