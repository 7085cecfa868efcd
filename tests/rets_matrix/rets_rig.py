"""A RETS provider over the simulated source, and its stored listings."""

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from platbook.base.actor import COMMAND_LINE
from platbook.base.clock import SetClock
from platbook.db import Database, Query, SecretBox
from platbook.market import Market
from platbook.providers.configuration import parse_configuration
from platbook.providers.providers import add_provider
from platbook.simulate.rets.fields import RESOURCES
from platbook.simulate.rets.quirks import Quirk
from platbook.sync.engine import SyncEngine
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.transport import Transport
from tests.rets_matrix.expected_cells import Cells, column_name, expected_listings
from tests.simulate.served import AT, ServedRets

_numbers = itertools.count(1)

SETTINGS: dict[Quirk, dict[str, object]] = {
    Quirk.POST_ONLY: {"method": "POST"},
    Quirk.OTHER_HOST_URLS: {"trustedHosts": ["localhost"]},
    Quirk.UA_INTEREALTY: {"userAgentForm": "interealty"},
    Quirk.UA_BARE_VERSION: {"userAgentForm": "bare-version"},
    Quirk.ZONELESS_TIMESTAMPS: {"timeZone": "America/Phoenix"},
    Quirk.NARROW_SELECT: {"columnsPerRequest": 40},
}
"""Provider settings that some quirks require, since no reply reveals them."""
WITH_UA_PASSWORD = {Quirk.UA_REQUIRED, Quirk.UA_INTEREALTY, Quirk.UA_BARE_VERSION}


@dataclass
class RetsEnvironment:
    """Shared by all providers: the server, its market, the database, the engine, a clock."""

    served: ServedRets
    market: Market
    database: Database
    engine: SyncEngine
    transport: Transport
    box: SecretBox
    clock: SetClock
    cap: int = 25
    any_provider: str = ""
    """A provider id for tests that use the source without the engine."""

    async def add_rig(self, *quirks: str, page_size: int = 40, **settings: object) -> "RetsRig":
        """Add a provider under these quirks, NAME or NAME=always, at the initial time."""
        self.apply_quirks(*quirks)
        self.set_time(AT)
        enabled = {Quirk(text.partition("=")[0]) for text in quirks}
        base_settings: dict[str, object] = {
            "classes": [rets_class.name for rets_class in RESOURCES[0].classes],
            "keyField": column_name("ListingKey", enabled),
            "modifiedField": column_name("ModificationTimestamp", enabled),
            "photosCountField": column_name("PhotosCount", enabled),
            "photosModifiedField": column_name("PhotosChangeTimestamp", enabled),
            "pageSize": page_size,
        }
        for quirk in enabled:
            base_settings |= SETTINGS.get(quirk, {})
        mapping: dict[str, object] = {}
        if Quirk.VENDOR_NAMES in enabled:
            fields = {field.name for rets_class in RESOURCES[0].classes for field in rets_class.fields} - {"ListingKey"}
            mapping = {column_name(name, enabled): name for name in sorted(fields)}
        credentials = {"username": "demo", "password": "demo", "userAgent": "Platbook/1.0"}
        if not WITH_UA_PASSWORD.isdisjoint(enabled):
            credentials["userAgentPassword"] = "agent"
        provider_id = f"rig-{next(_numbers)}"
        configuration = parse_configuration(
            {
                "providerId": provider_id,
                "providerName": "Matrix",
                "providerType": "RETS",
                "loginUrl": self.served.login_url,
                "credentials": credentials,
                "settings": base_settings | settings,
                "fieldMapping": mapping,
                "display": {"listingDisplayWhenNull": True},
                "maxRemovalShare": 1,
            }
        )
        async with self.database.transaction() as connection:
            await add_provider(connection, self.box, configuration, self.clock.now())
        return RetsRig(self, provider_id, enabled)

    def apply_quirks(self, *quirks: str) -> None:
        """Replace the server's quirks."""
        self.served.apply_quirks(*quirks, cap=self.cap)

    def set_time(self, time: datetime) -> None:
        """Set the time of the market and of our clock."""
        self.served.server.source.set_time(time, 0)
        self.clock.at = time


@dataclass
class RetsRig:
    """One provider."""

    environment: RetsEnvironment
    provider_id: str
    quirks: Collection[Quirk]

    async def sync(self, sync_type: SyncType) -> dict[str, object]:
        """Request a run, execute it, and return its history row."""
        environment = self.environment
        async with environment.database.transaction() as connection:
            request = RunRequest(self.provider_id, sync_type)
            sync_id = await request_run(connection, request, COMMAND_LINE, environment.clock.now())
        await environment.engine.run_next(self.provider_id)
        return (await self.query("SELECT * FROM mls_sync_history WHERE sync_id = %(id)s", id=sync_id))[0]

    async def query(self, sql: str, **params: object) -> list[dict[str, object]]:
        """Query the database."""
        async with self.environment.database.read() as connection:
            return await connection.dicts(Query("test", "A query of a test.", sql), params)

    async def stored(self) -> dict[object, object]:
        """The visible listings' raw records by key."""
        sql = "SELECT listing_key, raw FROM properties WHERE provider_id = %(provider)s AND visible"
        return {row["listing_key"]: row["raw"] for row in await self.query(sql, provider=self.provider_id)}

    async def watermark(self) -> object:
        """The watermark of the next incremental run."""
        sql = "SELECT watermark FROM mls_sync_cursors WHERE provider_id = %(provider)s"
        rows = await self.query(sql, provider=self.provider_id)
        return rows[0]["watermark"] if rows else None

    def expected(self) -> dict[str, Cells]:
        """The cells the source's listings are expected to have now."""
        return expected_listings(self.environment.market, self.environment.clock.now(), self.quirks)
