"""Advancing in time rebuilds only what changed, with the same result as a full rebuild."""

from datetime import timedelta

import pytest

from platbook.simulate.rets.inventory import Inventory
from platbook.simulate.rets.source import STARTED


@pytest.mark.parametrize("steps", [(1,), (0.01, 3, 30), (100, 200, 5)])
def test_advancing_in_steps_equals_a_rebuild(steps: tuple[float, ...]) -> None:
    inventory = Inventory(5, 80, STARTED)
    for days in steps:
        time = STARTED + timedelta(days=days)
        assert inventory.snapshot_at(time) == Inventory(5, 80, STARTED).snapshot_at(time)


def test_agents_and_offices_match_the_listings() -> None:
    snapshot = Inventory(5, 80, STARTED).snapshot_at(STARTED)
    agents = {row.key: row for row in snapshot.by_class["Agent"]}
    for listing in Inventory(5, 80, STARTED).market.listings(STARTED):
        agent = agents[str(listing.record["ListAgentKey"])]
        assert listing.record["ListAgentFullName"] in agent.values
        assert listing.record["ListOfficeKey"] in agent.values
