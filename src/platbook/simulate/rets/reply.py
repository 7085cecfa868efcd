"""What a request is answered with, before HTTP and before faults: status, headers, and a body that comes in pieces."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from platbook.simulate.rets.codes import Code
from platbook.simulate.rets.formatting import charset_of
from platbook.simulate.rets.quirks import Quirk, Quirks

XML = "text/xml"


@dataclass
class Reply:
    """One reply."""

    body: Iterable[bytes] = ()
    status: int = 200
    content_type: str = XML
    headers: dict[str, str] = field(default_factory=dict[str, str])


def to_reply(pieces: Iterable[str], quirks: Quirks) -> Reply:
    """An XML reply of pieces of text."""
    charset = charset_of(quirks)
    return Reply(piece.encode(charset, "xmlcharrefreplace") for piece in pieces)


def to_refusal(code: int, text: str, quirks: Quirks, status: int = 200) -> Reply:
    """A reply that is its envelope alone (section 3.9)."""
    reply = to_reply([f"{prolog(quirks)}<RETS {attributes(code, text, quirks)}/>\r\n"], quirks)
    reply.status = status
    return reply


def in_envelope(pieces: Iterable[str], quirks: Quirks, code: int = 0, trailer: int | None = None) -> Iterable[str]:
    """Put pieces between <RETS> and </RETS>; `trailer` is said by a RETS-STATUS at the end."""
    yield f"{prolog(quirks)}<RETS {attributes(code, TEXTS[code], quirks)}>\r\n"
    yield from pieces
    if trailer is not None:
        yield f"<RETS-STATUS {attributes(trailer, TEXTS[trailer], quirks)}/>\r\n"
    yield "</RETS>\r\n"


def prolog(quirks: Quirks) -> str:
    """What stands before the envelope."""
    declared = Quirk.LATIN_1_DECLARED in quirks
    return '<?xml version="1.0" encoding="ISO-8859-1"?>\r\n' if declared else '<?xml version="1.0"?>\r\n'


def attributes(code: int, text: str, quirks: Quirks) -> str:
    """A reply code and its text as attributes."""
    names = ("replyCode", "replyText") if Quirk.LOWER_CASE_CODES in quirks else ("ReplyCode", "ReplyText")
    return f'{names[0]}="{int(code)}" {names[1]}={quoteattr(text)}'


TEXTS: Mapping[int, str] = {
    Code.OK: "Operation Successful",
    Code.NO_RECORDS: "No Records Found.",
    Code.MAX_RECORDS: "Maximum Records Exceeded.",
    Code.TIMEOUT: "Query Timed Out.",
    Code.NO_METADATA: "No Metadata Found.",
}
"""ReplyText of codes that come with an envelope."""
