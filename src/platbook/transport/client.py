"""The HTTP client of sources and services: rate limit, retries with backoff, redirects, traffic counter, log.

No other module opens an HTTP connection.
"""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self
from urllib.request import getproxies

import httpx2

from platbook.base.clock import Clock
from platbook.base.errors import RateLimited, SourceBrokeProtocol
from platbook.base.http_reply import HttpReply
from platbook.base.log import get_log
from platbook.db import Database
from platbook.transport.bodies import DEFAULT_LIMITS
from platbook.transport.downloads import Downloader, DownloadLimiter, DownloadLimits
from platbook.transport.gcra import DownloadRateLimits, GcraLimiter, Rate
from platbook.transport.headers import join_headers, parse_cookies
from platbook.transport.instrumentation import TimeSource, TrafficCounter
from platbook.transport.limited_client import LimitedClient
from platbook.transport.rate_limit import RetryAfterLimiter, SourceRateLimiter
from platbook.transport.request_route import RequestRoute
from platbook.transport.retry import MAX_ATTEMPTS, TransportFailure, classify_error, classify_response, plan_backoff
from platbook.transport.source_hosts import SourceHosts
from platbook.transport.ssrf_guard import AddressBlocked, AddressRules, DirectTransport
from platbook.transport.transfer import TransferLimits
from platbook.transport.urls import RequestUrl, parse_url, resolve_redirect

TIMEOUTS = httpx2.Timeout(connect=10, write=60, read=120, pool=60)
"""Seconds for each phase; `read` is the longest silence, as a source may compute a large page for long."""

_LIMITS = httpx2.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_HOUR = timedelta(hours=1)
_BURST_SHARE = 0.1
_SAFETY_MARGIN = 0.1
_DEFAULT_HEADERS = {"user-agent": "Platbook", "accept": "*/*"}


DEFAULT_RULES = AddressRules()


def _uses_proxy() -> bool:
    """Whether the environment names a proxy, as the HTTP client reads it."""
    return any(getproxies().get(scheme) for scheme in ("http", "https", "all"))


class Transport:
    """The HTTP connection pools of one process; makes a client or downloader for each provider."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        client: httpx2.AsyncClient,
        outside: httpx2.AsyncClient,
        time_source: TimeSource,
        limits: TransferLimits = DEFAULT_LIMITS,
        rules: AddressRules = DEFAULT_RULES,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._public_only = None if _uses_proxy() else LimitedClient(outside, limits, time_source.monotonic)
        self._client = LimitedClient(client, limits, time_source.monotonic)
        self._inside_photos = LimitedClient(client, limits.for_photos(), time_source.monotonic)
        self._outside_photos = LimitedClient(outside, limits.for_photos(), time_source.monotonic)
        self._time_source = time_source

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        database: Database,
        clock: Clock,
        *,
        time_source: TimeSource | None = None,
        timeouts: httpx2.Timeout = TIMEOUTS,
        limits: TransferLimits = DEFAULT_LIMITS,
        rules: AddressRules = DEFAULT_RULES,
    ) -> AsyncGenerator[Self]:
        """Open the connection pools and close them at the end of the block."""
        for library in ("httpcore2", "httpx2"):  # on lower levels they log headers and URLs
            logging.getLogger(library).setLevel(logging.WARNING)
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        guarded = DirectTransport(_LIMITS, rules, public_only=True)
        direct = None if _uses_proxy() else DirectTransport(_LIMITS, rules, public_only=False)
        async with (
            httpx2.AsyncClient(timeout=timeouts, limits=_LIMITS, transport=direct, cookies=no_cookies) as client,
            httpx2.AsyncClient(timeout=timeouts, transport=guarded, cookies=no_cookies) as outside,
        ):
            yield cls(database, clock, client, outside, time_source or TimeSource(), limits, rules)

    def for_provider(
        self,
        provider_id: str,
        hosts: SourceHosts | None = None,
        *,
        requests_per_second: float | None = None,
        traffic: TrafficCounter | None = None,
    ) -> "ProviderClient":
        """Return a client within a provider's rate limit that counts in `traffic`. The provider must have its row.

        It sends to `hosts` alone; where they are none, to the host of its first request.
        """
        limiter = SourceRateLimiter(self._database, provider_id, requests_per_second, self._time_source)
        route = RequestRoute(self._client, hosts or SourceHosts(), self._public_only, self._rules.is_public)
        return ProviderClient(provider_id, route, limiter, self._clock, self._time_source, traffic or TrafficCounter())

    def for_service(self, name: str, *, max_attempts: int = MAX_ATTEMPTS) -> "ProviderClient":
        """Return a client for a service other than a listing source (OIDC issuer, CDN). `name` is for the log."""
        limiter = RetryAfterLimiter(self._clock)
        return ProviderClient(
            name,
            RequestRoute(self._client),
            limiter,
            self._clock,
            self._time_source,
            TrafficCounter(),
            max_attempts=max_attempts,
        )

    def downloads_for(
        self,
        provider_id: str,
        limits: DownloadLimits,
        *,
        requests_per_second: float | None = None,
        rate_limits: DownloadRateLimits | None = None,
    ) -> Downloader:
        """Return a downloader within a provider's limits. The provider must have its row.

        Downloads share the provider's rate limit, unless `rate_limits` gives them their own requests per second.
        """
        rate_limits = rate_limits or DownloadRateLimits()
        client = self._inside_photos if limits.private_addresses else self._outside_photos
        limiter = self._to_download_limiter(provider_id, requests_per_second, rate_limits)
        return Downloader(client, limiter, limits, self._clock, provider_id)

    def downloads(self, limits: DownloadLimits) -> Downloader:
        """Return a downloader for URLs that users enter; no rate limit of a provider counts them."""
        client = self._inside_photos if limits.private_addresses else self._outside_photos
        return Downloader(client, DownloadLimiter(None, [], None), limits, self._clock, "local")

    def _to_download_limiter(
        self, provider_id: str, requests_per_second: float | None, limits: DownloadRateLimits
    ) -> DownloadLimiter:
        def limiter(name: str, rate: Rate) -> GcraLimiter:
            return GcraLimiter(self._database, provider_id, name, rate, self._time_source)

        requests: list[GcraLimiter] = []
        own_rate, volume = limits.requests_per_second, limits.bytes_per_hour
        if own_rate is not None:
            rate = Rate(own_rate, timedelta(seconds=1), safety_margin=_SAFETY_MARGIN)
            requests.append(limiter("photos per second", rate))
        if limits.requests_per_hour is not None:
            requests.append(limiter("photos per hour", Rate(limits.requests_per_hour, _HOUR, _BURST_SHARE)))
        shared = None
        if own_rate is None:
            shared = SourceRateLimiter(self._database, provider_id, requests_per_second, self._time_source)
        per_volume = None if volume is None else limiter("photo bytes per hour", Rate(volume, _HOUR, _BURST_SHARE))
        return DownloadLimiter(shared, requests, per_volume)


@dataclass(frozen=True, slots=True)
class _OutgoingRequest:
    method: str
    url: RequestUrl
    headers: Mapping[str, str]
    content: bytes | None


class ProviderClient:
    """HTTP client for one provider or service; implements `HttpClient` of the connector contract."""

    def __init__(
        self,
        provider_id: str,
        route: RequestRoute,
        rate_limiter: SourceRateLimiter | RetryAfterLimiter,
        clock: Clock,
        time_source: TimeSource,
        traffic: TrafficCounter,
        *,
        max_attempts: int = MAX_ATTEMPTS,
    ) -> None:
        self.traffic = traffic
        self._max_attempts = max_attempts
        self._route = route
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._time_source = time_source
        self._log = get_log("transport").bind(provider=provider_id)

    @asynccontextmanager
    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> AsyncGenerator[HttpReply]:
        """Send one request and yield its response. `url` is sent unchanged.

        GET and HEAD follow up to five redirects within the host; others are returned. Raises SourceUnavailable,
        SourceBrokeProtocol or RateLimited when retries have not helped, InvalidInput for what cannot be sent. A request
        that the server may have processed is repeated only if its method is idempotent (RFC 9110 section 9.2.2). A
        provider's request to a host that is not its own is not sent: SourceBrokeProtocol.
        """
        sent_headers = {**_DEFAULT_HEADERS, **{name.lower(): value for name, value in (headers or {}).items()}}
        self._route.check(url)
        request = _OutgoingRequest(method.upper(), parse_url(url), {**sent_headers, "accept-encoding": "gzip"}, content)
        response, final_url, cookies = await self._follow_redirects(request)
        try:
            async with aclosing(self._route.client.read(response, final_url.name, self.traffic)) as chunks:
                headers_by_name = join_headers(response.headers.raw)
                most = self._route.client.limits.max_body_bytes
                yield HttpReply(response.status_code, headers_by_name, final_url.url, chunks, cookies, most)
        finally:
            await response.aclose()

    async def _follow_redirects(self, request: _OutgoingRequest) -> tuple[httpx2.Response, RequestUrl, dict[str, str]]:
        cookies: dict[str, str] = {}
        redirects = 0
        while True:
            response = await self._send_with_retries(request)
            cookies |= parse_cookies(response.headers.raw, self._clock.now())
            target = _find_redirect(request, response) if redirects < _MAX_REDIRECTS else None
            if target is None:
                return response, request.url, cookies
            await response.aclose()
            request = replace(request, url=target)
            redirects += 1

    async def _send_with_retries(self, request: _OutgoingRequest) -> httpx2.Response:
        for backoff in plan_backoff(self._time_source.random, self._max_attempts):
            await self._rate_limiter.acquire()
            outcome = await self._attempt(request)
            if isinstance(outcome, httpx2.Response):
                return outcome
            if outcome.pause_for is not None:
                pause = await self._rate_limiter.pause(outcome.pause_for)
                if backoff is None:
                    raise RateLimited(str(outcome.error), not_before=pause.until)
            elif backoff is None or not outcome.is_retryable:
                raise outcome.error
            else:
                await self._time_source.sleep(backoff)
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, request: _OutgoingRequest) -> httpx2.Response | TransportFailure:
        method, url = request.method, request.url
        self.traffic.requests += 1
        started = self._time_source.monotonic()
        try:
            response = await self._route.send(method, url, request.headers, request.content)
        except AddressBlocked as error:
            self._log_request(request, started, failure=type(error).__name__)
            reason = f"{error}, although the source itself is on the public internet"
            return TransportFailure(SourceBrokeProtocol(reason), is_retryable=False)
        except httpx2.TransportError as error:
            self._log_request(request, started, failure=type(error).__name__)
            return classify_error(method, url.name, error)
        self._log_request(request, started, status=response.status_code)
        headers = join_headers(response.headers.raw)
        failure = classify_response(method, url.name, response.status_code, headers, self._clock.now())
        if failure is None:
            return response
        await response.aclose()
        return failure

    def _log_request(self, request: _OutgoingRequest, started: float, **outcome: object) -> None:
        seconds = round(self._time_source.monotonic() - started, 3)
        self._log.debug("request", method=request.method, to=request.url.name, seconds=seconds, **outcome)


def _find_redirect(request: _OutgoingRequest, response: httpx2.Response) -> RequestUrl | None:
    if response.status_code not in _REDIRECTS or request.method not in ("GET", "HEAD"):
        return None
    return resolve_redirect(request.url, response.headers.get("location"))
