"""A logged-in conversation: headers, cookies, authorization, and a new login when the session is lost.

A source may forget a login at any time and say so in many ways: status 401 or 412, codes 20036, 20037 and 20701, a
redirect to its login. Each is met with one new login and the request again.

Credentials and cookies go to the login's host and to trusted ones alone, and never from https to http: the transport
follows redirects within a host, and a login reply that names another is refused.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from platbook.base.times import as_utc
from platbook.connectors.contract import (
    Clock,
    CredentialsRefused,
    HttpClient,
    HttpReply,
    LoginSlotTaken,
    PlatbookError,
    ProviderMisconfigured,
    SourceBrokeProtocol,
    SourceUnavailable,
)
from platbook.connectors.rets.hosts import TrustedHosts, host_of
from platbook.connectors.rets.settings import RetsCredentials, RetsSettings
from platbook.protocols.rets.authorization import Authorization, Challenge, parse_challenge
from platbook.protocols.rets.codes import ReplyOutcome, classify_reply_code, to_error
from platbook.protocols.rets.login import LoginReply, parse_login
from platbook.protocols.rets.query import encode
from platbook.protocols.rets.user_agent import UserAgentCredentials
from platbook.protocols.rets.xml import Encoding, ReplyStatus, parse_status

T = TypeVar("T")
Pause = Callable[[float], Awaitable[None]]

_OK, _UNAUTHORIZED, _PRECONDITION_FAILED = 200, 401, 412
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TOO_OLD_OR_NEW = frozenset({400, 406, 412, 505})
_VERSION = re.compile(r"RETS/1\.\d(?:\.\d)?")
_VERSIONS = ("RETS/1.7.2", "RETS/1.8", "RETS/1.7", "RETS/1.5")
_SESSION_COOKIE = "rets-session-id"
_CALLED = ("Action", "GetMetadata", "GetObject", "Logout", "Search")
"""The capabilities whose addresses are used."""
_SECONDS_BETWEEN_LOGINS = 5.0
_LONGEST_LOGOUT = 20.0
_TRIES = 3
_SECONDS_BETWEEN_TRIES = 1.0


class SourceClock:
    """The source's own clock, as its last answer told it (Date, RETS 1.7.2, section 3.5), where it is ahead of ours."""

    def __init__(self, conversation: "RetsHttpSession", clock: Clock) -> None:
        self._conversation, self._clock = conversation, clock

    def now(self) -> datetime:
        """The later of the two."""
        ours, theirs = self._clock.now(), self._conversation.told_at
        return ours if theirs is None else max(ours, theirs)


class SessionLost(SourceUnavailable):
    """The source has ended our session; logging in again is worth one try."""

    def __init__(self) -> None:
        super().__init__("the source has ended the session")


class _OtherVersionWantedError(Exception):
    """The source does not take a login in this version of the protocol."""

    def __init__(self, reason: PlatbookError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class RetsHttpSession:
    """Sends transactions of one login. `http` has retry, quota and log."""

    def __init__(
        self, http: HttpClient, settings: RetsSettings, credentials: RetsCredentials, pause: Pause = asyncio.sleep
    ) -> None:
        self.logins = 0
        self.told_at: datetime | None = None
        self._http, self._settings, self._credentials, self._pause = http, settings, credentials, pause
        self._hosts = TrustedHosts(settings.login_url, settings.trusted_hosts)
        self._cookies: dict[str, dict[str, str]] = {}
        self._authorization: Authorization | None = None
        self._login: LoginReply | None = None
        self._version = settings.rets_version
        self._user_agent = credentials.to_user_agent(settings.user_agent_form)

    @property
    def login_reply(self) -> LoginReply:
        """What the present login said."""
        if self._login is None:
            raise AssertionError("log in first")
        return self._login

    @property
    def version(self) -> str:
        """The version both sides speak."""
        return self._version

    async def log_in(self) -> None:
        """Log in afresh (RETS 1.7.2, section 4): the slot is waited for, the version found by trying.

        LoginSlotTaken: another session holds the login's only slot, and has not left it in `slotWaitSeconds`.
        """
        waited = 0.0
        while True:
            try:
                await self._log_in_by_version()
            except LoginSlotTaken:
                if waited >= self._settings.slot_wait_seconds:
                    raise
                pause = min(_SECONDS_BETWEEN_LOGINS, self._settings.slot_wait_seconds - waited)
                await self._pause(pause)
                waited += pause
            else:
                return

    async def log_out(self) -> None:
        """Log out; whatever the source answers to it, the login is over."""
        address = self._login.capabilities.get("Logout") if self._login else None
        self._login = None
        if address:
            with suppress(PlatbookError, TimeoutError):
                async with asyncio.timeout(_LONGEST_LOGOUT), self._send("GET", address) as reply:
                    await reply.body()

    async def ask(self, capability: str, arguments: Mapping[str, str], read: Callable[[HttpReply], Awaitable[T]]) -> T:
        """Send one transaction and read its answer; `read` raises SessionLost where a code says so.

        A lost session is met with one new login and the transaction again; so is a broken reply, without the login.
        """
        return await self.persist(lambda: self._ask_or_log_in(capability, arguments, read))

    async def _ask_or_log_in(
        self, capability: str, arguments: Mapping[str, str], read: Callable[[HttpReply], Awaitable[T]]
    ) -> T:
        try:
            return await self._ask(capability, arguments, read)
        except SessionLost:
            await self.log_in()
        try:
            return await self._ask(capability, arguments, read)
        except SessionLost:
            raise SourceUnavailable("the source forgets the login again and again") from None

    async def persist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Do what asks the source for one thing; a reply that is broken, or comes too late, is asked for again.

        Some servers break one reply in many. What is broken three times is an error, whatever was broken about it.
        """
        for _ in range(_TRIES - 1):
            try:
                return await attempt()
            except SourceBrokeProtocol:
                pass
            except SourceUnavailable:
                await self._pause(_SECONDS_BETWEEN_TRIES)
        return await attempt()

    @asynccontextmanager
    async def asking(self, capability: str, arguments: Mapping[str, str]) -> AsyncGenerator[HttpReply]:
        """Send one transaction and lend its answer, to be read as it comes; SessionLost where it is forgotten."""
        if self._login is None:  # the last login failed
            raise SessionLost
        address = self._login.capabilities.get(capability)
        if address is None:
            raise ProviderMisconfigured(f"the source does not offer {capability}")
        said = encode(arguments)
        if self._settings.method == "POST":
            sent = self._send("POST", address, said.encode())
        else:
            sent = self._send("GET", f"{address}{'&' if urlsplit(address).query else '?'}{said}")
        async with sent as reply:
            await self._judge(capability, address, reply)
            yield reply

    def encoding_of(self, reply: HttpReply) -> Encoding:
        """What is said of a reply's encoding outside of it."""
        return Encoding(_charset_of(reply.headers), self._settings.encoding)

    async def _ask(self, capability: str, arguments: Mapping[str, str], read: Callable[[HttpReply], Awaitable[T]]) -> T:
        async with self.asking(capability, arguments) as reply:
            return await read(reply)

    async def _judge(self, capability: str, address: str, reply: HttpReply) -> None:
        if reply.status in {_UNAUTHORIZED, _PRECONDITION_FAILED} or self._leads_to_login(address, reply):
            raise SessionLost
        if reply.status == _OK:
            return
        body = await reply.body()
        status = parse_status(body, self.encoding_of(reply))
        if status is not None and status.code:  # the status of HTTP and the code of RETS, mixed
            if classify_reply_code(status.code, logged_in=True) is ReplyOutcome.SESSION_LOST:
                raise SessionLost
            raise to_error(status.code, status.text, logged_in=True)
        onward = self._object_to_redirect(reply)
        if onward is not None:
            raise SourceBrokeProtocol(f"{capability} is redirected to a place {onward}")
        raise SourceBrokeProtocol(f"{capability} is answered with HTTP status {reply.status}", sample=body)

    def _object_to_redirect(self, reply: HttpReply) -> str | None:
        """Why a redirect was not followed, where that is for its host or for its scheme."""
        location = reply.headers.get("location") if reply.status in _REDIRECTS else None
        return None if location is None else self._hosts.find_objection(_join(reply.url, location))

    def _leads_to_login(self, address: str, reply: HttpReply) -> bool:
        """Whether we were sent to the login, or a page for people to log in on, instead."""
        led = reply.url
        if reply.status in _REDIRECTS:
            led = _join(reply.url, reply.headers.get("location", ""))
        where, asked = urlsplit(led).path.lower(), urlsplit(address).path.lower()
        return where != asked and ("login" in where or where == urlsplit(self._settings.login_url).path.lower())

    async def _log_in_by_version(self) -> None:
        """Log in in the version that is set, or else in the first one that the source takes."""
        first = self._version
        refusals: list[PlatbookError] = []
        for version in dict.fromkeys((first, *_VERSIONS)):
            self._version = version
            try:
                await self._log_in()
            except _OtherVersionWantedError as refused:
                refusals.append(refused.reason)
            else:
                return
        self._version = first
        raise refusals[0]

    async def _log_in(self) -> None:
        self._cookies.clear()
        self._authorization, self._login = self._first_authorization(), None
        url = self._settings.login_url
        code = self._settings.broker_code
        asked = f"{url}{'&' if urlsplit(url).query else '?'}{encode({'BrokerCode': code})}" if code else url
        async with self._send("GET", asked) as reply:
            body = await reply.body()
            found = self._read_login(reply, body, url)
            self._adopt_version(reply)
        await self._accept_login(found)
        self.logins += 1
        action = self.login_reply.capabilities.get("Action")
        if action:  # to be fetched before anything else (section 4.10)
            async with self._send("GET", action) as reply:
                await reply.body()

    async def _accept_login(self, found: LoginReply) -> None:
        """Take up a login, unless an address that it names may not be sent what authorizes us."""
        objections = {
            name: objection
            for name, url in found.capabilities.items()
            if name in _CALLED and (objection := self._hosts.find_objection(url)) is not None
        }
        kept = {name: url for name, url in found.capabilities.items() if name not in objections}
        self._login = LoginReply(kept, found.info)
        for name, objection in objections.items():
            await self.log_out()  # the slot is not kept
            raise self._to_refusal(f"the login reply names {name} {objection}")

    def _to_refusal(self, message: str) -> PlatbookError:
        """The first login of a conversation goes by the settings alone; a later one differs from it."""
        return SourceBrokeProtocol(message) if self.logins else ProviderMisconfigured(message)

    def _read_login(self, reply: HttpReply, body: bytes, url: str) -> LoginReply:
        encoding = self.encoding_of(reply)
        if reply.status != _OK:
            self._refuse_login(reply, parse_status(body, encoding), body)
        # Relative addresses are resolved against the one that was used for this login, where a redirect led included.
        found = parse_login(body, reply.url or url, encoding)
        if isinstance(found, LoginReply):
            return found
        error = to_error(found.code, found.text, logged_in=False)
        if "version" in found.text.lower():
            raise _OtherVersionWantedError(error)
        raise error

    def _refuse_login(self, reply: HttpReply, status: ReplyStatus | None, body: bytes) -> None:
        """Raise what a login answered with another status than 200 means."""
        error: PlatbookError
        if status is not None and status.code:
            error = to_error(status.code, status.text, logged_in=False)
        elif reply.status == _UNAUTHORIZED:
            error = CredentialsRefused("the source does not accept this user name and password")
        elif (onward := self._object_to_redirect(reply)) is not None:
            error = self._to_refusal(f"the login is redirected to a place {onward}")
        else:
            error = SourceBrokeProtocol(f"the login is answered with HTTP status {reply.status}", sample=body)
        says_version = status is None or not status.code or "version" in status.text.lower()
        if reply.status in _TOO_OLD_OR_NEW and says_version:
            raise _OtherVersionWantedError(error)
        raise error

    def _adopt_version(self, reply: HttpReply) -> None:
        said = _VERSION.fullmatch(reply.headers.get("rets-version", "").strip())
        if said is not None:
            self._version = said[0]

    def _first_authorization(self) -> Authorization | None:
        # Some servers of Basic do not challenge: they expect to be told at once.
        return self._authorize(Challenge("basic", {})) if self._settings.auth == "basic" else None

    def _authorize(self, challenge: Challenge) -> Authorization:
        credentials = self._credentials
        return Authorization(challenge, credentials.username, credentials.password.get_secret_value())

    @asynccontextmanager
    async def _send(self, method: str, url: str, content: bytes | None = None) -> AsyncGenerator[HttpReply]:
        headers, request_id = self._headers(method, url, content)
        async with self._http.send(method, url, headers=headers, content=content) as reply:
            self._keep(url, reply, request_id)
            challenge = reply.headers.get("www-authenticate", "") if reply.status == _UNAUTHORIZED else ""
            if not self._accept_challenge(challenge):
                yield reply
                return
        # Challenged: some servers do so on every request. The same request once more, signed anew.
        headers, request_id = self._headers(method, url, content)
        async with self._http.send(method, url, headers=headers, content=content) as reply:
            self._keep(url, reply, request_id)
            yield reply

    def _accept_challenge(self, header: str) -> bool:
        challenge = parse_challenge(header, prefer=self._settings.auth)
        if challenge is None:
            return False
        known = self._authorization
        answered = self._authorize(challenge) if known is None else known.answer_challenge(challenge)
        if answered is None:
            return False
        self._authorization = answered
        return True

    def _headers(self, method: str, url: str, content: bytes | None) -> tuple[dict[str, str], str]:
        """The headers of one request, and its id."""
        request_id = secrets.token_hex(16) if self._settings.send_request_id else ""
        headers = {
            "User-Agent": self._credentials.user_agent,
            "RETS-Version": self._version,
            "Accept": self._settings.accept,
        }
        if request_id:
            headers["RETS-Request-ID"] = request_id
        if content is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        cookies = self._cookies.get(host_of(url), {})
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        if self._user_agent is not None:
            headers["RETS-UA-Authorization"] = self._sign_user_agent(self._user_agent, cookies, request_id)
        if self._authorization is not None:
            parts = urlsplit(url)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers["Authorization"], self._authorization = self._authorization.sign(
                method, target, secrets.token_hex(8)
            )
        return headers, request_id

    def _sign_user_agent(self, user_agent: UserAgentCredentials, cookies: Mapping[str, str], request_id: str) -> str:
        session_id = next((value for name, value in cookies.items() if name.lower() == _SESSION_COOKIE), "")
        return user_agent.sign(request_id=request_id, session_id=session_id, rets_version=self._version)

    def _keep(self, url: str, reply: HttpReply, request_id: str) -> None:
        """Keep the host's cookies, the next nonce and the date; an answer to another's request is none to ours."""
        cookies = self._cookies.setdefault(host_of(url), {})
        for name, value in reply.cookies.items():
            if value:
                cookies[name] = value
            else:
                cookies.pop(name, None)
        self.told_at = _parse_date(reply.headers.get("date", "")) or self.told_at
        echoed = reply.headers.get("rets-request-id", "")
        if request_id and echoed and echoed != request_id:
            raise SourceBrokeProtocol("the source answers another request than ours (RETS-Request-ID)")
        if self._authorization is not None:
            self._authorization = self._authorization.update_nonce(reply.headers.get("authentication-info", ""))


def _join(base: str, location: str) -> str:
    """Where a redirect leads; nowhere else, where its address is none."""
    try:
        return urljoin(base, location)
    except ValueError:  # brackets that are no IPv6 address
        return base


def _parse_date(said: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(said)
    except (ValueError, IndexError, TypeError):
        return None
    return as_utc(date)


def _charset_of(headers: Mapping[str, str]) -> str | None:
    """The charset an HTTP reply declares."""
    for part in headers.get("content-type", "").split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"') or None
    return None
