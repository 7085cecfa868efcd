"""A logged-in session over HTTP: headers, cookies, authorization, and a new login when the session is lost.

A source may end a session at any time and report it in many ways: status 401 or 412, codes 20036, 20037 and 20701, a
redirect to its login. Each is met with one new login and the request again. A source that ends the new session as well,
before it has answered anything, refuses the login in its own way: nobody logs in a third time, since vendors lock
accounts that do.

Credentials and cookies go to the login's host and to trusted ones alone, and never from https to http: the transport
follows redirects within a host, and a login reply that names another is refused.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from platbook.base.times import parse_http_date
from platbook.connectors.contract import (
    Clock,
    CredentialsRefused,
    HttpClient,
    HttpReply,
    LoginSlotTaken,
    NeedsOperator,
    PlatbookError,
    ProviderMisconfigured,
    ReplyTooLarge,
    SourceBrokeProtocol,
    SourceTooSlow,
    SourceUnavailable,
)
from platbook.connectors.rets.settings import RetsCredentials, RetsSettings
from platbook.protocols.rets.authorization import Authorization, Challenge, parse_challenge
from platbook.protocols.rets.codes import ReplyOutcome, classify_reply_code, to_error
from platbook.protocols.rets.login import LoginReply, parse_login
from platbook.protocols.rets.query import encode
from platbook.protocols.rets.user_agent import UserAgentCredentials
from platbook.protocols.rets.xml import Encoding, ReplyStatus, parse_status
from platbook.transport.source_hosts import SourceHosts, host_of

T = TypeVar("T")
Pause = Callable[[float], Awaitable[None]]

_OK, _UNAUTHORIZED, _PRECONDITION_FAILED = 200, 401, 412
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TOO_OLD_OR_NEW = frozenset({400, 406, 412, 505})
_VERSION = re.compile(r"RETS/1\.\d(?:\.\d)?")
_VERSIONS = ("RETS/1.7.2", "RETS/1.8", "RETS/1.5")
"""The versions to try; each is a login, and a server may mean something else by its refusal."""
_MAX_VERSIONS = 3
_SESSION_COOKIE = "rets-session-id"
_CALLED = ("Action", "GetMetadata", "GetObject", "Logout", "Search")
"""The capabilities whose URLs are used."""
_SECONDS_BETWEEN_LOGINS = 5.0
_LONGEST_LOGOUT = 20.0
_TRIES = 3
_LOGIN_REFUSED = frozenset({20036, 20037})
_SECONDS_BETWEEN_TRIES = 1.0


class SourceClock:
    """The source's clock by the Date of its last reply (RETS 1.7.2, section 3.5), where it is ahead of ours."""

    def __init__(self, http_session: "RetsHttpSession", clock: Clock) -> None:
        self._http_session, self._clock = http_session, clock

    def now(self) -> datetime:
        """The later of the two."""
        return max(self._clock.now(), self.source_now())

    def source_now(self) -> datetime:
        """The source's own; ours, where it sends no Date."""
        return self._http_session.source_time or self._clock.now()


class SessionLost(SourceUnavailable):
    """The source has ended our session; logging in again is tried once. `answer` is how it said so."""

    def __init__(self, answer: str = "", *, refuses_credentials: bool = False) -> None:
        super().__init__("the source has ended the session")
        self.answer, self._refuses_credentials = answer, refuses_credentials

    @classmethod
    def by_code(cls, status: ReplyStatus) -> "SessionLost":
        """As a reply code says; 20036 and 20037 refuse a login or its user agent."""
        return cls(f"code {status.code}: {status.text}", refuses_credentials=status.code in _LOGIN_REFUSED)

    def to_refusal(self) -> PlatbookError:
        """The error where a new login has not helped."""
        message = f"the source accepts the login and then refuses its session ({self.answer or 'it has ended'})"
        if self._refuses_credentials:
            return CredentialsRefused(f"{message}: the login may lack a permission, or its user agent be unknown")
        return NeedsOperator(f"{message}: ask the vendor whether the login is locked, or used elsewhere")


class _VersionRefused(Exception):
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
        self.source_time: datetime | None = None
        self._vain: PlatbookError | None = None
        self._http, self._settings, self._credentials, self._pause = http, settings, credentials, pause
        self._hosts = SourceHosts.of([settings.login_url], settings.trusted_hosts)
        self._cookies: dict[str, dict[str, str]] = {}
        self._authorization: Authorization | None = None
        self._login: LoginReply | None = None
        self._version = settings.rets_version
        self._user_agent = credentials.to_user_agent(settings.user_agent_form)

    @property
    def login_reply(self) -> LoginReply:
        """The reply to the current login."""
        if self._login is None:
            raise AssertionError("log in first")
        return self._login

    @property
    def version(self) -> str:
        """The protocol version in use."""
        return self._version

    async def log_in(self) -> None:
        """Log in again (RETS 1.7.2, section 4): wait for a session slot, find the version by trying.

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

    async def renew(self, lost: SessionLost) -> None:
        """Log in again after a lost session, unless the last new login has helped nothing."""
        if self._vain is not None:
            raise self._vain
        self._vain = lost.to_refusal()
        try:
            await self.log_in()
        except PlatbookError as error:
            self._vain = error
            raise

    def confirm(self) -> None:
        """The session has answered a request: should it be lost, a new login may help."""
        self._vain = None

    async def log_out(self) -> None:
        """Log out; whatever the source answers to it, the login is over."""
        url = self._login.capabilities.get("Logout") if self._login else None
        self._login = None
        if url:
            with suppress(PlatbookError, TimeoutError):
                async with asyncio.timeout(_LONGEST_LOGOUT), self._send("GET", url) as reply:
                    await reply.body()

    async def transact(
        self, capability: str, arguments: Mapping[str, str], read: Callable[[HttpReply], Awaitable[T]]
    ) -> T:
        """Send one transaction as `transact_once` does; a broken reply is requested again."""
        return await self.retry_broken(lambda: self.transact_once(capability, arguments, read))

    async def transact_once(
        self, capability: str, arguments: Mapping[str, str], read: Callable[[HttpReply], Awaitable[T]]
    ) -> T:
        """Send one transaction and read its answer; `read` raises SessionLost if a reply code means it.

        A lost session is met with one new login and the transaction again.
        """
        while True:
            try:
                answer = await self._ask(capability, arguments, read)
            except SessionLost as lost:
                await self.renew(lost)
            else:
                self.confirm()
                return answer

    async def retry_broken(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Run one request to the source; a reply that is broken or times out is requested again.

        Some servers break one reply in many. What is broken three times is an error, whatever was broken about it.
        A reply that exceeds a limit of ours would do so again.
        """
        for _ in range(_TRIES - 1):
            try:
                return await attempt()
            except (ReplyTooLarge, SourceTooSlow):
                raise
            except SourceBrokeProtocol:
                pass
            except SourceUnavailable:
                await self._pause(_SECONDS_BETWEEN_TRIES)
        return await attempt()

    @asynccontextmanager
    async def open_transaction(self, capability: str, arguments: Mapping[str, str]) -> AsyncGenerator[HttpReply]:
        """Send one transaction and yield its reply, to be read as it arrives; SessionLost."""
        if self._login is None:  # the last login failed
            raise SessionLost
        url = self._login.capabilities.get(capability)
        if url is None:
            raise ProviderMisconfigured(f"the source does not offer {capability}")
        query = encode(arguments)
        if self._settings.method == "POST":
            sent = self._send("POST", url, query.encode())
        else:
            sent = self._send("GET", f"{url}{'&' if urlsplit(url).query else '?'}{query}")
        async with sent as reply:
            await self._judge(capability, url, reply)
            yield reply

    def encoding_of(self, reply: HttpReply) -> Encoding:
        """The encoding that the reply's headers and the settings name."""
        return Encoding(_charset_of(reply.headers), self._settings.encoding)

    async def _ask(self, capability: str, arguments: Mapping[str, str], read: Callable[[HttpReply], Awaitable[T]]) -> T:
        async with self.open_transaction(capability, arguments) as reply:
            return await read(reply)

    async def _judge(self, capability: str, url: str, reply: HttpReply) -> None:
        if reply.status in {_UNAUTHORIZED, _PRECONDITION_FAILED}:
            refuses_credentials = reply.status == _UNAUTHORIZED
            raise SessionLost(f"HTTP status {reply.status}", refuses_credentials=refuses_credentials)
        if self._leads_to_login(url, reply):
            raise SessionLost("a redirect to the login")
        if reply.status == _OK:
            return
        body = await reply.body()
        status = parse_status(body, self.encoding_of(reply))
        if status is not None and status.code:  # the status of HTTP and the code of RETS, mixed
            if classify_reply_code(status.code, logged_in=True) is ReplyOutcome.SESSION_LOST:
                raise SessionLost.by_code(status)
            raise to_error(status.code, status.text, logged_in=True)
        onward = self._object_to_redirect(reply)
        if onward is not None:
            raise SourceBrokeProtocol(f"{capability} is redirected to an endpoint {onward}")
        raise SourceBrokeProtocol(f"{capability} is answered with HTTP status {reply.status}", sample=body)

    def _object_to_redirect(self, reply: HttpReply) -> str | None:
        """Why a redirect was not followed, where that is for its host or for its scheme."""
        location = reply.headers.get("location") if reply.status in _REDIRECTS else None
        return None if location is None else self._hosts.find_objection(_join(reply.url, location))

    def _leads_to_login(self, url: str, reply: HttpReply) -> bool:
        """Whether we were sent to the login, or a page for people to log in on, instead."""
        led = reply.url
        if reply.status in _REDIRECTS:
            led = _join(reply.url, reply.headers.get("location", ""))
        where, requested = urlsplit(led).path.lower(), urlsplit(url).path.lower()
        return where != requested and ("login" in where or where == urlsplit(self._settings.login_url).path.lower())

    async def _log_in_by_version(self) -> None:
        """Log in in the version that is set, or else in the first one that the source takes; later on in that alone."""
        first = self._version
        refusals: list[PlatbookError] = []
        versions = [first] if self.logins else list(dict.fromkeys((first, *_VERSIONS)))[:_MAX_VERSIONS]
        for version in versions:
            self._version = version
            try:
                await self._log_in()
            except _VersionRefused as refused:
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
        login_url = f"{url}{'&' if urlsplit(url).query else '?'}{encode({'BrokerCode': code})}" if code else url
        async with self._send("GET", login_url) as reply:
            body = await reply.body()
            login = self._read_login(reply, body, url)
            self._adopt_version(reply)
        await self._accept_login(login)
        self.logins += 1
        action = self.login_reply.capabilities.get("Action")
        if action:  # to be fetched before anything else (section 4.10)
            async with self._send("GET", action) as reply:
                await reply.body()

    async def _accept_login(self, login: LoginReply) -> None:
        """Accept a login, unless it names a URL that credentials may not be sent to."""
        objections = {
            name: objection
            for name, url in login.capabilities.items()
            if name in _CALLED and (objection := self._hosts.find_objection(url)) is not None
        }
        allowed = {name: url for name, url in login.capabilities.items() if name not in objections}
        self._login = LoginReply(allowed, login.info)
        for name, objection in objections.items():
            await self.log_out()  # the session slot is released
            raise self._to_refusal(f"the login reply names {name} {objection}")

    def _to_refusal(self, message: str) -> PlatbookError:
        """The first login follows the settings alone; a later one that fails differs from it."""
        return SourceBrokeProtocol(message) if self.logins else ProviderMisconfigured(message)

    def _read_login(self, reply: HttpReply, body: bytes, url: str) -> LoginReply:
        encoding = self.encoding_of(reply)
        if reply.status != _OK:
            self._refuse_login(reply, parse_status(body, encoding), body)
        # Relative addresses are resolved against the one that was used for this login, where a redirect led included.
        parsed = parse_login(body, reply.url or url, encoding)
        if isinstance(parsed, LoginReply):
            return parsed
        error = to_error(parsed.code, parsed.text, logged_in=False)
        if "version" in parsed.text.lower():
            raise _VersionRefused(error)
        raise error

    def _refuse_login(self, reply: HttpReply, status: ReplyStatus | None, body: bytes) -> None:
        """Raise what a login answered with another status than 200 means."""
        error: PlatbookError
        if status is not None and status.code:
            error = to_error(status.code, status.text, logged_in=False)
        elif reply.status == _UNAUTHORIZED:
            error = CredentialsRefused("the source does not accept this user name and password")
        elif (onward := self._object_to_redirect(reply)) is not None:
            error = self._to_refusal(f"the login is redirected to an endpoint {onward}")
        else:
            error = SourceBrokeProtocol(f"the login is answered with HTTP status {reply.status}", sample=body)
        says_version = status is None or not status.code or "version" in status.text.lower()
        if reply.status in _TOO_OLD_OR_NEW and says_version:
            raise _VersionRefused(error)
        raise error

    def _adopt_version(self, reply: HttpReply) -> None:
        match = _VERSION.fullmatch(reply.headers.get("rets-version", "").strip())
        if match is not None:
            self._version = match[0]

    def _first_authorization(self) -> Authorization | None:
        # Some servers of Basic do not challenge: they expect the credentials at once.
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
        # Challenged: some servers do so on every request. The same request once more, signed again.
        headers, request_id = self._headers(method, url, content)
        async with self._http.send(method, url, headers=headers, content=content) as reply:
            self._keep(url, reply, request_id)
            yield reply

    def _accept_challenge(self, header: str) -> bool:
        challenge = parse_challenge(header, prefer=self._settings.auth)
        if challenge is None:
            return False
        current = self._authorization
        answered = self._authorize(challenge) if current is None else current.answer_challenge(challenge)
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
        self.source_time = parse_http_date(reply.headers.get("date", "")) or self.source_time
        echoed = reply.headers.get("rets-request-id", "")
        if request_id and echoed and echoed != request_id:
            raise SourceBrokeProtocol("the source answered another request (RETS-Request-ID differs)")
        if self._authorization is not None:
            self._authorization = self._authorization.update_nonce(reply.headers.get("authentication-info", ""))


def _join(base: str, location: str) -> str:
    """Where a redirect leads; nowhere else, where its address is none."""
    try:
        return urljoin(base, location)
    except ValueError:  # brackets without a valid IPv6 address
        return base


def _charset_of(headers: Mapping[str, str]) -> str | None:
    """The charset an HTTP reply declares."""
    for part in headers.get("content-type", "").split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"') or None
    return None
