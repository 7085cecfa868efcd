"""The demo: a database of its own, a market that does not exist, and an administrator everybody knows."""

import contextlib
from datetime import datetime, timedelta
from pathlib import Path

from platbook.accounts import add_demo_admin
from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import Conflict, NotFound
from platbook.base.settings import Settings
from platbook.bootstrap.system import System
from platbook.providers.configuration import Configuration
from platbook.providers.providers import Provider, get_provider
from platbook.sync.administration import add_provider, purge_provider, read_configuration, replace_provider

PROVIDER_ID = "sample_rets_provider"
HOST = "127.0.0.1"

_FOLDER = "demo"
_SPEED = 360
"""A day of the market in four minutes: something happens about every two."""
_INTERVAL_HOURS = 0.25
_TOO_FAR_AHEAD = timedelta(days=90)


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


async def set_up_demo(system: System, listings: int) -> None:
    """Make the administrator and the sample provider. May be done again: the market goes on where it is.

    A market that has run far ahead of the calendar is erased and begins anew.
    """
    now = system.clock.now()
    known = await _find_sample(system)
    if known is not None and _ahead(known, now) > _TOO_FAR_AHEAD:
        with contextlib.suppress(Conflict):  # a run that was killed comes first; the next demo begins anew
            await purge_provider(system.database, PROVIDER_ID, COMMAND_LINE, now)
            known = None
    async with system.database.transaction() as connection:
        await add_demo_admin(connection, now)
        started = now.replace(microsecond=0) if known is None else _started(known)
        wanted = _configuration(listings, started)
        if known is None:
            await add_provider(connection, system.box, wanted, COMMAND_LINE, now)
        elif known.archived_at is not None or dict(known.settings) != wanted.settings:
            await replace_provider(connection, system.box, wanted, COMMAND_LINE, now)


async def _find_sample(system: System) -> Provider | None:
    async with system.database.read() as connection:
        try:
            return await get_provider(connection, PROVIDER_ID)
        except NotFound:
            return None


def _started(known: Provider) -> datetime:
    return datetime.fromisoformat(str(known.settings["started"]))


def _ahead(known: Provider, now: datetime) -> timedelta:
    return (now - _started(known)) * (_SPEED - 1)


def _configuration(listings: int, started: datetime) -> Configuration:
    return read_configuration(
        {
            "providerId": PROVIDER_ID,
            "providerName": "Sample MLS",
            "providerType": "MOCK",
            "settings": {"seed": 1, "listings": listings, "started": started.isoformat(), "speed": _SPEED},
            "intervalHours": _INTERVAL_HOURS,
            # The market is replaced whole every few hours of its own; no sweep of it is ever a mistake.
            "maxRemovalShare": 1,
            "display": {
                "listingDisplayWhenNull": True,
                "addressDisplayWhenNull": True,
                "mls": "Sample MLS",
                "copyright": "Invented by Platbook",
                "disclaimer": "These listings, people and offices do not exist.",
            },
        }
    )
