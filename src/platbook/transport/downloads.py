"""Fetching photos: one try for each address, for some are good once, within the provider's budgets and a size.

Trying again is the caller's affair, with a fresh address. The provider's own headers may hold a secret, so they go to
the hosts they are meant for and are left out where a redirect leads to another.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urljoin

import httpx2

from platbook.base.clock import Clock
from platbook.base.errors import InvalidInput, MediaRejected, RateLimited, SourceBrokeProtocol, TryLater
from platbook.base.log import get_log
from platbook.transport.bodies import read_body
from platbook.transport.budgets import Budget
from platbook.transport.headers import join_headers
from platbook.transport.meter import Meter
from platbook.transport.quota import Quota
from platbook.transport.retry import judge_answer, judge_failure
from platbook.transport.urls import RequestUrl, parse_url

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_NOT_MODIFIED, _OK = 304, 200
_USED_UP = frozenset({401, 403, 404, 410})
_DEFAULT_HEADERS = {"user-agent": "Platbook", "accept": "image/*, */*;q=0.5"}


class UrlAlreadyUsed(TryLater):
    """The address leads nowhere, or does not any more: ask the source for a fresh one."""


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """What holds for a provider's downloads. `headers` may hold secrets."""

    max_bytes: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    private_addresses: bool = False
    header_hosts: Collection[str] = ()
    """The hosts that `headers` are meant for; none named: whatever host an address names."""

    def headers_for(self, address: RequestUrl, first: RequestUrl) -> Mapping[str, str]:
        """The headers that may go to an address, where `first` is the one that was to be fetched."""
        if not self.header_hosts:
            return self.headers if address.origin == first.origin else {}
        is_meant = address.origin.host in {host.lower() for host in self.header_hosts}
        is_downgrade = first.origin.scheme == "https" and address.origin.scheme == "http"
        return self.headers if is_meant and not is_downgrade else {}


@dataclass(frozen=True, slots=True)
class CacheValidators:
    """What a server told of the bytes we hold (RFC 9110 section 8.8), so that it need not send them again."""

    etag: str | None = None
    last_modified: str | None = None

    def to_headers(self) -> dict[str, str]:
        """The request's conditions (RFC 9110 section 13.1)."""
        said = {"if-none-match": self.etag, "if-modified-since": self.last_modified}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Download:
    """What came. `content` None: the server says that what we hold is still right."""

    content: bytes | None
    known: CacheValidators


class Spending:
    """The budgets every request of a provider's photos passes, and what it is counted on."""

    def __init__(self, quota: Quota | None, requests: list[Budget], volume: Budget | None) -> None:
        self._quota = quota
        self._requests = requests
        self._volume = volume

    async def wait_left(self) -> None:
        """Wait until more bytes may come. RateLimited where that is longer than is waited for."""
        if self._volume is not None:
            await self._volume.wait_left()

    async def wait_turn(self) -> None:
        """Wait until one request may leave. RateLimited where that is longer than is waited for."""
        await self.wait_left()
        for budget in self._requests:
            await budget.wait_turn()
        if self._quota is not None:
            await self._quota.wait_turn()

    async def note(self, size: int) -> None:
        """Count bytes that came."""
        if self._volume is not None and size:
            await self._volume.spend(size)

    async def close(self, duration: timedelta) -> None:
        """The source asked to be left alone."""
        if self._quota is not None:
            await self._quota.close(duration)
        for budget in self._requests[:1] if self._quota is None else ():
            await budget.close(duration)


class Downloader:
    """Downloads for one provider."""

    def __init__(
        self, client: httpx2.AsyncClient, spending: Spending, limits: DownloadLimits, clock: Clock, provider_id: str
    ) -> None:
        self._client = client
        self._spending = spending
        self._limits = limits
        self._clock = clock
        self._log = get_log("transport").bind(provider=provider_id)

    async def fetch(
        self, url: str, *, known: CacheValidators | None = None, is_good: Callable[[], bool] = lambda: True
    ) -> Download:
        """Fetch an address once. When the request's turn has come, `is_good` tells whether the address is still fresh.

        AddressUsedUp for one that leads nowhere; RateLimited, SourceUnavailable and SourceBrokeProtocol as for any
        request; MediaRejected for what is too large, or stands where downloads may not go.
        """
        address = first = _parse(url)
        for _ in range(_MOST_REDIRECTS + 1):
            await self._spending.wait_turn()
            if not is_good():
                raise UrlAlreadyUsed("the address grew too old before its turn came")
            headers = {**(known or CacheValidators()).to_headers(), **self._limits.headers_for(address, first)}
            response = await self._send(address, headers)
            try:
                if response.status_code not in _REDIRECTS:
                    return await self._read(address, response)
                address = _parse(urljoin(address.url, response.headers.get("location", "")))
            finally:
                await response.aclose()
        raise MediaRejected(f"{first.name} redirects without end")

    async def wait_left(self) -> None:
        """Wait until more bytes may come, by whatever road. RateLimited where that is longer than is waited for."""
        await self._spending.wait_left()

    async def count(self, content: bytes) -> None:
        """Count a photo whose bytes came by another road. MediaRejected where it is too large."""
        await self._spending.note(len(content))
        if len(content) > self._limits.max_bytes:
            raise MediaRejected(f"it is larger than {self._limits.max_bytes} bytes")

    async def _send(self, address: RequestUrl, headers: Mapping[str, str]) -> httpx2.Response:
        spoken = {**_DEFAULT_HEADERS, **{name.lower(): value for name, value in headers.items()}}
        request = httpx2.Request(
            "GET",
            address.origin,
            headers={**spoken, "accept-encoding": "gzip"},
            extensions={"target": address.target, "timeout": self._client.timeout.as_dict()},
        )
        try:
            response = await self._client.send(request, stream=True)
        except httpx2.TransportError as error:
            self._log.debug("download failed", at=address.name, failure=type(error).__name__)
            raise judge_failure("GET", address.name, error).error from error
        self._log.debug("download", at=address.name, status=response.status_code)
        return response

    async def _read(self, address: RequestUrl, response: httpx2.Response) -> Download:
        status, headers = response.status_code, join_headers(response.headers.raw)
        known = CacheValidators(headers.get("etag"), headers.get("last-modified"))
        trouble = judge_answer("GET", address.name, status, headers, self._clock.now())
        if trouble is not None:
            if trouble.stay_away is not None:
                await self._spending.close(trouble.stay_away)
                raise RateLimited(str(trouble.error), not_before=self._clock.now() + trouble.stay_away)
            raise trouble.error
        if status == _NOT_MODIFIED:
            return Download(None, known)
        if status in _USED_UP:
            raise UrlAlreadyUsed(f"{address.name} answered with status {status}")
        if status != _OK:
            raise SourceBrokeProtocol(f"{address.name} answered with status {status}")
        return Download(await self._read_content(address, response, headers), known)

    async def _read_content(self, address: RequestUrl, response: httpx2.Response, headers: Mapping[str, str]) -> bytes:
        most, meter = self._limits.max_bytes, Meter()
        told = headers.get("content-length", "")
        if told.isdecimal() and int(told) > most:
            raise MediaRejected(f"{address.name} is larger than {most} bytes")
        content = bytearray()
        try:
            async with aclosing(read_body(response, address.name, meter)) as chunks:
                async for chunk in chunks:
                    content += chunk
                    if len(content) > most:
                        raise MediaRejected(f"{address.name} is larger than {most} bytes")
        finally:
            await self._spending.note(meter.bytes)
        return bytes(content)


def _parse(url: str) -> RequestUrl:
    try:
        return parse_url(url)
    except (InvalidInput, ValueError):
        raise MediaRejected("the photo's address is not one of http or https that can be fetched") from None
