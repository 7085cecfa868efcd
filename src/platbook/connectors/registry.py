"""Finds connectors by their `providerType` through the entry-point group `platbook.connectors`."""

from functools import cache
from importlib.metadata import entry_points
from typing import cast

from platbook.connectors.contract import Connector, ProviderMisconfigured

_GROUP = "platbook.connectors"


def connector_names() -> list[str]:
    """The provider types this installation can talk to."""
    return sorted(entry_points(group=_GROUP).names)


@cache
def find_connector(name: str) -> Connector:
    """The connector of a provider type; ProviderMisconfigured if there is none of this contract."""
    for entry in entry_points(group=_GROUP, name=name):
        connector = cast("Connector", entry.load()())
        if not hasattr(connector, "profile"):  # contract 1 had `capabilities`
            raise ProviderMisconfigured(f"the connector {name} has no profile: it is of an older contract; update it")
        return connector
    installed = ", ".join(connector_names())
    raise ProviderMisconfigured(f"no connector is called {name}; installed are {installed}")
