"""A world of people in offices and teams, furnished by each part of the API with things that must not leak."""

import pytest

from tests.api.conftest import Api, api, settings
from tests.leaks import crm, listings, people, syncs
from tests.leaks.world import World, make_world

PARTS = (people, syncs, listings, crm)
"""Each has `PROBES`, and `furnish(world)`, which adds what its routes show. A new part of the API adds its own here."""

__all__ = ["api", "settings"]


@pytest.fixture
async def world(api: Api) -> World:
    """Everybody and everything, before anything was tried."""
    made = await make_world(api)
    for part in PARTS:
        await part.furnish(made)
    return made
