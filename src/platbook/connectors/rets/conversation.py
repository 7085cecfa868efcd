"""A logged-in conversation: headers, cookies, authorization, and a new login when the session is lost."""

import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from platbook.connectors.contract import (
    CredentialsRefused,
    HttpClient,
    HttpReply,
    PlatbookError,
    ProviderMisconfigured,
    SourceBrokeProtocol,
)
from platbook.connectors.rets.settings import RetsCredentials, RetsSettings
from platbook.protocols.rets.authorization import Authorization, parse_challenge
from platbook.protocols.rets.login import LoginReply, parse_login
from platbook.protocols.rets.query import encode

_OK = 200
_UNAUTHORIZED = 401
_SESSION_GONE = frozenset({401, 412})


class SessionLostError(Exception):
    """The source has forgotten our login; a new one is worth one try."""


class Conversation:
    """Sends transactions of one login. `http` has retry, quota and log."""

    def __init__(self, http: HttpClient, settings: RetsSettings, credentials: RetsCredentials) -> None:
        self._http, self._settings, self._credentials = http, settings, credentials
        self._cookies: dict[str, str] = {}
        self._authorization: Authorization | None = None
        self._login: LoginReply | None = None

    @property
    def login_reply(self) -> LoginReply:
        """What the present login said."""
        if self._login is None:
            raise AssertionError("log in first")
        return self._login

    async def log_in(self) -> None:
        """Log in afresh (RETS 1.7.2, section 4), with fresh cookies, and fetch the Action page where one is named."""
        self._cookies.clear()
        self._authorization, self._login = None, None
        url = self._settings.login_url
        async with self._send("GET", url) as reply:
            if reply.status == _UNAUTHORIZED:
                raise CredentialsRefused("the source does not accept this user name and password")
            if reply.status != _OK:
                raise SourceBrokeProtocol(f"the login is answered with HTTP status {reply.status}")
            self._login = parse_login(await reply.body(), url, charset_of(reply.headers))
        action = self._login.capabilities.get("Action")
        if action:
            async with self._send("GET", action) as reply:
                await reply.body()

    async def log_out(self) -> None:
        """Log out; whatever the source answers to it, the login is over."""
        address = self._login.capabilities.get("Logout") if self._login else None
        if address:
            with suppress(PlatbookError):
                async with self._send("GET", address) as reply:
                    await reply.body()

    @asynccontextmanager
    async def ask(self, capability: str, arguments: Mapping[str, str]) -> AsyncGenerator[HttpReply]:
        """Send one transaction and lend its answer; SessionLostError where the login is forgotten."""
        address = self.login_reply.capabilities.get(capability)
        if address is None:
            raise ProviderMisconfigured(f"the source does not offer {capability}")
        said = encode(arguments)
        if self._settings.method == "POST":
            sent = self._send("POST", address, said.encode())
        else:
            sent = self._send("GET", f"{address}{'&' if urlsplit(address).query else '?'}{said}")
        async with sent as reply:
            if reply.status in _SESSION_GONE:
                raise SessionLostError
            if reply.status != _OK:
                raise SourceBrokeProtocol(
                    f"{capability} is answered with HTTP status {reply.status}", sample=await reply.body()
                )
            yield reply

    @asynccontextmanager
    async def _send(self, method: str, url: str, content: bytes | None = None) -> AsyncGenerator[HttpReply]:
        async with self._http.send(method, url, headers=self._headers(method, url, content), content=content) as reply:
            self._keep_cookies(reply)
            challenge = reply.headers.get("www-authenticate", "") if reply.status == _UNAUTHORIZED else ""
            if not self._accept_challenge(challenge):
                yield reply
                return
        # Challenged: some servers do so on every request. The same request once more, signed anew.
        async with self._http.send(method, url, headers=self._headers(method, url, content), content=content) as reply:
            self._keep_cookies(reply)
            yield reply

    def _accept_challenge(self, header: str) -> bool:
        challenge = parse_challenge(header)
        if challenge is None:
            return False
        known = self._authorization
        if known is not None and known.challenge == challenge:
            return False  # the very challenge that was answered already: the answer is refused
        credentials = self._credentials
        self._authorization = Authorization(challenge, credentials.username, credentials.password.get_secret_value())
        return True

    def _headers(self, method: str, url: str, content: bytes | None) -> dict[str, str]:
        headers = {
            "User-Agent": self._credentials.user_agent,
            "RETS-Version": self._settings.rets_version,
            "Accept": "*/*",
        }
        if content is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if self._authorization is not None:
            parts = urlsplit(url)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers["Authorization"], self._authorization = self._authorization.sign(
                method, target, secrets.token_hex(8)
            )
        return headers

    def _keep_cookies(self, reply: HttpReply) -> None:
        for name, value in reply.cookies.items():
            if value:
                self._cookies[name] = value
            else:
                self._cookies.pop(name, None)


def charset_of(headers: Mapping[str, str]) -> str | None:
    """The charset an HTTP reply declares."""
    for part in headers.get("content-type", "").split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"') or None
    return None
