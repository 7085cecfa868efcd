"""Going forward in time makes only what changed, and ends where making everything anew does."""

from datetime import timedelta

import pytest

from platbook.simulate.rets.inventory import Stock
from platbook.simulate.rets.source import STARTED


@pytest.mark.parametrize("steps", [(1,), (0.01, 3, 30), (100, 200, 5)])
def test_step_by_step_is_as_at_once(steps: tuple[float, ...]) -> None:
    walking = Stock(5, 80, STARTED)
    for days in steps:
        moment = STARTED + timedelta(days=days)
        assert walking.at(moment) == Stock(5, 80, STARTED).at(moment)


def test_agents_and_offices_are_those_the_listings_name() -> None:
    stand = Stock(5, 80, STARTED).at(STARTED)
    agents = {row.key: row for row in stand.by_class["Agent"]}
    for listing in Stock(5, 80, STARTED).market.listings(STARTED):
        agent = agents[str(listing.record["ListAgentKey"])]
        assert listing.record["ListAgentFullName"] in agent.values
        assert listing.record["ListOfficeKey"] in agent.values
