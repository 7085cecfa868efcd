"""What moves by itself, without a change of the listing: counters of days and of views, and signatures in addresses."""

import re
from typing import Final

from platbook.base.folding import fold_label
from platbook.reso.synonyms import find_synonym

VOLATILE_FIELDS: Final = frozenset(
    {"CumulativeDaysOnMarket", "DaysInMls", "DaysOnMarket", "DaysOnSite", "SimpleDaysOnMarket"}
)
"""RESO fields that count on every day."""

_VIEW_COUNTS: Final = frozenset(
    {
        *("viewcount", "viewscount", "viewstotal", "totalviews", "numberofviews", "numviews", "timesviewed"),
        *("pageviews", "listingviews", "listingviewcount", "internetviews", "webviews", "virtualtourviews"),
        *("hits", "hitcount", "numberofhits", "totalhits", "webhits", "clicks", "clickcount", "totalclicks"),
    }
)
_SIGNED: Final = (b"ignature=", b"sig=", b"hmac=")
_ADDRESS: Final = re.compile(rb'https?://[^"\s\\]*')
_SIGNING_PARAMETER: Final = re.compile(
    rb"(?<=[?&])(?:x-(?:amz|goog)-[a-z-]+|signature|sig|hmac|expires?|exp|policy|key-pair-id|awsaccesskeyid|"
    rb"googleaccessid|token|sv|sp|st|se|sr|ss|srt|spr|sip)=[^&#]*&?",
    re.IGNORECASE,
)


def is_volatile(name: str) -> bool:
    """Whether a source's field of this name, or with this standard name, moves by itself."""
    field = find_synonym(name)
    return fold_label(name) in _VIEW_COUNTS if field is None else field.name in VOLATILE_FIELDS


def strip_signatures(text: bytes) -> bytes:
    """A text without what changes with each signing of the addresses in it: signature, expiry, key and policy."""
    if not any(mark in text for mark in _SIGNED):
        return text
    return _ADDRESS.sub(lambda found: _strip(found[0]), text)


def _strip(address: bytes) -> bytes:
    is_signed = any(mark in address for mark in _SIGNED)
    return _SIGNING_PARAMETER.sub(b"", address) if is_signed else address
