"""What PostgreSQL and readers cannot take of a source's record: removed or replaced, everywhere alike, and counted.

NUL and other control characters are removed (line breaks and tabs stay), halves of surrogate pairs replaced; integers
beyond 64 bits are kept as decimals. A record without any of these is recognised by its JSON text, without a walk over
its values.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, cast

from platbook.connectors.contract import MediaRef
from platbook.reso.text import CONTROL_CHARACTERS
from platbook.reso.values import INT64

_C1: Final = re.compile(rb"\xc2[\x80-\x9f]")
_LONGEST_INTEGER: Final = 2**4096

REMOVED: Final = "control characters removed"
REPLACED: Final = "halves of characters replaced"
TOO_LONG: Final = "number too long to store"


@dataclass(slots=True)
class _Repairs:
    """What was done to one value."""

    reasons: set[str] = field(default_factory=set[str])

    def text(self, text: str) -> str:
        if text.isprintable():
            return text
        if (cleaned := CONTROL_CHARACTERS.sub("", text)) != text:
            self.reasons.add(REMOVED)
        try:
            cleaned.encode()
        except UnicodeEncodeError:
            self.reasons.add(REPLACED)
            return cleaned.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return cleaned

    def value(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            inside = cast("Mapping[object, object]", value)
            return {self.text(str(name)): self.value(item) for name, item in inside.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in cast("Sequence[object]", value)]
        if isinstance(value, int) and not -INT64 <= value < INT64:
            if abs(value) < _LONGEST_INTEGER:
                return Decimal(value)
            self.reasons.add(TOO_LONG)
            return None
        return value


def may_need_repair(encoded: bytes) -> bool:
    """Whether a record's JSON text may hold control characters; a backslash of the source's own may look like one."""
    if b"\\" in encoded and (b"\\u00" in encoded or b"\\b" in encoded or b"\\f" in encoded):
        return True
    return b"\x7f" in encoded or (b"\xc2" in encoded and _C1.search(encoded) is not None)


def repair_fields(fields: Mapping[str, object]) -> tuple[dict[str, object], list[tuple[str, str]]]:
    """A record's fields as they can be stored, and what was wrong: names of fields with the reason."""
    repaired: dict[str, object] = {}
    faults: list[tuple[str, str]] = []
    for name, value in fields.items():
        repairs = _Repairs()
        storable_name = repairs.text(str(name))
        repaired[storable_name] = repairs.value(value)
        faults += [(storable_name, reason) for reason in sorted(repairs.reasons)]
    return repaired, faults


def repair_value(value: object) -> object:
    """A JSON value as it can be stored."""
    return _Repairs().value(value)


def repair_photo(ref: MediaRef) -> tuple[MediaRef, list[str]]:
    """A photo with texts that can be stored, and what was wrong with them. Its key stays as it is."""
    texts = (ref.category, ref.caption, ref.modified, ref.content, *(ref.permission or ()))
    if all(not isinstance(text, str) or text.isprintable() for text in texts):
        return ref, []
    repairs = _Repairs()
    repaired = replace(
        ref,
        category=repairs.text(ref.category),
        caption=None if ref.caption is None else repairs.text(ref.caption),
        modified=None if ref.modified is None else repairs.text(ref.modified),
        content=repairs.text(ref.content) if isinstance(ref.content, str) else ref.content,
        permission=None if ref.permission is None else [repairs.text(text) for text in ref.permission],
    )
    return repaired, sorted(repairs.reasons)
