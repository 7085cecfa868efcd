"""Parsing of URLs without re-encoding: the request target is sent byte for byte as it was passed in.

Addresses of photos are encoded before, as browsers do (`encode_url`), since feeds hold what a browser would show.
"""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx2

from platbook.base.errors import InvalidInput

# RFC 3986 section 3, as far as http needs it; a fragment is never sent (RFC 9110 section 7.1).
_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE | re.DOTALL)
_TARGET = re.compile(r"[\x21-\x7e]+")

# WHATWG URL, "basic URL parser" and "percent-encode sets": what surrounds an address, what is dropped inside, and what
# is encoded in a path and in a query.
_AROUND = "".join(map(chr, range(0x21)))
_DROPPED = str.maketrans("", "", "\t\n\r")
_BEFORE_QUERY = re.compile(r"^[^?#]*")
_UNSAFE_IN_PATH = re.compile(rb"[\x00-\x20\"<>^`{}\x7f-\xff]")
_UNSAFE_IN_QUERY = re.compile(rb"[\x00-\x20\"'<>\x7f-\xff]")


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


def encode_url(url: str) -> str:
    """Percent-encode what a URL may not hold, as browsers do; what is encoded already stays as it is.

    Text that is no http or https URL is returned as it is, stripped. Bytes of a header that are not UTF-8 (decoded with
    `surrogateescape`) are encoded as they came.
    """
    cleaned = _clean(url)
    match = _URL.fullmatch(cleaned)
    if match is None:
        return cleaned
    scheme, authority, path, query = match[1], match[2], match[3], match[4] or ""
    return f"{scheme}://{authority}{_encode(path, _UNSAFE_IN_PATH)}{_encode(query, _UNSAFE_IN_QUERY)}"


def encode_redirect(url: str, location: str) -> str:
    """Where a Location header leads from `url`, encoded as browsers do. ValueError: to brackets without an address."""
    return encode_url(urljoin(url, _clean(location)))


def _clean(url: str) -> str:
    stripped = url.strip(_AROUND).translate(_DROPPED)
    return _BEFORE_QUERY.sub(lambda before: before[0].replace("\\", "/"), stripped)


def _encode(text: str, unsafe: re.Pattern[bytes]) -> str:
    raw = text.encode("utf-8", "surrogateescape")
    return unsafe.sub(lambda match: b"%%%02X" % match[0][0], raw).decode("ascii")


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
