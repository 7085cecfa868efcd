"""Parsing of response headers: joining, Set-Cookie and Retry-After. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from platbook.base.times import parse_http_date

RawHeaders = Iterable[tuple[bytes, bytes]]

MAX_RETRY_AFTER = timedelta(days=1)
"""The longest Retry-After that is obeyed: a mistake of a source does not pause it for ever."""


def join_headers(raw: RawHeaders) -> dict[str, str]:
    """Return headers by lower-case name, without Set-Cookie; repeated ones are joined (RFC 9110 section 5.3)."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name != "set-cookie":
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def parse_cookies(raw: RawHeaders, now: datetime) -> dict[str, str]:
    """Return cookies by name (RFC 6265 section 5.2); a deleted one has an empty value."""
    cookies: dict[str, str] = {}
    for raw_name, raw_value in raw:
        if raw_name.lower() != b"set-cookie":
            continue
        pair, *rest = raw_value.decode("latin-1").split(";")
        name, equals, value = pair.partition("=")
        if equals and name.strip():
            attributes = {
                attribute.strip().lower(): setting.strip()
                for attribute, _, setting in (part.partition("=") for part in rest)
            }
            cookies[name.strip()] = "" if _is_expired(attributes, now) else value.strip()
    return cookies


def parse_retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Parse Retry-After (RFC 9110 section 10.2.3): seconds, or a date relative to the source's own Date header."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), MAX_RETRY_AFTER.total_seconds()))
    until = parse_http_date(text)
    if until is None:
        return None
    wait = until - (parse_http_date(headers.get("date", "")) or now)
    return min(max(wait, timedelta(0)), MAX_RETRY_AFTER)


def _is_expired(attributes: Mapping[str, str], now: datetime) -> bool:
    max_age = attributes.get("max-age")  # takes precedence over Expires (RFC 6265 section 5.3)
    if max_age is not None and max_age.removeprefix("-").isdigit():
        return max_age.startswith("-") or not max_age.strip("0")
    expires = parse_http_date(attributes.get("expires", ""))
    return expires is not None and expires <= now
