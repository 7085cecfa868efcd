"""A database of before an upgrade, opened by the code of today, beside the source its providers talk to."""

from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from platbook.base.clock import SetClock
from platbook.base.settings import Settings
from platbook.bootstrap.system import System, open_system
from platbook.db import Query
from platbook.db.embedded import EmbeddedPostgres
from platbook.market import Market
from platbook.simulate.rets.application import SimulatorSettings
from platbook.simulate.rets.fields import find_property_class
from platbook.sync.engine import SyncEngine
from tests.rets_matrix.expected_cells import expected_listings
from tests.simulate.served import ServedRets, served_rets
from tests.upgrade.stored import (
    COLUMNS,
    KEY,
    LISTINGS,
    NOW,
    REVISION_THEN,
    SEED,
    SOURCE_AT,
    SOURCE_STARTED,
    stored_database,
)


@dataclass
class Upgraded:
    """The upgraded system, and the source."""

    system: System
    source: ServedRets

    @property
    def engine(self) -> SyncEngine:
        """An engine that leaves photos alone."""
        system = self.system
        return SyncEngine(system.database, system.transport, system.box, system.clock)

    async def rows(self, sql: str, **params: object) -> list[dict[str, object]]:
        """Look into the database."""
        async with self.system.database.read() as connection:
            return await connection.dicts(Query("look", "A test's look.", sql), params)

    async def run(self, provider_id: str) -> dict[str, object]:
        """Do the run that was left behind or waits; its row."""
        known = await self.rows(
            "SELECT sync_id FROM mls_sync_history WHERE provider_id = %(id)s AND parent_id IS NULL "
            "AND status IN ('running', 'waiting')",
            id=provider_id,
        )
        assert len(known) == 1, known
        assert await self.engine.run_next(provider_id)
        (run,) = await self.rows("SELECT * FROM mls_sync_history WHERE sync_id = %(id)s", id=known[0]["sync_id"])
        return run

    async def replica(self, provider_id: str) -> dict[object, object]:
        """The visible listings' raw records by key."""
        sql = "SELECT listing_key, raw FROM properties WHERE provider_id = %(id)s AND visible"
        return {row["listing_key"]: row["raw"] for row in await self.rows(sql, id=provider_id)}

    def stated(self, classes: Sequence[str]) -> dict[str, dict[str, str | None]]:
        """What the source holds of some classes, in the columns the providers select."""
        cells = expected_listings(Market(SEED, LISTINGS, SOURCE_STARTED), SOURCE_AT, ())
        return {
            key: {column: said[column] for column in COLUMNS}
            for key, said in cells.items()
            if find_property_class(said["PropertyType"]).name in classes
        }

    def searches(self) -> list[dict[str, str]]:
        """The searches for records that the source was asked, in order: neither for keys alone nor for a count."""
        asked = [
            arguments
            for transaction, arguments in self.source.server.request_log.recent_requests
            if transaction == "search"
        ]
        return [said for said in asked if said.get("Select") != "ListingKey" and said.get("Count") != "2"]


@pytest.fixture(scope="module")
def source() -> Generator[ServedRets]:
    """The source as it stood when the database was left."""
    with served_rets(SimulatorSettings(listings=LISTINGS, seed=SEED, at=SOURCE_AT)) as served:
        yield served


@pytest.fixture
async def upgraded(
    postgres: EmbeddedPostgres, source: ServedRets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Upgraded]:
    """The database of then, opened as a start of Platbook opens it: migrated, its key checked.

    Values are read by the revision of then: under a later one everything is read anew, which has its own test.
    """
    monkeypatch.setattr("platbook.mapping.mapping.REVISION", REVISION_THEN)
    source.apply_quirks()  # nobody has asked anything yet
    with stored_database(postgres, source.login_url) as url:
        settings = Settings(
            database_url=SecretStr(url),
            platbook_secret_key=SecretStr(KEY),
            platbook_home=tmp_path,
            platbook_photo_batches=0,
        )
        async with open_system(settings) as system:
            yield Upgraded(replace(system, clock=SetClock(NOW)), source)
