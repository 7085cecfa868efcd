"""Failed logins, and resets asked for, counted in the database so that every server agrees: by account and by address.

An attempt counts as failed from the moment it is let through, and is forgiven when its password proves good. Were it
counted only after the password was looked at, which takes its time, a burst of guesses would all be let through.
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
"""What is tried; each is counted for itself."""


def subjects_of(email: str, address: str, act: str = LOGIN) -> dict[str, int]:
    """What an act counts against, and how many failures each bears."""
    account = f"{act}account:{email.lower()[:320]}"
    return {account: MAX_PER_ACCOUNT, f"{act}address:{to_client_network(address)}": MAX_PER_ADDRESS}


def to_client_network(address: str) -> str:
    """Whom an address stands for: with IPv6 one client commonly has a whole /64 (RFC 6177)."""
    try:
        known = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or IPv6Network((int(known), 64), strict=False))
    return str(known)


async def register_attempt(
    connection: WriteConnection, email: str, address: str, at: datetime, *, purpose: str = LOGIN
) -> None:
    """Let something be tried, counted as failed until it is forgiven. TooManyAttempts, whatever the password is."""
    allowed = subjects_of(email, address, purpose)
    params = {"subjects": list(allowed), "since": at - WINDOW, "at": at}
    await connection.run(Q.lock_subjects, params)
    for row in await connection.dicts(Q.count_failures, params):
        oldest = row["oldest"]
        if int(str(row["failures"])) >= allowed[str(row["subject"])] and isinstance(oldest, datetime):
            wait = int((oldest + WINDOW - at).total_seconds()) + 1
            raise TooManyAttempts("too many attempts; wait before the next", retry_after=max(wait, 1))
    await connection.run(Q.add_failure, params)


async def clear_attempts(connection: WriteConnection, email: str, address: str, at: datetime) -> None:
    """A good login clears its account, and takes back what it counted against its address when it was claimed."""
    account, client = subjects_of(email, address)
    await connection.run(Q.forget_failures, {"subject": account, "since": at - WINDOW})
    await connection.run(Q.forget_one_failure, {"subject": client, "at": at})


async def cancel_attempt(connection: WriteConnection, email: str, address: str, at: datetime) -> None:
    """An attempt that neither failed nor succeeded counts for nothing; those before it stay."""
    for subject in subjects_of(email, address):
        await connection.run(Q.forget_one_failure, {"subject": subject, "at": at})
