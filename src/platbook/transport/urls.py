"""Parsing of URLs without re-encoding: the request target is sent byte for byte as it was passed in."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx2

from platbook.base.errors import InvalidInput

# RFC 3986 section 3, as far as http needs it; a fragment is never sent (RFC 9110 section 7.1).
_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE | re.DOTALL)
_TARGET = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class RequestUrl:
    """A request's `origin` (scheme, host, port) and raw `target`. `name` (host and path) may be shown."""

    url: str
    origin: httpx2.URL
    target: bytes
    name: str


def parse_url(url: str) -> RequestUrl:
    """Parse a URL. InvalidInput, without its query, if it cannot be sent unchanged."""
    match, origin = _split(url)
    path, query = match[3] or "/", match[4] or ""
    target = path + query
    if not _TARGET.fullmatch(target):
        raise InvalidInput.of("url", f"contains characters that must be percent-encoded (host {origin.host})")
    return RequestUrl(url, origin, target.encode("ascii"), f"{origin.host}{path}")


def parse_origin(url: str) -> httpx2.URL:
    """The scheme, host and port that a URL is requested from; InvalidInput if there are none."""
    return _split(url)[1]


def _split(url: str) -> tuple[re.Match[str], httpx2.URL]:
    match = _URL.fullmatch(url)
    if match is None:
        raise InvalidInput.of("url", "must be an http or https URL")
    scheme, authority = match[1].lower(), match[2]
    if "@" in authority:
        raise InvalidInput.of("url", "must not contain a user name or password")
    try:
        origin = httpx2.URL(f"{scheme}://{authority}/")
    except httpx2.InvalidURL:
        raise InvalidInput.of("url", "has an invalid host") from None
    if not origin.host:
        raise InvalidInput.of("url", "has no host")
    return match, origin


def resolve_redirect(request: RequestUrl, location: str | None) -> RequestUrl | None:
    """Resolve a redirect within the host; None if it leads to another host or port, or from https to http."""
    if not location:
        return None
    try:
        target = parse_url(urljoin(request.url, location))
    except ValueError:  # urljoin: brackets without a valid IPv6 address
        return None
    except InvalidInput:
        return None
    upgraded = request.origin.copy_with(scheme="https") if request.origin.port is None else request.origin
    return target if target.origin in (request.origin, upgraded) else None
