"""Settings of the demo: an embedded database of its own, served on loopback only."""

from pathlib import Path

from platbook.base.settings import Settings

HOST = "127.0.0.1"

_FOLDER = "demo"


def to_demo_settings(settings: Settings) -> Settings:
    """Return the settings with a database in a folder below the home, no OIDC issuer, and the loopback address."""
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
