"""Connection strings set by an operator: validated before use, and never shown, since they contain a password."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from itertools import zip_longest
from urllib.parse import quote

from psycopg import Error, OperationalError
from psycopg.conninfo import conninfo_to_dict, timeout_from_conninfo
from psycopg.errors import InsufficientPrivilege

from platbook.base.errors import InvalidInput, NeedsOperator

EXPECTED = "postgresql://user:password@host:5432/database"

_URI = ("postgresql://", "postgres://")
_SECRETS = ("password", "sslpassword")
_LARGEST_PORT = 65535
_DEFAULT_PORT = "5432"
_PROBLEMS = (
    ('missing "="', "is neither a URL of PostgreSQL nor a list of keyword=value"),
    ("missing key/value separator", "has a parameter without a value (a ? in a password is written %3F)"),
    ("extra key/value separator", "has a parameter with two values (an = in one is written %3D)"),
    ("invalid URI query parameter", "has a parameter that PostgreSQL does not know"),
    ("invalid connection option", "has a parameter that PostgreSQL does not know"),
    ("invalid percent-encoded", "has a percent sign that begins no percent-encoding (the sign itself is written %25)"),
    ("end of string", "has a square bracket that is not closed (one in a password is written %5B)"),
    ("unexpected spaces", "has a space (it is written %20)"),
    ("unterminated", "has a quote that is not closed"),
)
"""How libpq's messages begin, which quote the value itself later, and what is shown instead."""


def parse_conninfo(setting: str, text: str) -> str:
    """A connection string that libpq can read, as URL or keyword=value. Errors: InvalidInput, without the value."""
    conninfo = text.strip()
    if not conninfo:
        raise _refuse(setting, "is blank")
    try:
        parameters = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
        timeout_from_conninfo(dict(parameters))
    except (Error, ValueError) as error:
        raise _refuse(setting, _find_problem(str(error))) from None
    if not all(map(_is_port, parameters.get("port", "").split(","))):
        raise _refuse(setting, f"has a port that is not a number from 1 to {_LARGEST_PORT}")
    # An unescaped @ or / in a password ends it early: its rest would be taken, and shown, as the host or the database.
    if "@" in parameters.get("host", "") or (conninfo.startswith(_URI) and "@" in parameters.get("dbname", "")):
        raise _refuse(setting, "has an @ or a / in its user or password (they are written %40 and %2F)")
    return conninfo


@contextmanager
def explaining_outages(conninfo: str) -> Generator[None]:
    """Turn a database that cannot be reached or refuses into NeedsOperator, which names host, port and the reason."""
    try:
        yield
    except (OperationalError, InsufficientPrivilege) as error:
        raise NeedsOperator(explain_outage(conninfo, str(error))) from None


def explain_outage(conninfo: str, reason: str) -> str:
    """Explain that a database does not answer: host, port and reason, never the password, whatever the driver says."""
    parameters = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    # The last line that is not one of libpq's hints, which are indented: the reason of the last address tried.
    lines = [line for line in reason.strip().splitlines() if not line[:1].isspace()]
    line = lines[-1] if lines else "no reason was given"
    for secret in filter(None, map(parameters.get, _SECRETS)):
        for form in {secret, quote(secret, safe="")}:
            line = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", "(hidden)", line)
    return f"the database at {_to_location(parameters)} does not answer: {line}"


def _to_location(parameters: dict[str, str]) -> str:
    hosts = (parameters.get("host") or parameters.get("hostaddr") or "localhost").split(",")
    ports = parameters.get("port", _DEFAULT_PORT).split(",")
    pairs = zip_longest(hosts, ports, fillvalue=ports[-1])
    return ", ".join(f"{host} port {port or _DEFAULT_PORT}" for host, port in pairs)


def _is_port(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and 0 < int(text) <= _LARGEST_PORT)


def _find_problem(message: str) -> str:
    return next((problem for start, problem in _PROBLEMS if message.startswith(start)), "cannot be read")


def _refuse(setting: str, problem: str) -> InvalidInput:
    return InvalidInput.of(setting, f"{problem}; expected: {EXPECTED}")
