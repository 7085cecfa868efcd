"""Failed logins, counted in the database so that every server agrees: by account and by address."""

from datetime import datetime, timedelta

from platbook.base.errors import TooManyAttempts
from platbook.db import ReadConnection, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 8
PER_ADDRESS = 50


def subjects_of(email: str, address: str) -> dict[str, int]:
    """What a login counts against, and how many failures each bears."""
    return {f"account:{email.lower()[:320]}": PER_ACCOUNT, f"address:{address}": PER_ADDRESS}


async def check_attempts(connection: ReadConnection, email: str, address: str, at: datetime) -> None:
    """TooManyAttempts where an account or address has failed too often lately, whatever the password is now."""
    allowed = subjects_of(email, address)
    params = {"subjects": list(allowed), "since": at - WINDOW}
    for row in await connection.dicts(Q.count_failures, params):
        oldest = row["oldest"]
        if int(str(row["failures"])) >= allowed[str(row["subject"])] and isinstance(oldest, datetime):
            wait = int((oldest + WINDOW - at).total_seconds()) + 1
            raise TooManyAttempts("too many failed logins; wait before the next", retry_after=max(wait, 1))


async def note_failure(connection: WriteConnection, email: str, address: str, at: datetime) -> None:
    """Count a failed login."""
    await connection.run(Q.add_failure, {"subjects": list(subjects_of(email, address)), "at": at})


async def forget_failures(connection: WriteConnection, email: str, at: datetime) -> None:
    """A good login clears its account."""
    account = next(iter(subjects_of(email, "")))
    await connection.run(Q.forget_failures, {"subject": account, "since": at - WINDOW})
