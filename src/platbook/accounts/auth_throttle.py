"""Login throttling: failed logins and password reset requests by account and client together, then by each alone.

Whoever guesses at an account from one network waits longer each time, and nobody else does. Guesses from many networks
at one account, or from one network at many accounts, have far higher limits and short pauses; a network from which the
user has logged in lately has none of these, so that neither a botnet nor a neighbour behind the same NAT shuts a user
out. A pause ends by itself; `clear_account` ends it at once.

Attempts are counted in the database, so that all servers share the limits. An attempt counts as failed as soon as it
is admitted, and is deleted if the password is right: hashing takes time on purpose, and if attempts were counted only
after it, a burst of concurrent guesses would pass the limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from uuid import UUID

from platbook.base.errors import TooManyAttempts
from platbook.db import WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")

_SECOND, _MINUTE, _HOUR, _DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_KNOWN_FOR = timedelta(days=90)
_REFUSAL_AUDITED_EVERY = timedelta(minutes=5)
_MAX_DOUBLINGS = 20

LOGIN = ""
RESET = "reset of "
"""What is attempted; each is counted separately."""


@dataclass(frozen=True, slots=True)
class AttemptLimit:
    """So many failures within `window` are free; after each one more the pause is doubled, up to the longest."""

    free: int
    first_pause: timedelta
    longest_pause: timedelta
    window: timedelta

    def next_attempt_at(self, failures: int, latest: datetime) -> datetime | None:
        """When the next attempt is admitted, after so many failures; None: at once."""
        if failures < self.free:
            return None
        return latest + min(self.first_pause * 2 ** min(failures - self.free, _MAX_DOUBLINGS), self.longest_pause)


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """The limits of one purpose: of an account and a client together (`pair`), and of each alone."""

    pair: AttemptLimit
    account: AttemptLimit
    client: AttemptLimit


LIMITS: Mapping[str, AttemptLimits] = {
    LOGIN: AttemptLimits(
        AttemptLimit(8, 30 * _SECOND, _HOUR, _DAY),
        AttemptLimit(100, _SECOND, 5 * _MINUTE, _DAY),
        AttemptLimit(300, _SECOND, 30 * _SECOND, 15 * _MINUTE),
    ),
    RESET: AttemptLimits(  # each sends a mail
        AttemptLimit(8, _MINUTE, _HOUR, _DAY),
        AttemptLimit(20, _MINUTE, _HOUR, _DAY),
        AttemptLimit(300, _SECOND, 30 * _SECOND, 15 * _MINUTE),
    ),
}


@dataclass(frozen=True, slots=True)
class _Failures:
    subject: str
    failures: int
    latest: datetime


def subjects_of(email: str, address: str, purpose: str = LOGIN) -> dict[str, AttemptLimit]:
    """Return the stored subjects that an attempt counts against, with the limit of each: pair, account, client."""
    limits, account, network = LIMITS[purpose], _account(email, purpose), to_client_network(address)
    return {
        f"{account} from {network}": limits.pair,
        account: limits.account,
        f"{purpose}address:{network}": limits.client,
    }


def to_client_network(address: str) -> str:
    """Return the network of one client: an IPv4 address, or an IPv6 /64, which one client commonly has (RFC 6177)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or IPv6Network((int(ip), 64), strict=False))
    return str(ip)


async def register_attempt(
    connection: WriteConnection, email: str, address: str, at: datetime, *, purpose: str = LOGIN
) -> None:
    """Count an attempt as failed, or raise TooManyAttempts if it comes before the pause has ended."""
    limits = subjects_of(email, address, purpose)
    params = {"subjects": list(limits), "at": at, "since": [at - limit.window for limit in limits.values()]}
    await connection.run(Q.lock_subjects, params)
    counted = await connection.all(_Failures, Q.count_failures, params)
    # A request for a reset is admitted without a look at the users, so that its time tells nobody who they are.
    if purpose == LOGIN and await _is_known(connection, email, address, at):
        counted = [one for one in counted if limits[one.subject] is LIMITS[purpose].pair]
    pauses = [limits[one.subject].next_attempt_at(one.failures, one.latest) for one in counted]
    admitted_at = max((pause for pause in pauses if pause is not None), default=at)
    if admitted_at > at:
        wait = ceil((admitted_at - at).total_seconds())
        raise TooManyAttempts(f"too many attempts; try again in {wait} seconds", retry_after=wait)
    await connection.run(Q.add_failure, params)


async def should_audit_refusal(connection: WriteConnection, email: str, address: str, at: datetime) -> bool:
    """Whether a refused attempt is to be audited: of one account and client, once every five minutes."""
    pair = next(iter(subjects_of(email, address)))
    params = {"subject": f"refused {pair}", "at": at, "since": at - _REFUSAL_AUDITED_EVERY}
    return await connection.run(Q.add_refusal, params) > 0


async def record_success(connection: WriteConnection, user_id: UUID, email: str, address: str, at: datetime) -> None:
    """After a successful login, clear what this client failed at this account, and know the client's network."""
    pair, account, client = subjects_of(email, address)
    await connection.run(Q.delete_failures, {"subject": pair, "since": at - _DAY})
    for subject in (account, client):
        await connection.run(Q.delete_one_failure, {"subject": subject, "at": at})
    network = {"user_id": user_id, "network": to_client_network(address), "at": at, "since": at - _KNOWN_FOR}
    await connection.run(Q.delete_old_login_networks, network)
    await connection.run(Q.add_login_network, network)


async def cancel_attempt(connection: WriteConnection, email: str, address: str, at: datetime) -> None:
    """Delete one attempt that neither failed nor succeeded; earlier failures stay."""
    for subject in subjects_of(email, address):
        await connection.run(Q.delete_one_failure, {"subject": subject, "at": at})


async def clear_account(connection: WriteConnection, email: str) -> None:
    """End all pauses of an account, from whatever network: its user has proved who they are, or an admin acts."""
    for purpose in LIMITS:
        await connection.run(Q.delete_failures_of_account, {"account": _account(email, purpose)})


async def _is_known(connection: WriteConnection, email: str, address: str, at: datetime) -> bool:
    params = {"email": email.lower(), "network": to_client_network(address), "since": at - _KNOWN_FOR}
    return bool(await connection.value(bool, Q.has_login_network, params))


def _account(email: str, purpose: str) -> str:
    return f"{purpose}account:{email.lower()[:320]}"
