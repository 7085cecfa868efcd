"""What a file had in each field of a row, as digests: enough to see at the next import what changed since. Pure.

A digest is 12 bytes: 4 of the field's name and 8 of the value; a list has one for each element, in order, and an empty
field one of zeros. They are stored (`crm_external_ids.field_digests`), so what they are made of must not change.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache

Value = str | tuple[str, ...] | None
"""A field as text, or as a list of texts; None: it is empty."""

Digests = Mapping[bytes, tuple[bytes, ...]]
"""By the name's digest those of its values; an empty field has none."""

_NAME, _VALUE = 4, 8
_EMPTY = bytes(_VALUE)


@lru_cache(maxsize=10_000)
def name_digest(name: str) -> bytes:
    """The digest of a field's name."""
    return hashlib.blake2b(name.encode(), digest_size=_NAME).digest()


def value_digest(text: str) -> bytes:
    """The digest of one text; not that of an empty field."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_VALUE).digest()


def value_digests(value: Value) -> tuple[bytes, ...]:
    """The digests of a field's value."""
    if value is None:
        return ()
    return tuple(map(value_digest, (value,) if isinstance(value, str) else value))


def to_digests(values: Mapping[str, Value]) -> dict[bytes, tuple[bytes, ...]]:
    """The digests of a row's fields."""
    return {name_digest(name): value_digests(value) for name, value in values.items()}


def pack(digests: Digests) -> bytes:
    """Digests as they are stored."""
    return b"".join(name + one for name, values in digests.items() for one in values or (_EMPTY,))


def unpack(data: bytes) -> dict[bytes, tuple[bytes, ...]]:
    """Stored digests."""
    digests: dict[bytes, tuple[bytes, ...]] = {}
    for start in range(0, len(data), _NAME + _VALUE):
        name, value = data[start : start + _NAME], data[start + _NAME : start + _NAME + _VALUE]
        digests[name] = (*digests.get(name, ()), *(() if value == _EMPTY else (value,)))
    return digests
