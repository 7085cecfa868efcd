"""Chooses the content coding of a response by the request's Accept-Encoding (RFC 9110 section 12.5.3). Pure."""

import re
from collections.abc import Iterable, Sequence

GZIP, ZSTD = "gzip", "zstd"

_ALIASES = {"x-gzip": GZIP}
_IDENTITY, _ANY = "identity", "*"
_WEIGHT = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII | re.IGNORECASE)


def choose_coding(headers: Iterable[tuple[bytes, bytes]], offered: Sequence[str]) -> str | None:
    """The offered coding that a request's headers weigh most, the first of equals; None: as it is (identity).

    A coding is used only where the client names it, or `*`; one whose weight cannot be read is not accepted.
    """
    accepted = b",".join(value for name, value in headers if name == b"accept-encoding")
    weights = dict(_read(part) for part in accepted.decode("latin-1").split(",") if part.strip())
    others = weights.get(_ANY, 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, others))
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get(_IDENTITY, others) else None


def _read(part: str) -> tuple[str, float]:
    """A coding and its weight."""
    name, *parameters = (one.strip() for one in part.split(";"))
    coding = name.lower()
    weight = 1.0
    if parameters:
        match = _WEIGHT.fullmatch(parameters[0])
        weight = float(match[1]) if match and len(parameters) == 1 else 0.0
    return _ALIASES.get(coding, coding), weight
