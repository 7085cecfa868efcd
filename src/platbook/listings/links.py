"""Addresses of videos, documents and tours: to whom a document shows them. Pure."""

import re
from urllib.parse import parse_qsl, urlsplit

from platbook.listings.listing import Photo

_SIGNED = re.compile(r"sign|token|expir|auth|hmac|policy|secret|password|session|credential|jwt|key", re.IGNORECASE)
_SHORT_NAMES = frozenset({"sig", "sv", "se", "sp", "st", "exp", "hash", "hdnts", "hdnea", "verify"})
"""Parameters of signed addresses whose names say nothing, as those of shared access signatures."""

_BRANDED = "Branded Virtual Tour"

NON_IMAGE_CATEGORIES = frozenset({"Video", "Document", _BRANDED, "Unbranded Virtual Tour"})
"""Values of RESO's MediaCategory that are linked to and never downloaded."""


def to_internal_link(photo: Photo) -> str | None:
    """The address for staff; None for what is no http or https address."""
    url = photo.source_address
    return url if url and url.startswith(("https://", "http://")) else None


def to_public_link(photo: Photo, *, shows_address: bool) -> str | None:
    """The address for the public, whose permission was decided before.

    Never one that is signed or holds a login, since it is not for whoever reads it; never a branded tour, which only
    the listing's own broker shows; and none where the address of the listing is hidden, since a tour or a video shows
    where it is, as `VirtualTourURLUnbranded` does.
    """
    url = to_internal_link(photo)
    is_hidden = photo.category == _BRANDED or not shows_address
    return None if url is None or is_hidden or is_signed(url) else url


def is_signed(url: str) -> bool:
    """Whether an address looks as if it were signed, or held a login; what cannot be read does."""
    try:
        parts = urlsplit(url)
        names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        return True
    return "@" in parts.netloc or any(name.lower() in _SHORT_NAMES or _SIGNED.search(name) for name in names)
