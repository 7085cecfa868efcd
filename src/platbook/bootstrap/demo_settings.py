"""The settings of the demo: a database of its own below the home, on loopback alone."""

from pathlib import Path

from platbook.base.settings import Settings

HOST = "127.0.0.1"

_FOLDER = "demo"


def to_demo_settings(settings: Settings) -> Settings:
    """The same settings, over a database below the home that nothing else uses, on loopback alone."""
    return settings.model_copy(
        update={
            "platbook_home": Path(settings.platbook_home) / _FOLDER,
            "database_url": None,
            "read_database_url": None,
            "platbook_secret_key": None,
            "platbook_host": HOST,
            "oidc_issuer": None,
        }
    )
