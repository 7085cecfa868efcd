"""The only HTTP client socket: every request to a source passes its quota, the retry, the meter and the log."""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self

import httpx2

from platbook.base.clock import Clock
from platbook.base.errors import RateLimited
from platbook.base.http_reply import HttpReply
from platbook.base.log import get_log
from platbook.db import Database
from platbook.transport.bodies import read_body
from platbook.transport.budgets import Allowance, Budget
from platbook.transport.downloads import Downloader, DownloadLimits, Spending
from platbook.transport.headers import join_headers, parse_cookies
from platbook.transport.meter import Meter
from platbook.transport.quota import NoQuota, Quota
from platbook.transport.retry import TRIES, TransportFailure, judge_answer, judge_failure, plan_pauses
from platbook.transport.ssrf_guard import GuardedTransport
from platbook.transport.timing import Timing
from platbook.transport.urls import RequestUrl, find_onward, parse_url

TIMEOUTS = httpx2.Timeout(connect=10, write=60, read=120, pool=60)
"""Seconds for each phase; `read` is the longest silence, for a source may think long before a large page."""

_LIMITS = httpx2.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_HOUR = timedelta(hours=1)
_AT_ONCE = 0.1
_KEPT_BACK = 0.1
_DEFAULT_HEADERS = {"user-agent": "Platbook", "accept": "*/*"}


class Transport:
    """The connections of one process, lent out provider by provider."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        client: httpx2.AsyncClient,
        outside: httpx2.AsyncClient,
        timing: Timing,
    ) -> None:
        self._database = database
        self._clock = clock
        self._client = client
        self._outside = outside
        self._timing = timing

    @classmethod
    @asynccontextmanager
    async def open(
        cls, database: Database, clock: Clock, *, timing: Timing | None = None, timeouts: httpx2.Timeout = TIMEOUTS
    ) -> AsyncGenerator[Self]:
        """Open the pool of connections and close it at the end of the block."""
        for library in ("httpcore2", "httpx2"):  # on lower levels they write headers and addresses into the log
            logging.getLogger(library).setLevel(logging.WARNING)
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        guarded = GuardedTransport(_LIMITS)
        async with (
            httpx2.AsyncClient(timeout=timeouts, limits=_LIMITS, cookies=no_cookies) as client,
            httpx2.AsyncClient(timeout=timeouts, transport=guarded, cookies=no_cookies) as outside,
        ):
            yield cls(database, clock, client, outside, timing or Timing())

    def for_provider(
        self, provider_id: str, *, requests_per_second: float | None = None, meter: Meter | None = None
    ) -> "ProviderClient":
        """Lend a client that keeps within a provider's quota and counts on `meter`. The provider must have its row."""
        quota = Quota(self._database, provider_id, requests_per_second, self._timing)
        return ProviderClient(provider_id, self._client, quota, self._clock, self._timing, meter or Meter())

    def for_service(self, name: str, *, tries: int = TRIES) -> "ProviderClient":
        """Lend a client for what is no source of listings (a sign-in's issuer, the CDN). `name` is for the log."""
        quota = NoQuota(self._clock)
        return ProviderClient(name, self._client, quota, self._clock, self._timing, Meter(), tries=tries)

    def downloads_for(
        self,
        provider_id: str,
        limits: DownloadLimits,
        *,
        requests_per_second: float | None = None,
        allowance: Allowance | None = None,
    ) -> Downloader:
        """Lend downloads within a provider's limits. The provider must have its row.

        They share the provider's quota, but for an allowance of so many requests per second of their own.
        """
        allowance = allowance or Allowance()
        client = self._client if limits.private_addresses else self._outside
        spending = self._to_spending(provider_id, requests_per_second, allowance)
        return Downloader(client, spending, limits, self._clock, provider_id)

    def downloads(self, limits: DownloadLimits) -> Downloader:
        """Lend downloads of what people name themselves, which no provider's budget counts."""
        client = self._client if limits.private_addresses else self._outside
        return Downloader(client, Spending(None, [], None), limits, self._clock, "local")

    def _to_spending(self, provider_id: str, rate: float | None, allowance: Allowance) -> Spending:
        def budget(name: str, limit: float, period: timedelta, at_once: float, kept_back: float = 0) -> Budget:
            return Budget(
                self._database, provider_id, name, self._timing,
                limit=limit, period=period, at_once=at_once, kept_back=kept_back,
            )  # fmt: skip

        requests: list[Budget] = []
        own, hourly, volume = allowance.requests_per_second, allowance.requests_per_hour, allowance.bytes_per_hour
        if own is not None:
            requests.append(budget("photos per second", own, timedelta(seconds=1), 0, _KEPT_BACK))
        if hourly is not None:
            requests.append(budget("photos per hour", hourly, _HOUR, _AT_ONCE))
        quota = None if own is not None else Quota(self._database, provider_id, rate, self._timing)
        return Spending(
            quota, requests, None if volume is None else budget("photo bytes per hour", volume, _HOUR, _AT_ONCE)
        )


@dataclass(frozen=True, slots=True)
class _Sending:
    method: str
    address: RequestUrl
    headers: Mapping[str, str]
    content: bytes | None


class ProviderClient:
    """The connector contract's `HttpClient` for one provider."""

    def __init__(
        self,
        provider_id: str,
        client: httpx2.AsyncClient,
        quota: Quota | NoQuota,
        clock: Clock,
        timing: Timing,
        meter: Meter,
        *,
        tries: int = TRIES,
    ) -> None:
        self.meter = meter
        self._tries = tries
        self._client = client
        self._quota = quota
        self._clock = clock
        self._timing = timing
        self._log = get_log("transport").bind(provider=provider_id)

    @asynccontextmanager
    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> AsyncGenerator[HttpReply]:
        """Send one request and lend its answer. `url` is sent as it stands.

        A GET or HEAD follows up to five redirects within the host; other redirects are handed over. Raises
        SourceUnavailable, SourceBrokeProtocol or RateLimited once trying again has not helped, InvalidInput for what
        cannot be sent. What was sent and may have been acted upon is sent again only if its method is idempotent.
        """
        spoken = {**_DEFAULT_HEADERS, **{name.lower(): value for name, value in (headers or {}).items()}}
        sending = _Sending(method.upper(), parse_url(url), {**spoken, "accept-encoding": "gzip"}, content)
        response, address, cookies = await self._follow(sending)
        try:
            async with aclosing(read_body(response, address.name, self.meter)) as chunks:
                yield HttpReply(response.status_code, join_headers(response.headers.raw), address.url, chunks, cookies)
        finally:
            await response.aclose()

    async def _follow(self, sending: _Sending) -> tuple[httpx2.Response, RequestUrl, dict[str, str]]:
        cookies: dict[str, str] = {}
        redirects = 0
        while True:
            response = await self._persist(sending)
            cookies |= parse_cookies(response.headers.raw, self._clock.now())
            onward = _find_redirect(sending, response) if redirects < _MOST_REDIRECTS else None
            if onward is None:
                return response, sending.address, cookies
            await response.aclose()
            sending = replace(sending, address=onward)
            redirects += 1

    async def _persist(self, sending: _Sending) -> httpx2.Response:
        for pause in plan_pauses(self._timing.draw, self._tries):
            await self._quota.wait_turn()
            answer = await self._try_once(sending)
            if isinstance(answer, httpx2.Response):
                return answer
            if answer.stay_away is not None:
                closing = await self._quota.close(answer.stay_away)
                if pause is None:
                    raise RateLimited(str(answer.error), not_before=closing.until)
            elif pause is None or not answer.again:
                raise answer.error
            else:
                await self._timing.sleep(pause)
        raise AssertionError("the last try returns or raises")

    async def _try_once(self, sending: _Sending) -> httpx2.Response | TransportFailure:
        method, address = sending.method, sending.address
        request = httpx2.Request(
            method,
            address.origin,
            headers=dict(sending.headers),
            content=sending.content,
            extensions={"target": address.target, "timeout": self._client.timeout.as_dict()},
        )
        self.meter.requests += 1
        started = self._timing.monotonic()
        try:
            response = await self._client.send(request, stream=True)
        except httpx2.TransportError as error:
            trouble = judge_failure(method, address.name, error)
            self._note(sending, started, failure=type(error).__name__)
            return trouble
        self._note(sending, started, status=response.status_code)
        headers = join_headers(response.headers.raw)
        trouble = judge_answer(method, address.name, response.status_code, headers, self._clock.now())
        if trouble is None:
            return response
        await response.aclose()
        return trouble

    def _note(self, sending: _Sending, started: float, **outcome: object) -> None:
        seconds = round(self._timing.monotonic() - started, 3)
        self._log.debug("request", method=sending.method, to=sending.address.name, seconds=seconds, **outcome)


def _find_redirect(sending: _Sending, response: httpx2.Response) -> RequestUrl | None:
    if response.status_code not in _REDIRECTS or sending.method not in ("GET", "HEAD"):
        return None
    return find_onward(sending.address, response.headers.get("location"))
