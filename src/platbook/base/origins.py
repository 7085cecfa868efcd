"""Web origins (RFC 6454): scheme, host and port, as browsers send them in `Origin`. Pure."""

import re
from collections.abc import Iterable

from platbook.base.errors import InvalidInput

ANY = "*"

_ORIGIN = re.compile(r"https?://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def parse_origins(texts: Iterable[str], field: str) -> frozenset[str]:
    """Origins as browsers write them, or `*` for all; InvalidInput names the field."""
    return frozenset(_parse(text.strip().lower().removesuffix("/"), field) for text in texts if text.strip())


def has_origin(origins: frozenset[str], origin: str) -> bool:
    """Whether an origin is among them."""
    return origin in origins or ANY in origins


def _parse(text: str, field: str) -> str:
    if text != ANY and _ORIGIN.fullmatch(text) is None:
        raise InvalidInput.of(field, "must be origins such as https://www.example.com, or *")
    return text.removesuffix(_DEFAULT_PORTS.get(text.partition(":")[0], "/"))
