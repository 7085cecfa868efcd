"""Login throttling: failed logins and password reset requests per account and per client, in a sliding window.

Attempts are counted in the database, so that all servers share the limits. An attempt counts as failed as soon as it
is admitted, and is deleted if the password is right: hashing takes time on purpose, and if attempts were counted only
after it, a burst of concurrent guesses would pass the limit.
"""

from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from platbook.base.errors import TooManyAttempts
from platbook.db import WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")

WINDOW = timedelta(minutes=15)
MAX_PER_ACCOUNT = 8
MAX_PER_ADDRESS = 50


LOGIN = ""
RESET = "reset of "
"""What is attempted; each is counted separately."""


def subjects_of(email: str, address: str, purpose: str = LOGIN) -> dict[str, int]:
    """Return the stored subjects that an attempt counts against, with the limit of each."""
    account = f"{purpose}account:{email.lower()[:320]}"
    return {account: MAX_PER_ACCOUNT, f"{purpose}address:{to_client_network(address)}": MAX_PER_ADDRESS}


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
    """Count an attempt as failed, or raise TooManyAttempts if the limit of the account or the client is reached."""
    limits = subjects_of(email, address, purpose)
    params = {"subjects": list(limits), "since": at - WINDOW, "at": at}
    await connection.run(Q.lock_subjects, params)
    for row in await connection.dicts(Q.count_failures, params):
        oldest = row["oldest"]
        if int(str(row["failures"])) >= limits[str(row["subject"])] and isinstance(oldest, datetime):
            wait = int((oldest + WINDOW - at).total_seconds()) + 1
            raise TooManyAttempts(f"too many attempts; try again in {max(wait, 1)} seconds", retry_after=max(wait, 1))
    await connection.run(Q.add_failure, params)


async def clear_attempts(connection: WriteConnection, email: str, address: str, at: datetime) -> None:
    """After a successful login, clear the failures of its account, and the one it counted against its client."""
    account, client = subjects_of(email, address)
    await connection.run(Q.delete_failures, {"subject": account, "since": at - WINDOW})
    await connection.run(Q.delete_one_failure, {"subject": client, "at": at})


async def cancel_attempt(connection: WriteConnection, email: str, address: str, at: datetime) -> None:
    """Delete one attempt that neither failed nor succeeded; earlier failures stay."""
    for subject in subjects_of(email, address):
        await connection.run(Q.delete_one_failure, {"subject": subject, "at": at})
