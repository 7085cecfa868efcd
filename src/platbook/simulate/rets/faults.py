"""Fault injection: which faults affect a reply, and the broken response they make of it."""

from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from platbook.simulate.rets.quirks import Quirk, Quirks
from platbook.simulate.rets.reply import RetsReply

_WHOLE_REPLY_FAULTS = (Quirk.HTTP_503, Quirk.HTML_PAGE, Quirk.EMPTY_BODY)
_PAGE = b"""<!DOCTYPE html>
<html><head><title>Maintenance</title></head>
<body><h1>We will be back soon</h1><p>The system is down for maintenance.<br></p></body></html>
"""


def get_fault_reply(number: int, quirks: Quirks) -> tuple[Quirk, RetsReply] | None:
    """The fault and reply for a request whose reply a fault replaces entirely; None: no such fault."""
    for fault in _WHOLE_REPLY_FAULTS:
        if quirks.triggers(fault, number):
            return fault, _to_fault_reply(fault)
    return None


def get_reply_faults(number: int, transaction: str, quirks: Quirks) -> frozenset[Quirk]:
    """The faults that affect the reply of a transaction."""
    by_transaction = {
        "search": (
            *(Quirk.ERROR_IN_TRAILER, Quirk.COUNT_WITHOUT_DATA, Quirk.LOW_COUNT),
            *(Quirk.CUT_BODY, Quirk.BROKEN_CONNECTION),
        ),
        "metadata": (Quirk.CUT_BODY, Quirk.BROKEN_CONNECTION),
        "object": (Quirk.CUT_PHOTOS,),
    }
    return frozenset(fault for fault in by_transaction.get(transaction, ()) if quirks.triggers(fault, number))


def to_broken_response(body: Iterator[bytes], headers: dict[str, str], faults: frozenset[Quirk]) -> Response | None:
    """The HTTP response of a reply that a fault truncates; None: no such fault."""
    if Quirk.CUT_BODY in faults:
        content = b"".join(body)
        return Response(content[: len(content) // 2], headers=headers)
    if faults & {Quirk.BROKEN_CONNECTION, Quirk.CUT_PHOTOS}:
        return _BrokenResponse(b"".join(body), headers)
    return None


def _to_fault_reply(fault: Quirk) -> RetsReply:
    if fault is Quirk.HTTP_503:
        return RetsReply([b"Service unavailable.\n"], status=503, content_type="text/plain")
    if fault is Quirk.HTML_PAGE:
        return RetsReply([_PAGE], content_type="text/html")
    return RetsReply()


class _BrokenResponse(StreamingResponse):
    """Declares the full Content-Length but sends half; the server then closes the connection."""

    def __init__(self, content: bytes, headers: dict[str, str]) -> None:
        super().__init__(iter(()), headers=headers | {"Content-Length": str(len(content))})
        self._half = content[: len(content) // 2]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self._half, "more_body": True})
