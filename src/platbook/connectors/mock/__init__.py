"""The MOCK connector: a generated MLS that changes over time and can fail on demand.

Its source is `platbook.market`. It uses no network and keeps no state: a session's answers follow from the settings,
the time and the request alone, so that any number of processes see the same source.
"""

from platbook.connectors.mock.connector import MockConnector
from platbook.connectors.mock.session import MockSession
from platbook.connectors.mock.settings import FaultKind, MockCredentials, MockFault, MockSettings

__all__ = ["FaultKind", "MockConnector", "MockCredentials", "MockFault", "MockSession", "MockSettings"]
