"""Reading an answer's headers. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

RawHeaders = Iterable[tuple[bytes, bytes]]

LONGEST_CLOSING = timedelta(days=1)
"""The longest Retry-After that is obeyed, so that a slip of a source does not close it for ever."""


def join_headers(raw: RawHeaders) -> dict[str, str]:
    """Headers by lower-case name, repeated ones joined (RFC 9110 section 5.3), but for Set-Cookie, which cannot be."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name != "set-cookie":
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def parse_cookies(raw: RawHeaders, now: datetime) -> dict[str, str]:
    """Cookies by name (RFC 6265 section 5.2); one that is taken back has an empty value."""
    cookies: dict[str, str] = {}
    for raw_name, raw_value in raw:
        if raw_name.lower() != b"set-cookie":
            continue
        pair, *rest = raw_value.decode("latin-1").split(";")
        name, equals, value = pair.partition("=")
        if equals and name.strip():
            attributes = {
                word.strip().lower(): said.strip() for word, _, said in (part.partition("=") for part in rest)
            }
            cookies[name.strip()] = "" if _is_over(attributes, now) else value.strip()
    return cookies


def parse_retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long to stay away (RFC 9110 section 10.2.3): seconds, or a date, measured from the source's own Date."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return timedelta(seconds=min(int(said[:9]), LONGEST_CLOSING.total_seconds()))
    until = _parse_date(said)
    if until is None:
        return None
    wait = until - (_parse_date(headers.get("date", "")) or now)
    return min(max(wait, timedelta(0)), LONGEST_CLOSING)


def _is_over(attributes: Mapping[str, str], now: datetime) -> bool:
    age = attributes.get("max-age")  # goes before Expires (RFC 6265 section 5.3)
    if age is not None and age.removeprefix("-").isdigit():
        return age.startswith("-") or not age.strip("0")
    expires = _parse_date(attributes.get("expires", ""))
    return expires is not None and expires <= now


def _parse_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
