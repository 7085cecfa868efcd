"""A client for services of our own, such as a CDN: no provider's quota, no retry; the caller knows what to do next."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager

import httpx2

from platbook.transport.addresses import parse_address
from platbook.transport.bodies import read_body
from platbook.transport.headers import join_headers
from platbook.transport.meter import Meter
from platbook.transport.reply import HttpReply
from platbook.transport.retry import judge_failure


class OwnClient:
    """Sends one request at a time over the process's connections."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self.meter = Meter()

    @asynccontextmanager
    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> AsyncGenerator[HttpReply]:
        """Send one request and lend its answer, whatever its status. SourceUnavailable if none comes."""
        address = parse_address(url)
        request = httpx2.Request(
            method,
            address.origin,
            headers=dict(headers or {}),
            content=content,
            extensions={"target": address.target, "timeout": self._client.timeout.as_dict()},
        )
        self.meter.requests += 1
        try:
            response = await self._client.send(request, stream=True)
        except httpx2.TransportError as error:
            raise judge_failure(method, address.name, error).error from None
        try:
            async with aclosing(read_body(response, address.name, self.meter)) as chunks:
                yield HttpReply(response.status_code, join_headers(response.headers.raw), address.url, chunks)
        finally:
            await response.aclose()
