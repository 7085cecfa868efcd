"""Replies gone wrong: which faults strike one, and what is left of it."""

from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from platbook.simulate.rets.quirks import Quirk, Quirks
from platbook.simulate.rets.reply import Reply

_ANY = (Quirk.HTTP_503, Quirk.HTML_PAGE, Quirk.EMPTY_BODY)
_PAGE = b"""<!DOCTYPE html>
<html><head><title>Maintenance</title></head>
<body><h1>We will be back soon</h1><p>The system is down for maintenance.<br></p></body></html>
"""


def strike_whole(number: int, quirks: Quirks) -> tuple[Quirk, Reply] | None:
    """What a request is answered with where a fault strikes before anything is looked at."""
    for fault in _ANY:
        if quirks.strikes(fault, number):
            return fault, _whole(fault)
    return None


def find_strikes(number: int, reply_is: str, quirks: Quirks) -> frozenset[Quirk]:
    """The faults that strike the making of a reply of a transaction."""
    mine = {
        "search": (Quirk.ERROR_IN_TRAILER, Quirk.COUNT_WITHOUT_DATA, Quirk.CUT_BODY, Quirk.BROKEN_CONNECTION),
        "metadata": (Quirk.CUT_BODY, Quirk.BROKEN_CONNECTION),
        "object": (Quirk.CUT_PHOTOS,),
    }
    return frozenset(fault for fault in mine.get(reply_is, ()) if quirks.strikes(fault, number))


def spoil(body: Iterator[bytes], headers: dict[str, str], strikes: frozenset[Quirk]) -> Response | None:
    """The HTTP answer to a reply that is cut, None where no fault cuts it."""
    if Quirk.CUT_BODY in strikes:
        whole = b"".join(body)
        return Response(whole[: len(whole) // 2], headers=headers)
    if strikes & {Quirk.BROKEN_CONNECTION, Quirk.CUT_PHOTOS}:
        return _Broken(b"".join(body), headers)
    return None


def _whole(fault: Quirk) -> Reply:
    if fault is Quirk.HTTP_503:
        return Reply([b"Service unavailable.\n"], status=503, content_type="text/plain")
    if fault is Quirk.HTML_PAGE:
        return Reply([_PAGE], content_type="text/html")
    return Reply()


class _Broken(StreamingResponse):
    """Promises the whole length, sends half, and leaves: the server then closes the connection."""

    def __init__(self, whole: bytes, headers: dict[str, str]) -> None:
        super().__init__(iter(()), headers=headers | {"Content-Length": str(len(whole))})
        self._half = whole[: len(whole) // 2]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self._half, "more_body": True})
