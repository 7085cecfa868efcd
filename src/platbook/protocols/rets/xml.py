"""A RETS reply as XML events (RETS 1.7.2, section 3.9): root, status, end. What is not a RETS reply is said so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.parsers import expat

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.text import TextRepairer

_SAMPLE = 2048
_LONGEST_TEXT = 8 * 1024 * 1024

OnStart = Callable[[str, Mapping[str, str]], bool]
"""Called with a tag in upper case and its attributes in lower case; True: collect its text."""
OnText = Callable[[str, str], None]
"""Called with a tag in upper case and its text, where it was asked for."""


@dataclass(slots=True)
class Status:
    """What the source says of the reply: the envelope's code, replaced by RETS-STATUS where one follows."""

    code: int
    text: str


class RetsXml:
    """Feeds expat and keeps the envelope. The reply is provisional until `close` has returned."""

    def __init__(self, on_start: OnStart, on_text: OnText, charset: str | None = None) -> None:
        self.status: Status | None = None
        self.ended = False
        self._on_start, self._on_text = on_start, on_text
        self._repairer = TextRepairer(charset)
        self._sample = b""
        self._tags: list[str] = []
        self._text: list[str] | None = None
        self._size = 0
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.buffer_size = 65536
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = self._doctype
        self._parser = parser

    @property
    def repairs(self) -> int:
        """How many characters had to be repaired."""
        return self._repairer.repairs

    def feed(self, data: bytes) -> None:
        """Take the next bytes; SourceBrokeProtocol for what is not a RETS reply."""
        if len(self._sample) < _SAMPLE:
            self._sample += data[:_SAMPLE]
        if not self.ended:  # whatever follows the end is not ours to judge
            self._parse(self._repairer.feed(data), last=False)

    def close(self) -> Status:
        """Declare the end of the bytes; the reply's status. A reply that has not ended is SourceBrokeProtocol."""
        if not self.ended:
            self._parse(self._repairer.feed(b"", last=True), last=False)
        if not self.ended or self.status is None:
            raise self.broken("the reply is cut short" if self._sample.strip() else "the reply is empty")
        return self.status

    def broken(self, words: str) -> SourceBrokeProtocol:
        """An error with the reply's beginning as its sample."""
        return SourceBrokeProtocol(words, sample=self._sample)

    def _parse(self, text: str, *, last: bool) -> None:
        try:
            self._parser.Parse(text.encode("utf-8", "replace"), last)
        except expat.ExpatError as error:
            if self.ended:
                return
            raise self.broken(f"the reply is not well-formed XML ({expat.ErrorString(error.code)})") from None

    def _doctype(self, name: str, *_: object) -> None:
        raise self.broken(
            f"the reply is {'HTML' if name.lower() == 'html' else 'a document of type ' + name}, not RETS"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.upper()
        said = {key.lower(): value for key, value in attributes.items()}
        if not self._tags and name != "RETS":
            raise self.broken(f"the reply is {'HTML' if name == 'HTML' else 'a ' + tag[:40] + ' document'}, not RETS")
        self._tags.append(name)
        if name == "RETS-STATUS" or len(self._tags) == 1:
            self._note_status(said)
        if self._on_start(name, said):
            self._text, self._size = [], 0

    def _end(self, _tag: str) -> None:
        name = self._tags.pop()
        if self._text is not None:
            text, self._text = "".join(self._text), None
            self._on_text(name, text)
        if not self._tags:
            self.ended = True

    def _data(self, text: str) -> None:
        if self._text is not None:
            self._size += len(text)
            if self._size > _LONGEST_TEXT:
                raise self.broken(f"one piece of text is longer than {_LONGEST_TEXT} characters")
            self._text.append(text)

    def _note_status(self, said: Mapping[str, str]) -> None:
        code = said.get("replycode", "")
        if not code.strip().isascii() or not code.strip().isdigit():
            raise self.broken("the reply has no ReplyCode")
        self.status = Status(int(code), said.get("replytext", "").strip())
