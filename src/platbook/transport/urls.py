"""Addresses, taken apart without re-encoding anything: the request target is sent byte for byte as it was given."""

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
    """Where a request goes: `origin` (scheme, host, port) and the raw `target`. `name` (host and path) may be shown."""

    url: str
    origin: httpx2.URL
    target: bytes
    name: str


def parse_url(url: str) -> RequestUrl:
    """Take a URL apart. InvalidInput, without its query, if it cannot be sent as it stands."""
    match = _URL.fullmatch(url)
    if match is None:
        raise InvalidInput.of("url", "not an http or https address")
    scheme, authority, path, query = match[1].lower(), match[2], match[3] or "/", match[4] or ""
    if "@" in authority:
        raise InvalidInput.of("url", "an address may not carry a login")
    try:
        origin = httpx2.URL(f"{scheme}://{authority}/")
    except httpx2.InvalidURL:
        raise InvalidInput.of("url", "the address has no usable host") from None
    if not origin.host:
        raise InvalidInput.of("url", "the address has no host")
    target = path + query
    if not _TARGET.fullmatch(target):
        raise InvalidInput.of("url", f"the address at {origin.host} holds characters that must be percent-encoded")
    return RequestUrl(url, origin, target.encode("ascii"), f"{origin.host}{path}")


def find_onward(address: RequestUrl, location: str | None) -> RequestUrl | None:
    """Where a redirect leads, if to the same host; None if elsewhere, to another port, or from https to http."""
    if not location:
        return None
    try:
        onward = parse_url(urljoin(address.url, location))
    except ValueError:  # urljoin: brackets that are no IPv6 address
        return None
    except InvalidInput:
        return None
    upgraded = address.origin.copy_with(scheme="https") if address.origin.port is None else address.origin
    return onward if onward.origin in (address.origin, upgraded) else None
