"""A RETS reply as XML events (RETS 1.7.2, section 3.9): root, status, end. Anything else is rejected."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.text import TextRepairer

_SAMPLE = 2048
_MAX_TEXT = 8 * 1024 * 1024
_MAX_CHUNK = 1024 * 1024
_MAX_DEPTH = 100
_MAX_NAMES = 100_000
_ROW_START, _ROW_END = b"<DATA>", b"</DATA>"
_ELEMENT = re.compile(r"</?(?:RETS|RETS-STATUS|COLUMNS|DATA|COUNT|DELIMITER|MAXROWS)\b|<\?xml|<!DOCTYPE", re.IGNORECASE)

OnStart = Callable[[str, Mapping[str, str]], bool]
"""Called with a tag in upper case and its attributes in lower case; True: collect its text."""
OnText = Callable[[str, str], None]
"""Called with a tag in upper case and its text, if it was requested."""
OnRow = Callable[[str], None]
"""Called with the text of a DATA element: the one that occurs by the ten thousand."""
OnRows = Callable[[str], bool]
"""Called with the text of complete DATA elements, references unresolved; False: not handled."""
OnBrokenRow = Callable[[str, int, str], None]
"""Called with the text of a DATA element that is not well-formed, its line in the reply, and what is wrong with it."""

OnName = Callable[[str], object]
"""Called first with the tag of every start element, in its original spelling."""
OnEnd = Callable[[str], None]
"""Called with the tag of every end element, in upper case, after its text."""


@dataclass(frozen=True, slots=True)
class RowHandlers:
    """The handlers of DATA elements in exactly this spelling."""

    on_row: OnRow
    on_rows: OnRows
    on_broken_row: OnBrokenRow


@dataclass(slots=True)
class ReplyStatus:
    """The reply's status: the envelope's code, replaced by a following RETS-STATUS."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Encoding:
    """External information on a reply's encoding: the HTTP header's charset, and the provider's setting."""

    charset: str | None = None
    fallback: str | None = None


UNSPECIFIED = Encoding()


@dataclass(slots=True)
class _Tail:
    """The last bytes that expat was given: those of a row that has not ended."""

    chunks: list[bytes] = field(default_factory=list[bytes])

    def add(self, data: bytes) -> None:
        self.chunks.append(data)

    def keep(self, size: int) -> None:
        """Keep the last bytes alone."""
        if not size:
            self.chunks.clear()
        elif sum(map(len, self.chunks)) > 2 * size:
            self.chunks = [b"".join(self.chunks)[-size:]]

    def take(self) -> bytes:
        """All of it, which leaves it empty."""
        data = b"".join(self.chunks)
        self.chunks.clear()
        return data

    def take_from(self, size: int) -> bytes:
        """The last bytes, which leaves it empty."""
        return self.take()[-size:]


class _RowBrokenError(Exception):
    """Markup within a row, such as a raw `<` in a cell makes."""


class RetsXml:
    """Feeds expat and tracks the envelope. The reply is provisional until `close` has returned.

    Almost all bytes of a large reply are consecutive rows. When a row has just ended, the text up to the end of the
    last complete row is offered to `on_rows` at once, which is faster than an event for each; what it does not handle
    goes through expat like everything else.

    A row that is not well-formed, as a raw `<` in a cell makes it, ends at the next `</DATA>`: it costs that row alone,
    and another expat goes on behind it.
    """

    def __init__(
        self,
        on_start: OnStart,
        on_text: OnText,
        encoding: Encoding = UNSPECIFIED,
        *,
        rows: RowHandlers | None = None,
        on_name: OnName | None = None,
        on_end: OnEnd | None = None,
    ) -> None:
        self.status: ReplyStatus | None = None
        self.ended = False
        self._on_start, self._on_text, self._rows = on_start, on_text, rows
        self._on_name, self._on_end = on_name, on_end
        self._repairer = TextRepairer(encoding.charset, encoding.fallback)
        self._sample = b""
        self._tags: list[str] = []
        self._text: list[str] | None = None
        self._in_row = False
        self._size = 0
        self._fed = 0
        self._pending = b""
        self._row_end = self._row_start = -1
        self._lines = 0
        self._tail = _Tail()
        self._broken: str | None = None
        self._base = 0
        self._parser = expat.ParserCreate("utf-8")
        self._set_handlers(self._parser)

    def _set_handlers(self, parser: expat.XMLParserType) -> None:
        parser.buffer_text = True
        parser.buffer_size = 65536
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = self._doctype

    @property
    def repairs(self) -> int:
        """Number of repaired characters."""
        return self._repairer.repairs

    def feed(self, data: bytes) -> None:
        """Feed the next bytes. Raises SourceBrokeProtocol if it is not a RETS reply."""
        if len(self._sample) < _SAMPLE:
            self._sample += data[:_SAMPLE]
        for start in range(0, len(data), _MAX_CHUNK):
            if self.ended:  # anything after the end is ignored
                return
            piece = data[start : start + _MAX_CHUNK]
            if self._rows is not None:
                self._feed_rows(self._rows.on_rows, piece)
            else:
                self._parse(self._repairer.feed(piece))

    def close(self) -> ReplyStatus:
        """Signal the end of input; returns the status. Raises SourceBrokeProtocol if the reply is incomplete."""
        if not self.ended:
            self._parse(self._repairer.feed(self._pending, last=True))
        if not self.ended or self.status is None:
            raise self.to_error("the reply is cut short" if self._sample.strip() else "the reply is empty")
        return self.status

    def to_error(self, message: str) -> SourceBrokeProtocol:
        """An error with the beginning of the reply as its sample."""
        return SourceBrokeProtocol(message, sample=self._sample)

    def _feed_rows(self, on_rows: OnRows, data: bytes) -> None:
        data = self._pending + data
        end = data.rfind(_ROW_END) + len(_ROW_END)
        if end < len(_ROW_END):
            self._pending = b""
            self._parse(self._repairer.feed(data))
            return
        rows, self._pending = data[:end], data[end:]
        text = self._repairer.decode_complete(rows) if self._row_end == self._fed and self._broken is None else None
        if text is None or not on_rows(text):
            self._parse(self._repairer.feed(rows))
        else:
            self._lines += text.count("\n")

    def _parse(self, data: bytes) -> None:
        self._lines += data.count(b"\n")
        while data:
            if self._broken is not None:
                data = self._skip_broken_row(self._tail.take() + data, self._broken)
                continue
            self._fed += len(data)
            try:
                self._parser.Parse(data, False)  # noqa: FBT003 - expat takes it positionally
            except (expat.ExpatError, _RowBrokenError) as error:
                if self.ended:
                    return
                reason = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else str(error)
                if not self._in_row:
                    raise self.to_error(f"the reply is not well-formed XML ({reason})") from None
                self._broken = reason
                self._tail.add(data)
                data = self._tail.take_from(self._fed - self._row_start)
            else:
                at = self._base + self._parser.CurrentByteIndex
                if self._fed - at > _MAX_TEXT:
                    raise self.to_error(f"one piece of markup is longer than {_MAX_TEXT} bytes")
                if len(self._parser.intern) > _MAX_NAMES:  # the parser keeps every name that it has seen
                    raise self.to_error(f"the reply has more than {_MAX_NAMES} names of elements and attributes")
                self._tail.add(data)
                self._tail.keep(self._fed - (self._row_start if self._in_row else at))
                return

    def _skip_broken_row(self, data: bytes, reason: str) -> bytes:
        """Pass on a broken row once it has ended; returns the bytes after it. It begins where `data` does."""
        end = data.find(_ROW_END)
        if end < 0:
            if len(data) > _MAX_TEXT:
                raise self.to_error(f"the reply is not well-formed XML ({reason})")
            self._tail.add(data)
            return b""
        text = data[len(_ROW_START) : end].decode("utf-8", "replace")
        line = 1 + self._lines - data.count(b"\n")
        if self._rows is None or _ELEMENT.search(text) is not None:  # more than a row is broken
            raise self.to_error(f"the reply is not well-formed XML in line {line} ({reason})")
        rest = data[end + len(_ROW_END) :]
        self._fed = self._row_end = self._row_start + end + len(_ROW_END)
        self._broken, self._in_row, self._text = None, False, None
        self._resume_behind_row()
        self._rows.on_broken_row(text, line, reason)
        return rest

    def _resume_behind_row(self) -> None:
        """Go on with another expat, in which the elements around the row are open."""
        opened = "".join(f"<{tag}>" for tag in self._tags).encode()
        parser = expat.ParserCreate("utf-8")
        parser.Parse(opened, False)  # noqa: FBT003 - expat takes it positionally
        self._set_handlers(parser)
        self._parser, self._base = parser, self._fed - len(opened)

    def _doctype(self, name: str, *_: object) -> None:
        if name.lower() == "html":
            raise self.to_error("the reply is HTML, not RETS")
        raise self.to_error(f"the reply declares a document type (DOCTYPE {name[:40]}), which is not accepted")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "DATA" and self._rows is not None and self._tags:
            if self._in_row:
                raise _RowBrokenError("a DATA element within another one")
            self._in_row, self._text, self._size = True, [], 0
            self._row_start = self._base + self._parser.CurrentByteIndex
            return
        name = tag.upper()
        attributes = {key.lower(): value for key, value in attributes.items()}
        if not self._tags and name != "RETS":
            raise self.to_error(f"the reply is {'HTML' if name == 'HTML' else 'a ' + tag[:40] + ' document'}, not RETS")
        if self._in_row:
            raise _RowBrokenError(f"a {tag[:40]} element within a row")
        if len(self._tags) > _MAX_DEPTH:
            raise self.to_error(f"a {tag[:40]} element is not allowed here")
        self._tags.append(name)
        if self._on_name is not None:
            self._on_name(tag)
        if name == "RETS-STATUS" or len(self._tags) == 1:
            self._set_status(attributes)
        if self._on_start(name, attributes):
            self._text, self._size = [], 0

    def _end(self, tag: str) -> None:
        if self._in_row and self._text is not None and self._rows is not None:
            text = self._text[0] if len(self._text) == 1 else "".join(self._text)
            self._in_row, self._text = False, None
            self._row_end = self._base + self._parser.CurrentByteIndex + len(_ROW_END)
            self._rows.on_row(text)
            return
        del tag
        name = self._tags.pop()
        if self._text is not None:
            text, self._text = "".join(self._text), None
            self._on_text(name, text)
        if self._on_end is not None:
            self._on_end(name)
        if not self._tags:
            self.ended = True

    def _data(self, text: str) -> None:
        if self._text is not None:
            self._size += len(text)
            if self._size > _MAX_TEXT:
                raise self.to_error(f"one piece of text is longer than {_MAX_TEXT} characters")
            self._text.append(text)

    def _set_status(self, attributes: Mapping[str, str]) -> None:
        code = attributes.get("replycode", "").strip()
        if not code.isascii() or not code.isdigit() or len(code) > 9:  # noqa: PLR2004 - no code has more digits
            raise self.to_error("the reply has no ReplyCode")
        self.status = ReplyStatus(int(code), attributes.get("replytext", "").strip())


def parse_status(body: bytes, encoding: Encoding = UNSPECIFIED) -> ReplyStatus | None:
    """The status of a body that may or may not be a RETS reply; None: it is not.

    Trailing characters are ignored.
    """
    xml = RetsXml(lambda _tag, _said: False, lambda _tag, _text: None, encoding)
    try:
        xml.feed(body)
        return xml.close()
    except SourceBrokeProtocol:
        return xml.status
