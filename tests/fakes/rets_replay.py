"""A scripted RETS server on loopback: a login, then one scripted body per search."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

LOGIN = b"""<RETS ReplyCode="0" ReplyText="Operation Success.">
<RETS-RESPONSE>
MemberName=
User=Username,NULL,NULL,Username
Login=/rets/login
Logout=/rets/logout
Search=/rets/search
TimeoutSeconds=1800
</RETS-RESPONSE>
</RETS>"""
NONE_FOUND = b'<RETS ReplyCode="20201" ReplyText="No Records Found."/>'


@dataclass
class Request:
    """One received request."""

    method: str
    path: str
    arguments: dict[str, str]
    headers: dict[str, str]


@dataclass
class Answer:
    """A reply to send."""

    body: bytes
    status: int = 200
    headers: Sequence[str] = ()
    cut_at: int | None = None


@dataclass
class RetsReplay:
    """The server's script and its recorded requests. Searches are answered in turn; the last reply is repeated."""

    searches: list[Answer | bytes] = field(default_factory=list[Answer | bytes])
    login: bytes = LOGIN
    other_body: bytes = b'<RETS ReplyCode="0" ReplyText="Goodbye"/>'
    """The reply to Action and Logout."""
    auth: str = "basic"
    date: str | None = None
    """The server's clock, sent with every reply."""
    port: int = 0
    requests: list[Request] = field(default_factory=list[Request])
    nonces: int = 0

    @property
    def login_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/rets/login"

    def searched(self) -> list[dict[str, str]]:
        """The arguments of every search, in order."""
        return [request.arguments for request in self.requests if request.path.lower().startswith("/rets/search")]

    def answer(self, request: Request) -> Answer:
        refusal = self._refuse(request)
        if refusal is not None:
            return refusal
        self.requests.append(request)
        path = request.path.lower()
        if "login" in path:
            body = self.login.replace(b"http://server.rets.com", f"http://127.0.0.1:{self.port}".encode())
            return Answer(body, headers=["Set-Cookie: RETS-Session-ID=s1; Path=/"])
        if "search" in path:
            reply = self.searches.pop(0) if len(self.searches) > 1 else self.searches[0]
            return reply if isinstance(reply, Answer) else Answer(reply)
        return Answer(self.other_body)

    def _refuse(self, request: Request) -> Answer | None:
        authorization = request.headers.get("authorization", "")
        if self.auth == "basic" and authorization == "Basic ZGVtbzpzZWNyZXQ=":
            return None
        if self.auth == "digest" and self._digest_is_right(request, authorization):
            return None
        if self.auth == "basic":
            return Answer(b"who are you", 401, ['WWW-Authenticate: Basic realm="rets"'])
        self.nonces += 1
        challenge = f'WWW-Authenticate: Digest realm="rets", nonce="n{self.nonces}", opaque="o", qop="auth"'
        return Answer(b"who are you", 401, [challenge])

    def _digest_is_right(self, request: Request, authorization: str) -> bool:
        if not authorization.startswith("Digest "):
            return False
        parameters = {
            name.strip(): value.strip().strip('"')
            for name, _, value in (part.partition("=") for part in authorization[7:].split(", "))
        }

        def md5(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        secret, request_hash = md5("demo:rets:secret"), md5(f"{request.method}:{parameters['uri']}")
        expected = md5(f"{secret}:{parameters['nonce']}:{parameters['nc']}:{parameters['cnonce']}:auth:{request_hash}")
        return parameters["response"] == expected and parameters["nonce"] == f"n{self.nonces}"


@asynccontextmanager
async def serving(replay: RetsReplay) -> AsyncGenerator[RetsReplay]:
    """Serve on a free loopback port until the block ends."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (head := await _read_head(reader)) is not None:
            answer = replay.answer(head)
            is_typed = any(header.lower().startswith("content-type:") for header in answer.headers)
            lines = [
                f"HTTP/1.1 {answer.status} X",
                *([] if is_typed else ["Content-Type: text/xml"]),
                f"Content-Length: {len(answer.body)}",
                *([] if replay.date is None else [f"Date: {replay.date}"]),
                *answer.headers,
            ]
            body = answer.body if answer.cut_at is None else answer.body[: answer.cut_at]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
            if answer.cut_at is not None:
                break
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    replay.port = server.sockets[0].getsockname()[1]
    async with server:
        yield replay


async def _read_head(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
    parts = urlsplit(target)
    arguments = parse_qs(body or parts.query, keep_blank_values=True)
    return Request(method, parts.path, {name: values[0] for name, values in arguments.items()}, headers)
