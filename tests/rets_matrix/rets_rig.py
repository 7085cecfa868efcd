"""A RETS provider over the simulated source, and what it has stored."""

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
from platbook.sync.runs.lifecycle import RunRequest, SyncType, request_run
from platbook.transport import Transport
from tests.rets_matrix.statements import Cells, name_of, state_all
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
"""Settings that some quirks need, since no reply reveals them."""
SIGNED = {Quirk.UA_REQUIRED, Quirk.UA_INTEREALTY, Quirk.UA_BARE_VERSION}


@dataclass
class RetsRig:
    """What all providers share: the simulated server, its market, the database, the engine, a clock."""

    served: ServedRets
    market: Market
    database: Database
    engine: SyncEngine
    transport: Transport
    box: SecretBox
    clock: SetClock
    cap: int = 25
    any_provider: str = ""
    """A provider for those who talk to the source without the engine."""

    async def open(self, *quirks: str, page_size: int = 40, **settings: object) -> "ProviderRig":
        """A provider of its own under these quirks, NAME or NAME=always, at the first moment."""
        self.behave(*quirks)
        self.move(AT)
        ordered = {Quirk(word.partition("=")[0]) for word in quirks}
        said: dict[str, object] = {
            "classes": [one.name for one in RESOURCES[0].classes],
            "keyField": name_of("ListingKey", ordered),
            "modifiedField": name_of("ModificationTimestamp", ordered),
            "photosCountField": name_of("PhotosCount", ordered),
            "photosModifiedField": name_of("PhotosChangeTimestamp", ordered),
            "pageSize": page_size,
        }
        for quirk in ordered:
            said |= SETTINGS.get(quirk, {})
        mapping: dict[str, object] = {}
        if Quirk.VENDOR_NAMES in ordered:
            fields = {field.name for one in RESOURCES[0].classes for field in one.fields} - {"ListingKey"}
            mapping = {name_of(name, ordered): name for name in sorted(fields)}
        credentials = {"username": "demo", "password": "demo", "userAgent": "Platbook/1.0"}
        if not SIGNED.isdisjoint(ordered):
            credentials["userAgentPassword"] = "agent"
        provider_id = f"board-{next(_numbers)}"
        configuration = parse_configuration(
            {
                "providerId": provider_id,
                "providerName": "Matrix",
                "providerType": "RETS",
                "loginUrl": self.served.login_url,
                "credentials": credentials,
                "settings": said | settings,
                "fieldMapping": mapping,
                "display": {"listingDisplayWhenNull": True},
                "maxRemovalShare": 1,
            }
        )
        async with self.database.transaction() as connection:
            await add_provider(connection, self.box, configuration, self.clock.now())
        return ProviderRig(self, provider_id, ordered)

    def behave(self, *quirks: str) -> None:
        """Let the server have these quirks from now on."""
        self.served.behave(*quirks, cap=self.cap)

    def move(self, moment: datetime) -> None:
        """Put the market and our clock to a moment."""
        self.served.server.source.set_moment(moment, 0)
        self.clock.at = moment


@dataclass
class ProviderRig:
    """One provider."""

    rets_rig: RetsRig
    provider_id: str
    quirks: Collection[Quirk]

    async def sync(self, sync_type: SyncType) -> dict[str, object]:
        """Request a run, do it, and return its history row."""
        rets_rig = self.rets_rig
        async with rets_rig.database.transaction() as connection:
            request = RunRequest(self.provider_id, sync_type)
            sync_id = await request_run(connection, request, COMMAND_LINE, rets_rig.clock.now())
        await rets_rig.engine.run_next(self.provider_id)
        return (await self.rows("SELECT * FROM mls_sync_history WHERE sync_id = %(id)s", id=sync_id))[0]

    async def rows(self, sql: str, **params: object) -> list[dict[str, object]]:
        """Query the database."""
        async with self.rets_rig.database.read() as connection:
            return await connection.dicts(Query("look", "A test's query.", sql), params)

    async def stored(self) -> dict[object, object]:
        """The visible listings' raw records by key."""
        sql = "SELECT listing_key, raw FROM properties WHERE provider_id = %(provider)s AND visible"
        return {row["listing_key"]: row["raw"] for row in await self.rows(sql, provider=self.provider_id)}

    async def watermark(self) -> object:
        """Where the next incremental run would start."""
        sql = "SELECT watermark FROM mls_sync_cursors WHERE provider_id = %(provider)s"
        rows = await self.rows(sql, provider=self.provider_id)
        return rows[0]["watermark"] if rows else None

    def stated(self) -> dict[str, Cells]:
        """What the source states now."""
        return state_all(self.rets_rig.market, self.rets_rig.clock.now(), self.quirks)
