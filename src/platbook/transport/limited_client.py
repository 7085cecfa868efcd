"""The one door through which replies come in: every request of this package is sent, and every body read, here."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass

import httpx2

from platbook.transport.bodies import read_body
from platbook.transport.instrumentation import TrafficCounter
from platbook.transport.transfer import TransferLimits
from platbook.transport.urls import RequestUrl


@dataclass(frozen=True, slots=True)
class LimitedClient:
    """An HTTP client whose replies stay within limits of time, rate and size."""

    client: httpx2.AsyncClient
    limits: TransferLimits
    monotonic: Callable[[], float] = time.monotonic

    async def send(
        self, method: str, url: RequestUrl, headers: Mapping[str, str], content: bytes | None = None
    ) -> httpx2.Response:
        """Send one request and return its response, the body unread. httpx2.TransportError and what connecting raises.

        Headers that keep coming, byte by byte, are an httpx2.ReadTimeout once all phases together could have ended.
        """
        timeouts = self.client.timeout.as_dict()
        request = httpx2.Request(
            method,
            url.origin,
            headers=dict(headers),
            content=content,
            extensions={"target": url.target, "timeout": timeouts},
        )
        phases = sum(seconds or 0 for seconds in timeouts.values())
        deadline = asyncio.timeout(min(phases, self.limits.max_seconds))
        try:
            async with deadline:
                return await self.client.send(request, stream=True)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise httpx2.ReadTimeout("the headers did not end", request=request) from None

    def read(
        self, response: httpx2.Response, name: str, traffic: TrafficCounter, *, ignore_unknown_codings: bool = False
    ) -> AsyncGenerator[bytes]:
        """Yield a body's bytes, decompressed; see `read_body`."""
        return read_body(
            response, name, traffic, self.limits, self.monotonic, ignore_unknown_codings=ignore_unknown_codings
        )
