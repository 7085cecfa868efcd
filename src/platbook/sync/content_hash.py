"""Hash-based change detection: the content hash shows whether a record differs from the stored version."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from hashlib import blake2b
from typing import Final, cast

import orjson

from platbook.base.errors import RecordRejected
from platbook.connectors.contract import MediaRef, RawRecord
from platbook.mapping.storable import repair_value
from platbook.reso.media_category import is_image
from platbook.reso.volatile import strip_signatures

_SIZE: Final = 16


def content_hash(raw: RawRecord, mapping_version: str, volatile_fields: AbstractSet[str] = frozenset()) -> bytes:
    """Hash a record's content, less its volatile fields, together with the mapping's version: 16 bytes.

    Computed before anything is normalised, so that an unchanged record costs no coercion. A photo counts by its key,
    order, time, texts and permission, not by its URL; only one without a time counts by its URL less the query, which
    may hold a signature. Addresses of videos, documents and tours, and in other fields, count without their signatures.
    RecordRejected names the field that is not JSON.
    """
    fields = raw.fields if isinstance(raw.fields, dict) else dict(raw.fields)
    if not volatile_fields.isdisjoint(fields):
        fields = {name: value for name, value in fields.items() if name not in volatile_fields}
    media = None if raw.media is None else [_identity(ref) for ref in raw.media]
    content = [mapping_version, raw.visible, media, fields]
    try:
        canonical = orjson.dumps(content, default=_encode, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # orjson's own error is one
        canonical = _dump_repaired(content, fields)
    return blake2b(strip_signatures(canonical), digest_size=_SIZE).digest()


def _dump_repaired(content: object, fields: Mapping[str, object]) -> bytes:
    """Encode a record that is not JSON as it is, the way it is stored (`mapping.storable`)."""
    try:
        return orjson.dumps(repair_value(content), default=_encode, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise RecordRejected(f"this is not storable JSON ({error})", field=_find_unstorable(fields)) from None


def _identity(ref: MediaRef) -> list[object]:
    permission = None if ref.permission is None else list(ref.permission)
    version: str | None = ref.modified
    if version is None:
        content = ref.content
        version = (
            content.partition("?")[0] if isinstance(content, str) else blake2b(content, digest_size=_SIZE).hexdigest()
        )
    identity: list[object] = [ref.media_key, ref.order, version, ref.category, ref.caption, permission]
    return identity if is_image(ref.category) or isinstance(ref.content, bytes) else [*identity, ref.content]


def _encode(value: object) -> object:
    """Encode the types that orjson does not know; a connector may pass numbers as Decimal."""
    if isinstance(value, Decimal):
        return f"decimal {value}"
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    raise TypeError(f"a {type(value).__name__}")


def _find_unstorable(fields: Mapping[str, object]) -> str | None:
    for name, value in fields.items():
        try:
            orjson.dumps(repair_value({name: value}), default=_encode)
        except TypeError:
            return str(name).encode(errors="replace").decode()
    return None
