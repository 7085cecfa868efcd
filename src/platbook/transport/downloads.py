"""Downloads of photos and files: one attempt per URL, as some URLs are valid once, within limits of rate and size.

Retries are up to the caller, with a fresh URL. The provider's own headers may hold a secret, so they are sent to
trusted hosts only, and dropped when a redirect leads to another host.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import httpx2

from platbook.base.clock import Clock
from platbook.base.errors import InvalidInput, MediaRejected, RateLimited, SourceBrokeProtocol, TryLater
from platbook.base.log import get_log
from platbook.transport.bodies import find_unknown_codings
from platbook.transport.cache_validators import CacheValidators
from platbook.transport.gcra import GcraLimiter
from platbook.transport.headers import RawHeaders, join_headers
from platbook.transport.instrumentation import TrafficCounter
from platbook.transport.limited_client import LimitedClient
from platbook.transport.rate_limit import SourceRateLimiter
from platbook.transport.retry import classify_error, classify_response
from platbook.transport.source_hosts import NO_HOSTS, SourceHosts
from platbook.transport.ssrf_guard import AddressBlocked
from platbook.transport.urls import RequestUrl, encode_redirect, encode_url, parse_url

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_NOT_MODIFIED, _OK = 304, 200
_EXPIRED_STATUSES = frozenset({401, 403, 404, 410})
_DEFAULT_HEADERS = {"user-agent": "Platbook", "accept": "image/*, */*;q=0.5"}
_PLAIN = re.compile(
    rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF....(?:WEBP|AVI)|II\*\0|MM\0\*|....ftyp|\x1aE\xdf\xa3|0&\xb2u|%PDF-|PK\x03\x04",
    re.DOTALL,
)
"""The first bytes of pictures, videos and documents that are in no coding."""
_PLAIN_BYTES = 16


class UrlAlreadyUsed(TryLater):
    """The URL is invalid or has expired: request a new one from the source."""


class DownloadTooLarge(MediaRejected):
    """There are more bytes than the limits allow."""


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """The limits of a provider's downloads. `headers` may hold secrets; `max_bytes` counts decompressed bytes."""

    max_bytes: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    private_addresses: bool = False
    header_hosts: SourceHosts = NO_HOSTS
    """The hosts that `headers` are sent to; a source may give out URLs of any other."""

    def headers_for(self, url: RequestUrl, requested: RequestUrl) -> Mapping[str, str]:
        """Return the headers that may be sent to `url`, to which redirects led from `requested`."""
        is_downgrade = requested.origin.scheme == "https" and url.origin.scheme == "http"
        return {} if is_downgrade or self.header_hosts.find_objection(url.url) is not None else self.headers

    def explain_refusal(self, url: RequestUrl) -> str:
        """A hint for a photo that was refused where the headers were not sent; empty where they were."""
        if not self.headers or self.header_hosts.find_objection(url.url) is None:
            return ""
        return f"; media.headers are not sent to {url.origin.host}, unless media.headerHosts names it"


class DownloadTarget(Protocol):
    """Where the bytes of a download go."""

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes, decompressed. What it raises ends the download."""
        ...


class _Memory:
    def __init__(self) -> None:
        self.content = bytearray()

    async def write(self, chunk: bytes) -> None:
        self.content += chunk


@dataclass(frozen=True, slots=True)
class Download:
    """A download. `content` None: not modified (304), so the stored bytes are current."""

    content: bytes | None
    validators: CacheValidators


@dataclass(frozen=True, slots=True)
class Received:
    """A download whose bytes went to its target; none did where it is not modified (304)."""

    is_modified: bool
    validators: CacheValidators


class DownloadLimiter:
    """The rate limits that apply to a provider's photos: shared with its listings, of requests, and of bytes."""

    def __init__(
        self, shared: SourceRateLimiter | None, requests: list[GcraLimiter], volume: GcraLimiter | None
    ) -> None:
        self._shared = shared
        self._requests = requests
        self._volume = volume

    async def wait_available(self) -> None:
        """Wait until more bytes may be received. RateLimited if that takes longer than `MAX_WAIT`."""
        if self._volume is not None:
            await self._volume.wait_available()

    async def acquire(self) -> None:
        """Wait until one request may leave. RateLimited if that takes longer than `MAX_WAIT`."""
        await self.wait_available()
        for limiter in self._requests:
            await limiter.acquire()
        if self._shared is not None:
            await self._shared.acquire()

    async def charge(self, size: int) -> None:
        """Count bytes that were received."""
        if self._volume is not None and size:
            await self._volume.charge(size)

    async def pause(self, duration: timedelta) -> None:
        """Send nothing for `duration`, as the source asked."""
        if self._shared is not None:
            await self._shared.pause(duration)
        for limiter in self._requests[:1] if self._shared is None else ():
            await limiter.pause(duration)


class Downloader:
    """Downloads for one provider."""

    def __init__(
        self,
        client: LimitedClient,
        limiter: DownloadLimiter,
        limits: DownloadLimits,
        clock: Clock,
        provider_id: str,
    ) -> None:
        self._client = client
        self._limiter = limiter
        self._limits = limits
        self._clock = clock
        self._log = get_log("transport").bind(provider=provider_id)

    async def fetch(
        self, url: str, *, validators: CacheValidators | None = None, is_fresh: Callable[[], bool] = lambda: True
    ) -> Download:
        """Fetch a URL into memory; see `fetch_into`."""
        target = _Memory()
        received = await self.fetch_into(target, url, validators=validators, is_fresh=is_fresh)
        return Download(bytes(target.content) if received.is_modified else None, received.validators)

    async def fetch_into(
        self,
        target: DownloadTarget,
        url: str,
        *,
        validators: CacheValidators | None = None,
        is_fresh: Callable[[], bool] = lambda: True,
    ) -> Received:
        """Fetch a URL once. After the wait for the rate limits, `is_fresh` decides whether the URL is still valid.

        UrlAlreadyUsed if the URL is invalid or expired; RateLimited, SourceUnavailable and SourceBrokeProtocol as for
        any request; MediaRejected if the content is too large or the host is not allowed. A 304 to a request without
        `validators` is SourceBrokeProtocol: nothing is stored that could be current.
        """
        current = requested = _parse(url)
        for _ in range(_MAX_REDIRECTS + 1):
            await self._limiter.acquire()
            if not is_fresh():
                raise UrlAlreadyUsed("the URL expired while it waited for the rate limit")
            conditions = (validators or CacheValidators()).to_headers()
            headers = {**conditions, **self._limits.headers_for(current, requested)}
            response = await self._send(current, headers)
            try:
                if response.status_code not in _REDIRECTS:
                    return await self._read(target, current, response, is_conditional=bool(conditions))
                current = _parse_redirect(current, _find_location(response.headers.raw))
            finally:
                await response.aclose()
        raise MediaRejected(f"{requested.name} redirects more than {_MAX_REDIRECTS} times")

    async def wait_available(self) -> None:
        """Wait until more bytes may be received in any way. RateLimited if that takes longer than `MAX_WAIT`."""
        await self._limiter.wait_available()

    async def charge(self, content: bytes) -> None:
        """Count a photo that was received in another way. DownloadTooLarge."""
        await self._limiter.charge(len(content))
        if len(content) > self._limits.max_bytes:
            raise DownloadTooLarge(f"the photo is larger than {self._limits.max_bytes} bytes")

    async def _send(self, url: RequestUrl, headers: Mapping[str, str]) -> httpx2.Response:
        sent_headers = {**_DEFAULT_HEADERS, **{name.lower(): value for name, value in headers.items()}}
        try:
            response = await self._client.send("GET", url, {**sent_headers, "accept-encoding": "gzip"})
        except AddressBlocked as error:
            raise MediaRejected(f"{error}, which is refused unless media.privateAddresses is set") from None
        except httpx2.TransportError as error:
            self._log.debug("download failed", at=url.name, failure=type(error).__name__)
            raise classify_error("GET", url.name, error).error from error
        self._log.debug("download", at=url.name, status=response.status_code)
        return response

    async def _read(
        self, target: DownloadTarget, url: RequestUrl, response: httpx2.Response, *, is_conditional: bool
    ) -> Received:
        status, headers = response.status_code, join_headers(response.headers.raw)
        validators = CacheValidators(headers.get("etag"), headers.get("last-modified"))
        failure = classify_response("GET", url.name, status, headers, self._clock.now())
        if failure is not None:
            if failure.pause_for is not None:
                await self._limiter.pause(failure.pause_for)
                raise RateLimited(str(failure.error), not_before=self._clock.now() + failure.pause_for)
            raise failure.error
        if status == _NOT_MODIFIED and is_conditional:
            return Received(is_modified=False, validators=validators)
        if status in _EXPIRED_STATUSES:
            raise UrlAlreadyUsed(f"{url.name} answered with status {status}{self._limits.explain_refusal(url)}")
        if status != _OK:
            why = " (not modified) to a request without conditions" if status == _NOT_MODIFIED else ""
            raise SourceBrokeProtocol(f"{url.name} answered with status {status}{why}")
        await self._read_content(target, url, response, headers)
        return Received(is_modified=True, validators=validators)

    async def _read_content(
        self, target: DownloadTarget, url: RequestUrl, response: httpx2.Response, headers: Mapping[str, str]
    ) -> None:
        max_bytes, traffic = self._limits.max_bytes, TrafficCounter()
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > max_bytes:
            raise DownloadTooLarge(f"{url.name} is larger than {max_bytes} bytes")
        size, start = 0, b""
        try:
            chunks = self._client.read(response, url.name, traffic, ignore_unknown_codings=True)
            async with aclosing(chunks):
                async for chunk in chunks:
                    size, start = size + len(chunk), (start + chunk)[:_PLAIN_BYTES] if size < _PLAIN_BYTES else start
                    if size > max_bytes:
                        raise DownloadTooLarge(f"{url.name} is larger than {max_bytes} bytes")
                    await target.write(chunk)
        finally:
            await self._limiter.charge(traffic.bytes)
        if find_unknown_codings(headers.get("content-encoding", "")) and not _PLAIN.match(start):
            raise SourceBrokeProtocol(f"{url.name} answered in a Content-Encoding that was not requested")


def _find_location(raw: RawHeaders) -> str:
    """The Location header, as UTF-8 where it is; other bytes are kept, to be encoded as they came."""
    found = next((value for name, value in raw if name.lower() == b"location"), b"")
    return found.decode("utf-8", "surrogateescape")


def _parse_redirect(url: RequestUrl, location: str) -> RequestUrl:
    if not location.strip():
        raise MediaRejected(f"{url.name} redirects without a Location")
    try:
        return parse_url(encode_redirect(url.url, location))
    except (InvalidInput, ValueError):  # urljoin: brackets without a valid IPv6 address
        raise MediaRejected(f"{url.name} redirects to what is no valid http or https URL") from None


def _parse(url: str) -> RequestUrl:
    try:
        return parse_url(encode_url(url))
    except InvalidInput:
        raise MediaRejected("the photo's URL must be a valid http or https URL") from None
