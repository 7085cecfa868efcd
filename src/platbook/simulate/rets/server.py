"""The server: receives an HTTP request, runs one transaction, sends the reply. Each transaction has its own module."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from platbook.simulate.rets.authorization import (
    Authenticator,
    ChallengeError,
    Scheme,
    SimulatedLogin,
    UserAgentHeaders,
    check_user_agent,
)
from platbook.simulate.rets.codes import RefusedError, ReplyCode
from platbook.simulate.rets.delivery import to_response
from platbook.simulate.rets.faults import get_fault_reply, get_reply_faults
from platbook.simulate.rets.formatting import get_time_zone
from platbook.simulate.rets.login import (
    CAPABILITIES,
    FORCED_VERSION,
    LOGIN,
    URL_QUERY,
    write_action,
    write_login,
    write_logout,
)
from platbook.simulate.rets.metadata import VERSION, Metadata
from platbook.simulate.rets.metadata_reply import parse_metadata_request, to_date, write_metadata
from platbook.simulate.rets.names import FieldNames
from platbook.simulate.rets.objects import ObjectPartBuilder, get_image_bytes, parse_object_request, to_object_reply
from platbook.simulate.rets.quirks import Quirk, Quirks
from platbook.simulate.rets.reply import XML, RetsReply, to_refusal, to_reply
from platbook.simulate.rets.request_log import RequestLog
from platbook.simulate.rets.rows import write_result
from platbook.simulate.rets.search import find_rows, parse_search, to_page
from platbook.simulate.rets.sessions import COOKIE, ServerSession, SessionEndedError, SessionStore
from platbook.simulate.rets.source import SimulatedSource

DEFAULT_CAP = 100

_SUPPORTED_VERSIONS = ((1, 0), (1, 5), (1, 7), (1, 7, 1), (1, 7, 2), (1, 8))
_VERSION = re.compile(r"RETS/([0-9])\.([0-9])(?:\.([0-9]))?")
_HTTP_FOUND = 302
_BALANCER, _NODE = "BALANCER", "JSESSIONID"


@dataclass(frozen=True)
class ServerProfile:
    """The server's current configuration: its quirks, its row cap, and the field names that follow from them."""

    quirks: Quirks
    cap: int = DEFAULT_CAP

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", FieldNames(self.quirks))

    names: FieldNames = field(init=False, compare=False)


@dataclass(frozen=True, slots=True)
class TransactionRequest:
    """One request as passed to the transactions."""

    transaction: str
    arguments: Mapping[str, str]
    base_url: str
    version: tuple[int, ...]
    session_id: str
    faults: frozenset[Quirk]


class RetsServer:
    """One server over one source."""

    def __init__(
        self, source: SimulatedSource, credentials: SimulatedLogin, scheme: Scheme, profile: ServerProfile
    ) -> None:
        self.source = source
        self.profile = profile
        self.request_log = RequestLog()
        self.sessions = SessionStore(source.clock)
        self._credentials = credentials
        self._authenticator = Authenticator(credentials, scheme)
        self._numbers = itertools.count(1)

    def apply_profile(self, profile: ServerProfile) -> None:
        """Switch to another profile: all sessions end, and the request log is cleared."""
        self.profile = profile
        self.request_log = RequestLog()
        self.sessions.clear()
        self._numbers = itertools.count(1)

    async def answer(self, request: Request) -> Response:
        """Answer one RETS request."""
        transaction = request.path_params["transaction"]
        if transaction not in CAPABILITIES.values():
            return Response("Not found\r\n", 404)
        quirks = self.profile.quirks
        number = next(self._numbers)
        self.request_log.increment(self.request_log.requests, transaction)
        fault_reply = get_fault_reply(number, quirks)
        if fault_reply:
            self.request_log.increment(self.request_log.faults, fault_reply[0])
            return to_response(request, fault_reply[1])
        try:
            reply, session, call = await self._authenticate_and_run(request, transaction, number)
        except ChallengeError as challenge:
            response = Response("Unauthorized\r\n", 401)
            for challenge_header in challenge.challenges:
                response.headers.append("WWW-Authenticate", challenge_header)
            return self._add_headers(request, response, None)
        except SessionEndedError as end:
            self.request_log.increment(self.request_log.refusals, str(end.status))
            location = {"Location": str(request.url.replace(path=LOGIN, query=""))} if end.status == _HTTP_FOUND else {}
            return self._add_headers(request, Response("Session ended\r\n", end.status, location), None)
        except RefusedError as refusal:
            self.request_log.increment(self.request_log.refusals, str(int(refusal.code)))
            reply, session, call = to_refusal(refusal.code, refusal.text, quirks, refusal.status), None, None
        response = to_response(request, reply, call.faults if call else frozenset())
        return self._add_headers(request, response, session)

    async def _authenticate_and_run(
        self, request: Request, transaction: str, number: int
    ) -> tuple[RetsReply, ServerSession | None, TransactionRequest]:
        quirks = self.profile.quirks
        if request.method == "GET" and transaction in {"search", "metadata", "object"} and Quirk.POST_ONLY in quirks:
            return RetsReply([b"POST is expected.\n"], status=405, content_type="text/plain"), None, _NO_CALL
        body = (await request.body()).decode("utf-8", "replace") if request.method == "POST" else ""
        arguments = dict(parse_qsl(request.url.query, keep_blank_values=True)) | dict(
            parse_qsl(body, keep_blank_values=True)
        )
        if transaction != "login" and Quirk.QUERY_URLS in quirks and URL_QUERY not in request.url.query:
            return RetsReply([b"Not found.\n"], status=404, content_type="text/plain"), None, _NO_CALL
        self._authenticate(request, quirks)
        version = self._check_version(request, transaction, quirks)
        session_id = request.cookies.get(COOKIE, "")
        if transaction == "login":
            session = self.sessions.log_in(session_id, quirks)
            self.request_log.max_sessions = max(self.request_log.max_sessions, len(self.sessions))
        else:
            if Quirk.OTHER_HOST_URLS in quirks and not session_id:
                session_id = self.sessions.newest()
            session = self.sessions.touch(session_id, quirks)
            self._check_cookies(request, session, quirks)
            if transaction == "action":
                session.action_fetched = True
            elif Quirk.ACTION_PAGE in quirks and not session.action_fetched and transaction != "logout":
                raise RefusedError(ReplyCode.NOT_LOGGED_IN, "Not logged in: the Action page must be fetched first.")
        faults = get_reply_faults(number, transaction, quirks)
        for fault in faults:
            self.request_log.increment(self.request_log.faults, fault)
        self.request_log.recent_requests.append((transaction, arguments))
        call = TransactionRequest(transaction, arguments, _to_base_url(request), version, session_id, faults)
        return await run_in_threadpool(self._run, call), session, call

    def _authenticate(self, request: Request, quirks: Quirks) -> None:
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        headers = request.headers
        self._authenticator.check(request.method, target, headers.get("Authorization", ""), quirks)
        sent = UserAgentHeaders(
            headers.get("User-Agent", ""),
            headers.get("RETS-UA-Authorization"),
            headers.get("RETS-Request-ID", ""),
            request.cookies.get(COOKIE, ""),
            headers.get("RETS-Version", "").strip(),
        )
        check_user_agent(sent, self._credentials.ua_password, quirks)

    def _check_version(self, request: Request, transaction: str, quirks: Quirks) -> tuple[int, ...]:
        """The negotiated version: the newest supported one that is not newer than the requested one."""
        version = request.headers.get("RETS-Version", "").strip()
        refusal = RefusedError(ReplyCode.MISCELLANEOUS_LOGIN, "Missing or Invalid RETS Version.", 400)
        if version != FORCED_VERSION and (
            Quirk.VERSION_REFUSED in quirks or (Quirk.VERSION_LOWERED in quirks and transaction != "login")
        ):
            raise refusal
        return (1, 5) if Quirk.VERSION_LOWERED in quirks else _to_version(version, refusal)

    def _check_cookies(self, request: Request, session: ServerSession, quirks: Quirks) -> None:
        if Quirk.EXTRA_COOKIES not in quirks or Quirk.OTHER_HOST_URLS in quirks:
            return
        cookies = request.cookies
        if cookies.get(_NODE) != session.node or cookies.get(_BALANCER) != session.balancer:
            raise SessionEndedError(401)

    def _run(self, call: TransactionRequest) -> RetsReply:
        handlers = {
            "login": self._login,
            "action": self._action,
            "logout": self._logout,
            "search": self._search,
            "metadata": self._metadata,
            "object": self._objects,
        }
        return handlers[call.transaction](call)

    def _login(self, call: TransactionRequest) -> RetsReply:
        quirks, user = self.profile.quirks, self._credentials.user
        metadata = (VERSION, to_date(self.source.started, quirks))
        return to_reply(write_login(call.base_url, user, call.version, metadata, quirks), quirks)

    def _action(self, call: TransactionRequest) -> RetsReply:
        del call
        return replace(to_reply(write_action(), self.profile.quirks), content_type="text/html")

    def _logout(self, call: TransactionRequest) -> RetsReply:
        quirks = self.profile.quirks
        self.sessions.log_out(call.session_id)
        plain = Quirk.PLAIN_LOGOUT in quirks
        return replace(to_reply(write_logout(quirks), quirks), content_type="text/plain" if plain else XML)

    def _search(self, call: TransactionRequest) -> RetsReply:
        quirks, names = self.profile.quirks, self.profile.names
        search = parse_search(call.arguments, names, quirks, call.version)
        rows = self.source.search(
            (search.rets_class.name, search.query, search.standard_names, quirks),
            lambda snapshot: find_rows(search, snapshot, names, quirks, self.source.started),
        )
        page = to_page(search, rows, quirks, self.profile.cap)
        return to_reply(write_result(search, page, quirks, photo_base=call.base_url, faults=call.faults), quirks)

    def _metadata(self, call: TransactionRequest) -> RetsReply:
        quirks = self.profile.quirks
        metadata_request = parse_metadata_request(call.arguments, quirks)
        zone = f"{self.source.started.astimezone(get_time_zone(quirks)):%z}"
        metadata = Metadata(self.profile.names, to_date(self.source.started, quirks), f"{zone[:3]}:{zone[3:]}")
        return to_reply(write_metadata(metadata_request, metadata, self.source.started, quirks), quirks)

    def _objects(self, call: TransactionRequest) -> RetsReply:
        quirks = self.profile.quirks
        request = parse_object_request(call.arguments, quirks)
        snapshot = self.source.snapshot()
        builder = ObjectPartBuilder(
            snapshot, lambda key, order: self.source.draw(snapshot, key, order), call.base_url, call.version, quirks
        )
        return to_object_reply(request, builder, quirks)

    async def photo(self, request: Request) -> Response:
        """A photo at its own URL, which needs no login."""
        number = next(self._numbers)
        self.request_log.increment(self.request_log.requests, "photo")
        fault_reply = get_fault_reply(number, self.profile.quirks)
        if fault_reply:
            self.request_log.increment(self.request_log.faults, fault_reply[0])
            return to_response(request, fault_reply[1])
        key, order = request.path_params["key"], request.path_params["order"]
        if request.query_params.get("size") != "full":
            return Response("Bad URL\r\n", 404)
        snapshot = await run_in_threadpool(self.source.snapshot)
        image = await run_in_threadpool(self.source.draw, snapshot, key, order)
        if image is None:
            return Response("Not found\r\n", 404)
        return Response(get_image_bytes(image, self.profile.quirks), media_type="image/jpeg")

    def _add_headers(self, request: Request, response: Response, session: ServerSession | None) -> Response:
        """The headers of every RETS reply (section 3.5), and the cookies of its session."""
        quirks = self.profile.quirks
        lowered = Quirk.VERSION_LOWERED in quirks or Quirk.VERSION_REFUSED in quirks
        response.headers["RETS-Version"] = (
            FORCED_VERSION if lowered else _to_reply_version(request.headers.get("RETS-Version", ""))
        )
        response.headers["RETS-Server"] = "Platbook/1.0"
        response.headers["Cache-Control"] = "private"
        response.headers["Date"] = format_datetime(self.source.market_clock.now(), usegmt=True)
        if request_id := request.headers.get("RETS-Request-ID"):
            response.headers["RETS-Request-ID"] = request_id
        if session is None:
            return response
        if request.path_params["transaction"] == "login":
            response.headers.append("Set-Cookie", f"{COOKIE}={session.id}; Path=/")
        if Quirk.EXTRA_COOKIES in quirks:
            session.balancer = f"{next(self._numbers):x}"
            response.headers.append("Set-Cookie", f"{_NODE}={session.node}; Path=/rets; HttpOnly")
            response.headers.append("Set-Cookie", f"{_BALANCER}={session.balancer}; Path=/")
        return response


_NO_CALL = TransactionRequest("", {}, "", (), "", frozenset())


def _to_base_url(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _to_version(version_text: str, refusal: RefusedError) -> tuple[int, ...]:
    match = _VERSION.fullmatch(version_text)
    if not match:
        raise refusal
    requested = tuple(int(part) for part in match.groups() if part is not None)
    supported = [version for version in _SUPPORTED_VERSIONS if version <= requested]
    if not supported:
        raise refusal
    return supported[-1]


def _to_reply_version(version_text: str) -> str:
    try:
        version = _to_version(version_text.strip(), RefusedError(ReplyCode.MISCELLANEOUS_LOGIN, ""))
    except RefusedError:
        return "RETS/1.7.2"
    return "RETS/" + ".".join(map(str, version))
