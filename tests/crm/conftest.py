"""Users to own leads, as rows."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from platbook.base.ids import new_id
from platbook.crm.enums import LeadStatus
from platbook.crm.stages.stage import Stage, default_kind
from platbook.db import Database, Query

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
STAGES = [Stage(key, key, default_kind(key), place, NOW, NOW) for place, key in enumerate(LeadStatus, start=1)]

_ADD = Query(
    "add_person",
    "Somebody to own leads.",
    "INSERT INTO users (id, email, first_name, last_name, role, office, team, created_at)"
    " VALUES (%(id)s, %(email)s, 'Test', 'User', 'agent', 'North', 'Elm', now())",
)


async def add_agents(database: Database, *names: str) -> dict[str, UUID]:
    ids = {name: new_id() for name in names}
    async with database.transaction() as connection:
        for name, user_id in ids.items():
            await connection.run(_ADD, {"id": user_id, "email": f"{name}@example.com"})
    return ids


@pytest.fixture
async def agents(database: Database) -> dict[str, UUID]:
    return await add_agents(database, "ann", "abe")
