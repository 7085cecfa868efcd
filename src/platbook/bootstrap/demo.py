"""The demo: a database of its own, an MLS that does not exist, and an administrator everybody knows.

The MLS is a simulated RETS server in this process, and its provider an ordinary one: what the demo shows is the true
path, over HTTP.
"""

import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from platbook.accounts import add_demo_admin
from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import Conflict, NotFound
from platbook.bootstrap.system import System
from platbook.providers.configuration import Configuration
from platbook.providers.providers import Provider, get_provider
from platbook.simulate.rets.application import SimulatorSettings, bind_loopback, create_server, run_server
from platbook.simulate.rets.fields import RESOURCES
from platbook.sync.setup.providers import add_provider, read_configuration, replace_provider
from platbook.sync.setup.purge import purge_provider

PROVIDER_ID = "sample_rets_provider"

_TYPE = "RETS"
_SPEED = 360
"""A day of the market in four minutes: something happens about every two."""
_INTERVAL_HOURS = 0.25
_TOO_FAR_AHEAD = timedelta(days=90)


@asynccontextmanager
async def serve_demo(system: System, listings: int) -> AsyncGenerator[str]:
    """Serve the sample MLS on a free port of loopback, with its provider and the administrator; the login's address.

    May be done again: the market goes on where it is. One that has run far ahead of the calendar is erased and begins
    anew, and so is one of an earlier release, which was no RETS server.
    """
    now = system.clock.now()
    known = await _find_sample(system)
    if known is not None and (known.provider_type != _TYPE or _ahead(known, now) > _TOO_FAR_AHEAD):
        with contextlib.suppress(Conflict):  # a run that was killed comes first; the next demo begins anew
            await purge_provider(system.database, PROVIDER_ID, COMMAND_LINE, now)
            known = None
    started = (now if known is None else known.created_at).replace(microsecond=0)
    market = SimulatorSettings(listings=listings, started=started, at=started + (now - started) * _SPEED, speed=_SPEED)
    with contextlib.closing(bind_loopback(0)) as bound:
        async with run_server(create_server(market, system.clock), bound) as login_url:
            await _set_up(system, known, _configuration(login_url, market), now)
            yield login_url


async def _set_up(system: System, known: Provider | None, wanted: Configuration, now: datetime) -> None:
    async with system.database.transaction() as connection:
        await add_demo_admin(connection, now)
        if known is None:
            await add_provider(connection, system.box, wanted, COMMAND_LINE, now)
        else:
            await replace_provider(connection, system.box, wanted, COMMAND_LINE, now)


async def _find_sample(system: System) -> Provider | None:
    async with system.database.read() as connection:
        try:
            return await get_provider(connection, PROVIDER_ID)
        except NotFound:
            return None


def _ahead(known: Provider, now: datetime) -> timedelta:
    return (now - known.created_at) * (_SPEED - 1)


def _configuration(login_url: str, market: SimulatorSettings) -> Configuration:
    return read_configuration(
        {
            "providerId": PROVIDER_ID,
            "providerName": "Sample MLS",
            "providerType": _TYPE,
            "loginUrl": login_url,
            "credentials": {"username": market.user, "password": market.password},
            # Sessions beside a run's own, so that photos come while the market is watched.
            "settings": {"classes": [one.name for one in RESOURCES[0].classes], "sessions": 4},
            "intervalHours": _INTERVAL_HOURS,
            # The market is replaced whole every few hours of its own; no sweep of it is ever a mistake.
            "maxRemovalShare": 1,
            "display": {
                "listingDisplayWhenNull": True,
                "addressDisplayWhenNull": True,
                "photoDisplayWhenNull": True,
                "mls": "Sample MLS",
                "copyright": "Invented by Platbook",
                "disclaimer": "These listings, people and offices do not exist.",
            },
        }
    )
