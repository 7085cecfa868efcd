"""multipart/parallel (RFC 2046, section 5.1; RETS 1.7.2, section 5.10) as servers send it: fed bytes, gives parts.

The bytes of a part are exact: one line break belongs to the boundary behind them and nothing else is taken away. What
servers leave out or add is borne with: the line break before the first boundary, the boundary at the end, bodies, the
space after a header's colon, the fold of a header that runs over lines, dashes more or fewer than announced.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from platbook.base.errors import SourceBrokeProtocol

_LARGEST_PART = 64 * 1024 * 1024
_LARGEST_HEAD = 64 * 1024
_LONGEST_PREAMBLE = 64 * 1024
_SAMPLE = 2048
_CLOSING = b"--"
_BEHIND = b"\r\n- \t"
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]*)"|([^;]*))', re.IGNORECASE)
_FIRST_LINE = re.compile(rb"(?:\A|\n)(--[^\r\n]{1,200})(?=\r?\n)")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: headers by name in lower case, each with all its values in order, and the bytes of the body."""

    headers: Mapping[str, Sequence[str]]
    content: bytes


class MultipartParser:
    """One multipart body. A part is handed over when the boundary behind it has come."""

    def __init__(self, content_type: str) -> None:
        said = _BOUNDARY.search(content_type)
        self._announced = (said[1] or said[2] or "").strip().encode("latin-1", "replace") if said else b""
        self._delimiter: bytes | None = None
        self._buffer = bytearray()
        self._searched = 0
        self._ended = False
        self._sample = b""

    def feed(self, data: bytes) -> list[Part]:
        """Take the next bytes and give the parts they complete; SourceBrokeProtocol for what is no multipart body."""
        if self._ended:
            return []
        if len(self._sample) < _SAMPLE:
            self._sample += data[:_SAMPLE]
        self._buffer += data
        if self._delimiter is None and not self._find_first(last=False):
            return []
        return self._take_parts(last=False)

    def close(self) -> list[Part]:
        """Declare the end of the bytes: the last part, where the boundary at the end is missing."""
        if self._ended:
            return []
        if self._delimiter is None:
            self._find_first(last=True)
        parts = self._take_parts(last=True)
        rest = bytes(self._buffer)
        if not self._ended and rest.strip():
            parts.append(self._parse_last(rest))
        self._ended = True
        return parts

    def _find_first(self, *, last: bool) -> bool:
        """Look for the first boundary: what was announced, or else the first line that looks like one."""
        for candidate in (b"--" + self._announced, self._announced):
            if candidate.startswith(b"--") and candidate.strip(b"-"):
                place = _find_line(self._buffer, candidate)
                if place >= 0:
                    return self._begin(place, candidate)
        if not self._announced or last or len(self._buffer) > _LONGEST_PREAMBLE:
            line = _FIRST_LINE.search(self._buffer, 0, _LONGEST_PREAMBLE)
            if line is not None:
                return self._begin(line.start(1), line[1].rstrip())
            if last or len(self._buffer) > _LONGEST_PREAMBLE:
                raise self._broken("the multipart body has no boundary")
        return False

    def _begin(self, place: int, delimiter: bytes) -> bool:
        self._delimiter = delimiter
        del self._buffer[: place + len(delimiter)]
        return True

    def _take_parts(self, *, last: bool) -> list[Part]:
        """Cut off every part behind which a boundary stands. The buffer begins right behind a boundary."""
        parts: list[Part] = []
        delimiter = self._delimiter or b""
        while not self._ended and (last or len(self._buffer) >= len(_CLOSING)):
            if self._buffer.startswith(_CLOSING):
                self._ended = True
                self._buffer.clear()
                break
            place = self._find_next(delimiter, last=last)
            if place < 0:
                break
            parts.append(self._parse(_strip_break(bytes(self._buffer[:place]))))
            del self._buffer[: place + len(delimiter)]
            self._searched = 0
        if len(self._buffer) > _LARGEST_PART:
            raise self._broken(f"a part is larger than {_LARGEST_PART} bytes")
        return parts

    def _find_next(self, delimiter: bytes, *, last: bool) -> int:
        """Where the next boundary begins a line, with enough behind it to know it for one; -1: not here yet."""
        start = self._searched
        while (place := self._buffer.find(delimiter, start)) >= 0:
            end = place + len(delimiter)
            if end + len(_CLOSING) > len(self._buffer) and not last:
                self._searched = place
                return -1
            if place and self._buffer[place - 1] in b"\n" and self._buffer[end : end + 1] in _BEHIND:
                return place
            start = place + 1
        self._searched = max(0, len(self._buffer) - len(delimiter))
        return -1

    def _parse(self, content: bytes) -> Part:
        headers: dict[str, list[str]] = {}
        last: str | None = None
        rest = content[2:] if content.startswith(b"\r\n") else content.removeprefix(b"\n")
        head_ends = len(rest) - _LARGEST_HEAD
        while rest:
            line, found, rest = rest.partition(b"\n")
            bare = line.rstrip(b"\r").decode("utf-8", "replace")
            if not bare.strip() and found:
                break
            last = _note_header(headers, last, bare)
            if len(rest) < head_ends:
                raise self._broken("the headers of a part have no end")
        return Part(headers, rest)

    def _parse_last(self, rest: bytes) -> Part:
        """The part that no boundary ends: without one, no line break belongs to it, unless its own length says so."""
        part = self._parse(rest)
        said = part.headers.get("content-length", ("",))[0]
        if said.isascii() and said.isdigit() and int(said[:12]) == len(part.content) - 2:
            return Part(part.headers, _strip_break(part.content))
        return part

    def _broken(self, words: str) -> SourceBrokeProtocol:
        return SourceBrokeProtocol(words, sample=self._sample)


def _find_line(buffer: bytearray, candidate: bytes) -> int:
    """Where a line begins with the candidate; -1: none does."""
    if buffer.startswith(candidate):
        return 0
    place = buffer.find(b"\n" + candidate)
    return place + 1 if place >= 0 else -1


def _strip_break(content: bytes) -> bytes:
    return content[:-2] if content.endswith(b"\r\n") else content.removesuffix(b"\n")


def _note_header(headers: dict[str, list[str]], last: str | None, line: str) -> str | None:
    """Note a header line; one that is folded, or is no header, goes on with the one before."""
    name, colon, value = line.partition(":")
    if colon and _NAME.fullmatch(name.rstrip()):
        key = name.strip().lower()
        headers.setdefault(key, []).append(value.strip())
        return key
    if last is not None and line.strip():
        headers[last][-1] = f"{headers[last][-1]} {line.strip()}".strip()
    return last
