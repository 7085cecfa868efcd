"""GetObject replies (RETS 1.7.2, section 5; headers of 1.8): one or many objects, as bytes or URLs, with errors.

A reply is one object, a multipart of them, or a RETS error reply. An unavailable object may be a part
among good ones: XML, plain text or HTML in place of the object, or a part with `RETS-Error: 1`.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.multipart import MultipartParser, MultipartPart
from platbook.protocols.rets.xml import ReplyStatus, parse_status

_MAX_OBJECT = 64 * 1024 * 1024
"""A safeguard: more than what the connector's settings allow."""
_MAX_MESSAGE = 200
_ROOT = re.compile(rb"(?:<\?xml[^>]{0,200}>\s*)?<RETS[\s/>]", re.IGNORECASE)
_OBJECT_UNAVAILABLE = 20409
_NO_OBJECT_FOUND = 20403


@dataclass(frozen=True, slots=True)
class RetsObject:
    """One object, or the `error` that stands in its place.

    `content_id` is the record's key. `object_id` is its number, `*` or empty if an error is about all; 0 is an
    alias of the preferred one, unless the source numbers from 0. With Location=1 `location` is its URL and `content` is
    empty.
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
    error: ReplyStatus | None = None


class ObjectParser:
    """Incremental parser of one GetObject reply, given its HTTP headers (lower-case names)."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers
        content_type = headers.get("content-type", "")
        self._multipart = MultipartParser(content_type) if content_type.lower().startswith("multipart/") else None
        self._single: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[RetsObject]:
        """Feed the next bytes; returns the objects they complete. SourceBrokeProtocol: not such a reply."""
        if self._multipart is not None:
            return [to_object(part) for part in self._multipart.feed(data)]
        self._size += len(data)
        if self._size > _MAX_OBJECT:
            raise SourceBrokeProtocol(f"an object is larger than {_MAX_OBJECT} bytes")
        self._single.append(data)
        return []

    def close(self) -> list[RetsObject]:
        """Signal the end of input: the last objects."""
        if self._multipart is not None:
            return [to_object(part) for part in self._multipart.close()]
        content = b"".join(self._single)
        if not content.strip() and "location" not in self._headers:
            raise SourceBrokeProtocol("the reply is empty")
        if self._headers.get("content-type", "").lower().startswith("text/html"):
            raise SourceBrokeProtocol("the reply is HTML, not RETS", sample=content)
        # HTTP joins repeated headers with a comma.
        data = self._headers.get("objectdata", "").split(", ")
        headers: dict[str, Sequence[str]] = {name: [value] for name, value in self._headers.items()}
        return [to_object(MultipartPart({**headers, "objectdata": data}, content))]


def to_object(part: MultipartPart) -> RetsObject:
    """Convert a part, or a complete reply with a single object."""
    content_type = _first(part, "content-type").lower()
    kind = content_type.partition(";")[0].strip()
    location = html.unescape(_first(part, "location")) or None
    error = _find_error(part, kind, has_location=location is not None)
    is_image = error is None and not kind.startswith("text/")
    return RetsObject(
        content_id=_first(part, "content-id"),
        object_id=_first(part, "object-id"),
        content_type=content_type,
        content=part.content if is_image else b"",
        location=location,
        description=_first(part, "content-description") or _first(part, "description") or None,
        sub_description=_first(part, "content-sub-description") or None,
        preferred=_first(part, "preferred").strip().lower() in {"1", "true"},
        uid=_first(part, "uid") or None,
        data=_parse_data(part.headers.get("objectdata", ())),
        error=error,
    )


def _find_error(part: MultipartPart, kind: str, *, has_location: bool) -> ReplyStatus | None:
    """The error the part contains; None: it is an object."""
    text = part.content.lstrip()
    if kind in {"text/xml", "application/xml"} or _ROOT.match(text):
        status = parse_status(text)
        if status is not None and status.code != 0:
            return status
        return None if has_location else ReplyStatus(_NO_OBJECT_FOUND, "a reply without an object")
    if kind in {"text/plain", "text/html"} and text:
        message = " ".join(text.decode("utf-8", "replace").split())[:_MAX_MESSAGE]
        return ReplyStatus(_OBJECT_UNAVAILABLE, message)
    if _first(part, "rets-error").strip() == "1":
        return ReplyStatus(_OBJECT_UNAVAILABLE, "the source marks it as an error")
    if not has_location and not part.content:
        # With Location=1 an empty URL means that this object does not exist (section 5.9).
        return ReplyStatus(_NO_OBJECT_FOUND, "no content")
    return None


def _parse_data(lines: Sequence[str]) -> dict[str, str]:
    """Parse the repeatable 1.8 header `ObjectData: name=value`."""
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip() for name, separator, value in pairs if separator and name.strip()}


def _first(part: MultipartPart, name: str) -> str:
    return part.headers.get(name, ("",))[0]
