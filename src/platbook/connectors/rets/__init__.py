"""The RETS connector."""

from platbook.connectors.rets.connector import RetsConnector

__all__ = ["RetsConnector"]
