"""The demo: a database of its own, a simulated MLS, and an administrator with a well-known password.

The MLS is a RETS server in this process, and its provider an ordinary one, so the demo runs the real path, over HTTP.
"""

import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from platbook.accounts import add_demo_admin
from platbook.accounts.demo_user import renew_demo_key
from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import Conflict, NotFound
from platbook.bootstrap.home_lock import sole_server
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
"""How many times faster than the clock the market runs: a day in four minutes, with an event about every two."""
_INTERVAL_HOURS = 0.25
_HISTORY = timedelta(days=180)
"""How long before the demo was first started its market begins: at that speed it catches up in half a day."""


@asynccontextmanager
async def serve_demo(system: System, listings: int) -> AsyncGenerator[str]:
    """Serve the sample MLS on a free loopback port, with its provider and the administrator; yields the login URL.

    Can be repeated: the market continues from where it was, and never gets ahead of the calendar. One that has
    caught up with it is erased and started again, as is one of an earlier release, which was no RETS server.
    NeedsOperator: a demo runs in this home already.
    """
    with sole_server(system.settings.platbook_home):
        async with _serve_market(system, listings) as login_url:
            yield login_url


@asynccontextmanager
async def _serve_market(system: System, listings: int) -> AsyncGenerator[str]:
    now = system.clock.now()
    provider = await _find_provider(system)
    if provider is not None and (provider.provider_type != _TYPE or has_caught_up(provider.created_at, now)):
        with contextlib.suppress(Conflict):  # an interrupted run is resumed first; the next demo starts again
            await purge_provider(system.database, PROVIDER_ID, COMMAND_LINE, now)
            provider = None
    market = to_market(listings, now if provider is None else provider.created_at, now)
    with contextlib.closing(bind_loopback(0)) as bound:
        async with run_server(create_server(market, system.clock), bound) as login_url:
            await _set_up(system, provider, _configuration(login_url, market), now)
            yield login_url


async def _set_up(system: System, provider: Provider | None, configuration: Configuration, now: datetime) -> None:
    async with system.database.transaction() as connection:
        await add_demo_admin(connection, now)
        if provider is None:
            await add_provider(connection, system.box, configuration, COMMAND_LINE, now)
        else:
            await replace_provider(connection, system.box, configuration, COMMAND_LINE, now)


async def create_demo_key(system: System) -> str:
    """Create an API key of the administrator for whoever reads the documentation; the ones before it are revoked."""
    async with system.database.transaction() as connection:
        return await renew_demo_key(connection, system.clock.now())


async def _find_provider(system: System) -> Provider | None:
    async with system.database.read() as connection:
        try:
            return await get_provider(connection, PROVIDER_ID)
        except NotFound:
            return None


def to_market(listings: int, first_started: datetime, now: datetime) -> SimulatorSettings:
    """The demo's market as it is now, behind the calendar."""
    started = (first_started - _HISTORY).replace(microsecond=0)
    at = min(started + (now - first_started) * _SPEED, now)
    return SimulatorSettings(listings=listings, started=started, at=at, speed=_SPEED, never_ahead=True)


def has_caught_up(first_started: datetime, now: datetime) -> bool:
    """Whether the market has reached the calendar, and so moves no faster than that."""
    return (now - first_started) * (_SPEED - 1) >= _HISTORY


def _configuration(login_url: str, market: SimulatorSettings) -> Configuration:
    return read_configuration(
        {
            "providerId": PROVIDER_ID,
            "providerName": "Sample MLS",
            "providerType": _TYPE,
            "loginUrl": login_url,
            "credentials": {"username": market.user, "password": market.password},
            # More sessions than a run needs, so that photos are fetched during runs.
            "settings": {"classes": [resource_class.name for resource_class in RESOURCES[0].classes], "sessions": 4},
            "intervalHours": _INTERVAL_HOURS,
            # The market replaces all its listings every few hours of its own time; a sweep never removes too many.
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
