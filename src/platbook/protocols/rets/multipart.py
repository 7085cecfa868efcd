"""multipart/parallel (RFC 2046, section 5.1; RETS 1.7.2, section 5.10) as servers send it: an incremental parser.

The bytes of a part are exact: the line break before a boundary belongs to the boundary, and nothing else is stripped.
Deviations of servers are tolerated: a missing line break before the first boundary, a missing closing boundary, missing
bodies, no space after a header's colon, unindented folded headers, more or fewer dashes than declared.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.part_ends import is_whole_part

_MAX_PART = 64 * 1024 * 1024
"""A safeguard: more than what the connector's settings allow."""
_MAX_HEADERS = 64 * 1024
_MAX_PREAMBLE = 64 * 1024
_SAMPLE = 2048
_CLOSING = b"--"
_AFTER_BOUNDARY = b"\r\n- \t"
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]*)"|([^;]*))', re.IGNORECASE)
_FIRST_LINE = re.compile(rb"(?:\A|\n)(--[^\r\n]{1,200})(?=\r?\n)")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class MultipartPart:
    """One part: headers by lower-case name, each with all its values in order, and the bytes of the body."""

    headers: Mapping[str, Sequence[str]]
    content: bytes


class MultipartParser:
    """Incremental parser of one multipart body. A part is returned when the boundary after it has been read."""

    def __init__(self, content_type: str) -> None:
        match = _BOUNDARY.search(content_type)
        self._declared = (match[1] or match[2] or "").strip().encode("latin-1", "replace") if match else b""
        self._delimiter: bytes | None = None
        self._buffer = bytearray()
        self._searched = 0
        self._ended = False
        self._sample = b""

    def feed(self, data: bytes) -> list[MultipartPart]:
        """Feed the next bytes; returns the parts they complete. SourceBrokeProtocol: not a multipart body."""
        if self._ended:
            return []
        if len(self._sample) < _SAMPLE:
            self._sample += data[:_SAMPLE]
        self._buffer += data
        if self._delimiter is None and not self._find_first(last=False):
            return []
        return self._split_parts(last=False)

    def close(self) -> list[MultipartPart]:
        """Signal the end of input: the last part, if the closing boundary is missing."""
        if self._ended:
            return []
        if self._delimiter is None:
            self._find_first(last=True)
        parts = self._split_parts(last=True)
        rest = bytes(self._buffer)
        if not self._ended and rest.strip():
            parts.append(self._parse_last(rest))
        self._ended = True
        return parts

    def _find_first(self, *, last: bool) -> bool:
        """Find the first boundary: the declared one, or else the first line that looks like one."""
        for candidate in (b"--" + self._declared, self._declared):
            if candidate.startswith(b"--") and candidate.strip(b"-"):
                position = _find_line(self._buffer, candidate)
                if position >= 0:
                    return self._start_at(position, candidate)
        if not self._declared or last or len(self._buffer) > _MAX_PREAMBLE:
            line = _FIRST_LINE.search(self._buffer, 0, _MAX_PREAMBLE)
            if line is not None:
                return self._start_at(line.start(1), line[1].rstrip())
            if last or len(self._buffer) > _MAX_PREAMBLE:
                raise self._to_error("the multipart body has no boundary")
        return False

    def _start_at(self, position: int, delimiter: bytes) -> bool:
        self._delimiter = delimiter
        del self._buffer[: position + len(delimiter)]
        return True

    def _split_parts(self, *, last: bool) -> list[MultipartPart]:
        """Split off every part that is followed by a boundary. The buffer starts right after a boundary."""
        parts: list[MultipartPart] = []
        delimiter = self._delimiter or b""
        while not self._ended and (last or len(self._buffer) >= len(_CLOSING)):
            if self._buffer.startswith(_CLOSING):
                self._ended = True
                self._buffer.clear()
                break
            position = self._find_next(delimiter, last=last)
            if position < 0:
                break
            end = position - len(_find_break(self._buffer[max(0, position - 2) : position]))
            parts.append(self._parse(bytes(memoryview(self._buffer)[:end])))
            del self._buffer[: position + len(delimiter)]
            self._searched = 0
        if len(self._buffer) > _MAX_PART:
            raise self._to_error(f"a part is larger than {_MAX_PART} bytes")
        return parts

    def _find_next(self, delimiter: bytes, *, last: bool) -> int:
        """Position of the next boundary at the start of a line, with enough bytes after it to be sure; -1: not yet."""
        start = self._searched
        while (position := self._buffer.find(delimiter, start)) >= 0:
            end = position + len(delimiter)
            if end + len(_CLOSING) > len(self._buffer) and not last:
                self._searched = position
                return -1
            if position and self._buffer[position - 1] in b"\n" and self._buffer[end : end + 1] in _AFTER_BOUNDARY:
                return position
            start = position + 1
        self._searched = max(0, len(self._buffer) - len(delimiter))
        return -1

    def _parse(self, content: bytes) -> MultipartPart:
        headers: dict[str, list[str]] = {}
        last: str | None = None
        start = 2 if content.startswith(b"\r\n") else 1 if content.startswith(b"\n") else 0
        headers_end = start + _MAX_HEADERS
        while start < len(content):
            newline = content.find(b"\n", start)
            end = newline if newline >= 0 else len(content)
            if end >= headers_end:
                raise self._to_error("the headers of a part are too long")
            bare = content[start:end].rstrip(b"\r").decode("utf-8", "replace")
            start = end + 1
            if not bare.strip() and newline >= 0:
                break
            last = _add_header(headers, last, bare)
        return MultipartPart(headers, content[start:])

    def _parse_last(self, rest: bytes) -> MultipartPart:
        """The part not followed by a boundary: a trailing line break is kept, unless its Content-Length excludes it.

        SourceBrokeProtocol where its end is not certain: the body may be cut there, whatever the HTTP length is.
        """
        part = self._parse(rest)
        length = part.headers.get("content-length", ("",))[0]
        declared = int(length[:12]) if length.isascii() and length.isdigit() else None
        if declared == len(part.content) - 2:
            part = MultipartPart(part.headers, _strip_break(part.content))
        whole = is_whole_part(
            part.content,
            content_type=part.headers.get("content-type", ("",))[0],
            declared_length=declared,
            headers_ended=rest.endswith(b"\n"),
        )
        if not whole:
            raise self._to_error("the multipart body is cut in its last part: no boundary follows, and it is not whole")
        return part

    def _to_error(self, message: str) -> SourceBrokeProtocol:
        return SourceBrokeProtocol(message, sample=self._sample)


def _find_line(buffer: bytearray, candidate: bytes) -> int:
    """Position of the first line that starts with the candidate; -1: none."""
    if buffer.startswith(candidate):
        return 0
    position = buffer.find(b"\n" + candidate)
    return position + 1 if position >= 0 else -1


def _strip_break(content: bytes) -> bytes:
    return content[: len(content) - len(_find_break(content[-2:]))]


def _find_break(ending: bytes | bytearray) -> bytes:
    """The line break at the end of the last two bytes."""
    return b"\r\n" if ending.endswith(b"\r\n") else b"\n" if ending.endswith(b"\n") else b""


def _add_header(headers: dict[str, list[str]], last: str | None, line: str) -> str | None:
    """Add a header line; a folded line, or one that is not a header, continues the one before."""
    name, colon, value = line.partition(":")
    if colon and _NAME.fullmatch(name.rstrip()):
        key = name.strip().lower()
        headers.setdefault(key, []).append(value.strip())
        return key
    if last is not None and line.strip():
        headers[last][-1] = f"{headers[last][-1]} {line.strip()}".strip()
    return last
