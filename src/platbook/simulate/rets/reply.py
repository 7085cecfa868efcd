"""A reply before HTTP and faults are applied: status, headers, and a body in chunks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from platbook.simulate.rets.codes import ReplyCode
from platbook.simulate.rets.formatting import get_charset
from platbook.simulate.rets.quirks import Quirk, Quirks

XML = "text/xml"


@dataclass
class RetsReply:
    """One reply of the server."""

    body: Iterable[bytes] = ()
    status: int = 200
    content_type: str = XML
    headers: dict[str, str] = field(default_factory=dict[str, str])


def to_reply(chunks: Iterable[str], quirks: Quirks) -> RetsReply:
    """An XML reply from chunks of text."""
    charset = get_charset(quirks)
    return RetsReply(chunk.encode(charset, "xmlcharrefreplace") for chunk in chunks)


def to_refusal(code: int, text: str, quirks: Quirks, status: int = 200) -> RetsReply:
    """A reply with an empty envelope (section 3.9)."""
    reply = to_reply([f"{get_prolog(quirks)}<RETS {format_reply_code(code, text, quirks)}/>\r\n"], quirks)
    reply.status = status
    return reply


def wrap_in_envelope(chunks: Iterable[str], quirks: Quirks, code: int = 0, trailer: int | None = None) -> Iterable[str]:
    """Wrap chunks in <RETS> and </RETS>; `trailer` is the code of a RETS-STATUS at the end."""
    yield f"{get_prolog(quirks)}<RETS {format_reply_code(code, REPLY_TEXTS[code], quirks)}>\r\n"
    yield from chunks
    if trailer is not None:
        yield f"<RETS-STATUS {format_reply_code(trailer, REPLY_TEXTS[trailer], quirks)}/>\r\n"
    yield "</RETS>\r\n"


def get_prolog(quirks: Quirks) -> str:
    """The XML declaration."""
    declared = Quirk.LATIN_1_DECLARED in quirks
    return '<?xml version="1.0" encoding="ISO-8859-1"?>\r\n' if declared else '<?xml version="1.0"?>\r\n'


def format_reply_code(code: int, text: str, quirks: Quirks) -> str:
    """A reply code and its text as XML attributes."""
    names = ("replyCode", "replyText") if Quirk.LOWER_CASE_CODES in quirks else ("ReplyCode", "ReplyText")
    return f'{names[0]}="{int(code)}" {names[1]}={quoteattr(text)}'


REPLY_TEXTS: Mapping[int, str] = {
    ReplyCode.OK: "Operation Successful",
    ReplyCode.NO_RECORDS: "No Records Found.",
    ReplyCode.MAX_RECORDS: "Maximum Records Exceeded.",
    ReplyCode.TIMEOUT: "Query Timed Out.",
    ReplyCode.NO_METADATA: "No Metadata Found.",
}
"""ReplyText of the codes that can be in an envelope."""
