"""Addresses of videos, documents and tours: to whom a document shows them. Pure."""

import re
from urllib.parse import parse_qsl, urlsplit

from platbook.listings.listing import Photo

_SIGNED = re.compile(r"sign|token|expir|auth|hmac|policy|secret|password|session|credential|jwt|key", re.IGNORECASE)
_SHORT_NAMES = frozenset({"sig", "sv", "se", "sp", "st", "exp", "hash", "hdnts", "hdnea", "verify"})
"""Parameters of signed addresses whose names say nothing, as those of shared access signatures."""
_WEB = ("https://", "http://")
_SCHEME = re.compile(r"\s*[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)


def to_internal_link(photo: Photo) -> str | None:
    """The address for staff; None for what is no http or https address."""
    url = photo.source_address
    return url if url and url.startswith(_WEB) else None


def to_public_link(photo: Photo) -> str | None:
    """The address for the public, which may see what is there: never one that is signed or holds a login."""
    url = to_internal_link(photo)
    return None if url is None or is_signed(url) else url


def to_public_tour(url: str | None) -> str | None:
    """An address of an unbranded tour (`VirtualTourURLUnbranded`) as the public may see it, by the same rule.

    One without a scheme (`tours.example.com/1`) is shown as it came.
    """
    is_other_scheme = url is not None and not url.lower().startswith(_WEB) and _SCHEME.match(url)
    return None if url is None or is_other_scheme or is_signed(url) else url


def is_signed(url: str) -> bool:
    """Whether an address looks as if it were signed, or held a login; what cannot be read does."""
    try:
        parts = urlsplit(url)
        names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        return True
    return "@" in parts.netloc or any(name.lower() in _SHORT_NAMES or _SIGNED.search(name) for name in names)
