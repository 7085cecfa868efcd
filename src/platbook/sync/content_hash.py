"""The content hash: whether a source says something else of a record than it did before."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from hashlib import blake2b
from typing import Final, cast

import orjson

from platbook.base.errors import RecordRejected
from platbook.connectors.contract import MediaRef, RawRecord

_SIZE: Final = 16
_NUL: Final = b"\\u0000"


def content_hash(raw: RawRecord, mapping_version: str, volatile_fields: AbstractSet[str] = frozenset()) -> bytes:
    """Hash what a record says, less its volatile fields, together with the mapping's version: 16 bytes.

    Taken before anything is normalised, so that an unchanged record costs no coercion. Of a photo counts what it is
    (key, order, time, words, permission), not its address; only one without a time counts by its address without the
    query, where signatures stand. Raises RecordRejected, naming the field, for what is not JSON or cannot be stored
    as JSON in PostgreSQL (NUL, lone surrogates, numbers beyond 64 bits).
    """
    fields = raw.fields if isinstance(raw.fields, dict) else dict(raw.fields)
    if not volatile_fields.isdisjoint(fields):
        fields = {name: value for name, value in fields.items() if name not in volatile_fields}
    media = None if raw.media is None else [_identity(ref) for ref in raw.media]
    said = [mapping_version, raw.visible, media, fields]
    try:
        canonical = orjson.dumps(said, default=_spell, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:  # orjson's own error is one
        raise RecordRejected(f"this is not storable JSON ({error})", field=_find_unstorable(fields)) from None
    if _NUL in canonical and (at_fault := _find_nul(fields)) is not None:
        raise RecordRejected("the text holds a NUL character", field=at_fault)
    return blake2b(canonical, digest_size=_SIZE).digest()


def _identity(ref: MediaRef) -> list[object]:
    permission = None if ref.permission is None else list(ref.permission)
    known_by: str | None = ref.modified
    if known_by is None:
        content = ref.content
        known_by = (
            content.partition("?")[0] if isinstance(content, str) else blake2b(content, digest_size=_SIZE).hexdigest()
        )
    return [ref.media_key, ref.order, known_by, ref.category, ref.caption, permission]


def _spell(value: object) -> object:
    """Spell what orjson does not know; a connector may hold numbers as Decimal."""
    if isinstance(value, Decimal):
        return f"decimal {value}"
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    raise TypeError(f"a {type(value).__name__}")


def _find_unstorable(fields: Mapping[str, object]) -> str | None:
    for name, value in fields.items():
        try:
            orjson.dumps({name: value}, default=_spell)
        except TypeError:
            return str(name).encode(errors="replace").decode()
    return None


def _find_nul(fields: Mapping[str, object]) -> str | None:
    """Name the field with a NUL in any text of it; the escape in the canonical form may be a text's own backslash."""
    return next((name.replace("\0", "") for name, value in fields.items() if _has_nul(name) or _has_nul(value)), None)


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        inside = cast("Mapping[str, object]", value)
        return any(_has_nul(name) or _has_nul(item) for name, item in inside.items())
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return any(_has_nul(item) for item in cast("Sequence[object]", value))
    return False
