"""GetObject replies (RETS 1.7.2, section 5; headers of 1.8): one object or many, bytes or addresses, errors between.

A reply is one object, a multipart of them, or a RETS reply that says why there is none. An object that could not be
had may stand among good ones, as XML, as plain text or as HTML in its place, or with `RETS-Error: 1`.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.multipart import MultipartParser, Part
from platbook.protocols.rets.xml import Status, find_status

_LARGEST_OBJECT = 64 * 1024 * 1024
_WORDS = 200
_ROOT = re.compile(rb"(?:<\?xml[^>]{0,200}>\s*)?<RETS[\s/>]", re.IGNORECASE)
_OBJECT_UNAVAILABLE = 20409
_NONE_FOUND = 20403


@dataclass(frozen=True, slots=True)
class RetsObject:
    """One object, or in `refused` why it could not be had.

    `content_id` is the record's key. `object_id` is its number, `*` or empty where an error speaks of all; 0 is the
    preferred one under its other name. With Location=1 `location` is its address and `content` is empty.
    """

    content_id: str
    object_id: str
    content_type: str
    content: bytes
    location: str | None = None
    description: str | None = None
    sub_description: str | None = None
    preferred: bool = False
    uid: str | None = None
    data: Mapping[str, str] = field(default_factory=dict[str, str])
    refused: Status | None = None


class ObjectParser:
    """One GetObject reply, by the headers it came with (names in lower case)."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers
        content_type = headers.get("content-type", "")
        self._multipart = MultipartParser(content_type) if content_type.lower().startswith("multipart/") else None
        self._single: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[RetsObject]:
        """Take the next bytes and give the objects they complete; SourceBrokeProtocol for what is no such reply."""
        if self._multipart is not None:
            return [to_object(part) for part in self._multipart.feed(data)]
        self._size += len(data)
        if self._size > _LARGEST_OBJECT:
            raise SourceBrokeProtocol(f"an object is larger than {_LARGEST_OBJECT} bytes")
        self._single.append(data)
        return []

    def close(self) -> list[RetsObject]:
        """Declare the end of the bytes: the last objects."""
        if self._multipart is not None:
            return [to_object(part) for part in self._multipart.close()]
        content = b"".join(self._single)
        if not content.strip() and "location" not in self._headers:
            raise SourceBrokeProtocol("the reply is empty")
        if self._headers.get("content-type", "").lower().startswith("text/html"):
            raise SourceBrokeProtocol("the reply is HTML, not RETS", sample=content)
        # HTTP joins what repeats by a comma.
        data = self._headers.get("objectdata", "").split(", ")
        headers: dict[str, Sequence[str]] = {name: [value] for name, value in self._headers.items()}
        return [to_object(Part({**headers, "objectdata": data}, content))]


def to_object(part: Part) -> RetsObject:
    """Read a part, or a whole reply of one object."""
    content_type = _first(part, "content-type").lower()
    kind = content_type.partition(";")[0].strip()
    location = html.unescape(_first(part, "location")) or None
    refused = _find_refusal(part, kind, located=location is not None)
    is_image = refused is None and not kind.startswith("text/")
    return RetsObject(
        content_id=_first(part, "content-id"),
        object_id=_first(part, "object-id"),
        content_type=content_type,
        content=part.content if is_image else b"",
        location=location,
        description=_first(part, "content-description") or None,
        sub_description=_first(part, "content-sub-description") or None,
        preferred=_first(part, "preferred").strip().lower() in {"1", "true"},
        uid=_first(part, "uid") or None,
        data=_parse_data(part.headers.get("objectdata", ())),
        refused=refused,
    )


def _find_refusal(part: Part, kind: str, *, located: bool) -> Status | None:
    """Why this is no object, if it is none."""
    text = part.content.lstrip()
    if kind in {"text/xml", "application/xml"} or _ROOT.match(text):
        status = find_status(text)
        if status is not None and status.code != 0:
            return status
        return None if located else Status(_NONE_FOUND, "a reply without an object")
    if kind in {"text/plain", "text/html"} and text:
        words = " ".join(text.decode("utf-8", "replace").split())[:_WORDS]
        return Status(_OBJECT_UNAVAILABLE, words)
    if _first(part, "rets-error").strip() == "1":
        return Status(_OBJECT_UNAVAILABLE, "the source marks it as an error")
    if not located and not part.content:
        # With Location=1 an empty address says that there is none for this one (section 5.9).
        return Status(_NONE_FOUND, "no content")
    return None


def _parse_data(lines: Sequence[str]) -> dict[str, str]:
    """Read 1.8's `ObjectData: name=value`, which repeats."""
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip() for name, found, value in pairs if found and name.strip()}


def _first(part: Part, name: str) -> str:
    return part.headers.get(name, ("",))[0]
