"""The server's control, for tests and demonstrations, on loopback alone: its moment, its quirks, what it was asked."""

import ipaddress
from collections.abc import Mapping
from typing import cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from platbook.base.errors import InvalidInput
from platbook.simulate.rets.quirks import parse_quirks
from platbook.simulate.rets.server import DEFAULT_CAP, Manner, RetsServer

_HOSTS = {"127.0.0.1", "localhost", "::1"}


class MomentOrder(BaseModel):
    """Where the market's time is put, and how fast it runs from there."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime | None = None
    speed: float | None = Field(default=None, ge=0)


class MannerOrder(BaseModel):
    """The quirks to have from now on."""

    model_config = ConfigDict(extra="forbid")

    quirks: list[str] = []
    cap: int = Field(default=DEFAULT_CAP, ge=1)
    seed: int = 1


class Control:
    """The control of one server."""

    def __init__(self, server: RetsServer) -> None:
        self._server = server

    async def set_moment(self, request: Request) -> Response:
        """POST {at, speed}: the market's moment."""
        _check_local(request)
        order = MomentOrder.model_validate(await _json(request))
        source = self._server.source
        if order.at is not None and order.at < source.started:
            raise InvalidInput.of("at", f"the market starts at {source.started.isoformat()}")
        source.set_moment(order.at, order.speed)
        return JSONResponse({"moment": source.moments.now().isoformat(), "speed": source.moments.speed})

    async def set_quirks(self, request: Request) -> Response:
        """POST {quirks, cap, seed}: another manner; all sessions end."""
        _check_local(request)
        order = MannerOrder.model_validate(await _json(request))
        self._server.behave(Manner(parse_quirks(order.quirks, order.seed), order.cap))
        return JSONResponse({"quirks": sorted(self._server.manner.quirks.ordered)})

    async def tell_statistics(self, request: Request) -> Response:
        """GET: what has been asked since."""
        _check_local(request)
        seen = self._server.statistics
        return JSONResponse(
            {
                "moment": self._server.source.moments.now().isoformat(),
                "requests": seen.requests,
                "refusals": seen.refusals,
                "strikes": seen.strikes,
                "sessionsOpen": len(self._server.sessions),
                "mostSessions": seen.most_sessions,
                "asked": [[transaction, arguments] for transaction, arguments in seen.asked],
            }
        )


def to_problem(_: Request, error: Exception) -> Response:
    """An order that cannot be followed, in words."""
    if isinstance(error, ValidationError):
        words = "; ".join(
            f"{problem['loc'][0] if problem['loc'] else 'order'}: {problem['msg']}" for problem in error.errors()
        )
        return JSONResponse({"error": words}, 400)
    return JSONResponse({"error": str(error)}, 400)


def _check_local(request: Request) -> None:
    """Only this machine's programs: by their address, and by the name they call us, which a web page cannot choose."""
    client = request.client.host if request.client else ""
    if not client or not ipaddress.ip_address(client).is_loopback or request.url.hostname not in _HOSTS:
        raise InvalidInput("the control is for this machine alone")


async def _json(request: Request) -> Mapping[str, object]:
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        raise InvalidInput("an order is application/json")
    try:
        return cast("Mapping[str, object]", await request.json())
    except ValueError:
        raise InvalidInput("the order is not JSON") from None
