"""The contract's HttpClient without quota, seats and retry: a real socket, for testing connectors alone."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from platbook.base.errors import SourceUnavailable
from platbook.base.http_reply import HttpReply
from platbook.transport.bodies import read_body
from platbook.transport.headers import join_headers, parse_cookies
from platbook.transport.instrumentation import TrafficCounter
from platbook.transport.urls import parse_url, resolve_redirect


class PlainHttp:
    """Sends requests unchanged; follows redirects within the host, as transport does."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self.meter = TrafficCounter()

    @asynccontextmanager
    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> AsyncGenerator[HttpReply]:
        """Send one request; the reply is open within the block."""
        url_parts, cookies = parse_url(url), dict[str, str]()
        while True:
            self.meter.requests += 1
            request = httpx2.Request(
                method,
                url_parts.origin,
                headers={**(headers or {}), "accept-encoding": "gzip"},
                content=content,
                extensions={"target": url_parts.target},
            )
            try:
                response = await self._client.send(request, stream=True)
            except httpx2.TransportError as error:
                raise SourceUnavailable(f"{url_parts.name} did not answer") from error
            cookies |= parse_cookies(response.headers.raw, datetime.now(UTC))
            redirect = (
                resolve_redirect(url_parts, response.headers.get("location"))
                if response.has_redirect_location
                else None
            )
            if redirect is None or method != "GET":
                break
            await response.aclose()
            url_parts = redirect
        try:
            if response.status_code >= 500:
                raise SourceUnavailable(f"{url_parts.name} failed with status {response.status_code}")
            async with aclosing(read_body(response, url_parts.name, self.meter)) as chunks:
                reply_headers = join_headers(response.headers.raw)
                yield HttpReply(response.status_code, reply_headers, url_parts.url, chunks, cookies)
        finally:
            await response.aclose()


@asynccontextmanager
async def plain_http() -> AsyncGenerator[PlainHttp]:
    """Open a client and close it at the end of the block."""
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    async with httpx2.AsyncClient(cookies=no_cookies, timeout=20) as client:
        yield PlainHttp(client)
