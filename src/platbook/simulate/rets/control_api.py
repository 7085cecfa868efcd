"""The server's control API for tests and demonstrations, on loopback only: its time, its quirks, its request log."""

import ipaddress
from collections.abc import Mapping
from typing import cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from platbook.base.errors import InvalidInput
from platbook.simulate.rets.quirks import parse_quirks
from platbook.simulate.rets.server import DEFAULT_CAP, RetsServer, ServerProfile

_HOSTS = {"127.0.0.1", "localhost", "::1"}


class ClockRequest(BaseModel):
    """The market's new time, and its speed from then on."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime | None = None
    speed: float | None = Field(default=None, ge=0)


class ProfileRequest(BaseModel):
    """The quirks to switch to."""

    model_config = ConfigDict(extra="forbid")

    quirks: list[str] = []
    cap: int = Field(default=DEFAULT_CAP, ge=1)
    seed: int = 1


class ControlApi:
    """The control API of one server."""

    def __init__(self, server: RetsServer) -> None:
        self._server = server

    async def set_time(self, request: Request) -> Response:
        """POST {at, speed}: set the market's time."""
        _check_local(request)
        body = ClockRequest.model_validate(await _json(request))
        source = self._server.source
        if body.at is not None and body.at < source.started:
            raise InvalidInput.of("at", f"the market starts at {source.started.isoformat()}")
        source.set_time(body.at, body.speed)
        return JSONResponse({"moment": source.market_clock.now().isoformat(), "speed": source.market_clock.speed})

    async def set_quirks(self, request: Request) -> Response:
        """POST {quirks, cap, seed}: apply another profile; all sessions end."""
        _check_local(request)
        body = ProfileRequest.model_validate(await _json(request))
        self._server.apply_profile(ServerProfile(parse_quirks(body.quirks, body.seed), body.cap))
        return JSONResponse({"quirks": sorted(self._server.profile.quirks.enabled)})

    async def get_statistics(self, request: Request) -> Response:
        """GET: statistics and recent requests since the profile was applied."""
        _check_local(request)
        log = self._server.request_log
        return JSONResponse(
            {
                "moment": self._server.source.market_clock.now().isoformat(),
                "requests": log.requests,
                "refusals": log.refusals,
                "strikes": log.faults,
                "sessionsOpen": len(self._server.sessions),
                "mostSessions": log.max_sessions,
                "asked": [[transaction, arguments] for transaction, arguments in log.recent_requests],
            }
        )


def to_error_response(_: Request, error: Exception) -> Response:
    """The error response to an invalid request."""
    if isinstance(error, ValidationError):
        message = "; ".join(
            f"{problem['loc'][0] if problem['loc'] else 'body'}: {problem['msg']}" for problem in error.errors()
        )
        return JSONResponse({"error": message}, 400)
    return JSONResponse({"error": str(error)}, 400)


def _check_local(request: Request) -> None:
    """Accept only requests from this machine: loopback clients, with a loopback Host that no web page can forge."""
    client = request.client.host if request.client else ""
    if not client or not ipaddress.ip_address(client).is_loopback or request.url.hostname not in _HOSTS:
        raise InvalidInput("the control API is for this machine only")


async def _json(request: Request) -> Mapping[str, object]:
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        raise InvalidInput("the body must be application/json")
    try:
        return cast("Mapping[str, object]", await request.json())
    except ValueError:
        raise InvalidInput("the body is not JSON") from None
