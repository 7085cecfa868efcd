"""The server: HTTP in, one transaction, HTTP out. What each transaction says is in modules of its own."""

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
    ChallengeError,
    Credentials,
    Doorkeeper,
    Scheme,
    UserAgent,
    check_user_agent,
)
from platbook.simulate.rets.codes import Code, RefusedError
from platbook.simulate.rets.delivery import to_response
from platbook.simulate.rets.faults import find_strikes, strike_whole
from platbook.simulate.rets.formatting import zone_of
from platbook.simulate.rets.login import CAPABILITIES, INSISTED, LOGIN, QUERY, write_action, write_login, write_logout
from platbook.simulate.rets.metadata import VERSION, Metadata
from platbook.simulate.rets.metadata_reply import parse_metadata_request, to_date, write_metadata
from platbook.simulate.rets.names import Names
from platbook.simulate.rets.objects import Shelf, parse_object_request, to_image, to_object_reply
from platbook.simulate.rets.quirks import Quirk, Quirks
from platbook.simulate.rets.reply import XML, Reply, to_refusal, to_reply
from platbook.simulate.rets.request_log import Statistics
from platbook.simulate.rets.rows import write_result
from platbook.simulate.rets.search import find_rows, parse_search, to_page
from platbook.simulate.rets.sessions import COOKIE, Session, SessionEndedError, Sessions
from platbook.simulate.rets.source import Source

DEFAULT_CAP = 100

_KNOWN_VERSIONS = ((1, 0), (1, 5), (1, 7), (1, 7, 1), (1, 7, 2), (1, 8))
_VERSION = re.compile(r"RETS/([0-9])\.([0-9])(?:\.([0-9]))?")
_FOUND = 302
_BALANCER, _NODE = "BALANCER", "JSESSIONID"


@dataclass(frozen=True)
class Manner:
    """How the server behaves at present: its quirks, its cap, and what follows from them."""

    quirks: Quirks
    cap: int = DEFAULT_CAP

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", Names(self.quirks))

    names: Names = field(init=False, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the transactions see it."""

    transaction: str
    arguments: Mapping[str, str]
    base: str
    version: tuple[int, ...]
    session_id: str
    strikes: frozenset[Quirk]


class RetsServer:
    """One server over one source."""

    def __init__(self, source: Source, credentials: Credentials, scheme: Scheme, manner: Manner) -> None:
        self.source = source
        self.manner = manner
        self.statistics = Statistics()
        self.sessions = Sessions(source.clock)
        self._credentials = credentials
        self._doorkeeper = Doorkeeper(credentials, scheme)
        self._numbers = itertools.count(1)

    def behave(self, manner: Manner) -> None:
        """Take on another manner: all sessions end, and statistics begin anew."""
        self.manner = manner
        self.statistics = Statistics()
        self.sessions.clear()
        self._numbers = itertools.count(1)

    async def answer(self, request: Request) -> Response:
        """Answer one RETS request."""
        transaction = request.path_params["transaction"]
        if transaction not in CAPABILITIES.values():
            return Response("Not found\r\n", 404)
        quirks = self.manner.quirks
        number = next(self._numbers)
        self.statistics.count(self.statistics.requests, transaction)
        struck = strike_whole(number, quirks)
        if struck:
            self.statistics.count(self.statistics.strikes, struck[0])
            return to_response(request, struck[1])
        try:
            reply, session, call = await self._admit_and_do(request, transaction, number)
        except ChallengeError as challenge:
            response = Response("Unauthorized\r\n", 401)
            for one in challenge.challenges:
                response.headers.append("WWW-Authenticate", one)
            return self._dress(request, response, None)
        except SessionEndedError as end:
            self.statistics.count(self.statistics.refusals, str(end.status))
            where = {"Location": str(request.url.replace(path=LOGIN, query=""))} if end.status == _FOUND else {}
            return self._dress(request, Response("Session ended\r\n", end.status, where), None)
        except RefusedError as refusal:
            self.statistics.count(self.statistics.refusals, str(int(refusal.code)))
            reply, session, call = to_refusal(refusal.code, refusal.text, quirks, refusal.status), None, None
        response = to_response(request, reply, call.strikes if call else frozenset())
        return self._dress(request, response, session)

    async def _admit_and_do(
        self, request: Request, transaction: str, number: int
    ) -> tuple[Reply, Session | None, Call]:
        quirks = self.manner.quirks
        if request.method == "GET" and transaction in {"search", "metadata", "object"} and Quirk.POST_ONLY in quirks:
            return Reply([b"POST is expected.\n"], status=405, content_type="text/plain"), None, _NO_CALL
        body = (await request.body()).decode("utf-8", "replace") if request.method == "POST" else ""
        arguments = dict(parse_qsl(request.url.query, keep_blank_values=True)) | dict(
            parse_qsl(body, keep_blank_values=True)
        )
        if transaction != "login" and Quirk.QUERY_URLS in quirks and QUERY not in request.url.query:
            return Reply([b"Not found.\n"], status=404, content_type="text/plain"), None, _NO_CALL
        self._check_who(request, quirks)
        version = self._check_version(request, transaction, quirks)
        held = request.cookies.get(COOKIE, "")
        if transaction == "login":
            session = self.sessions.log_in(held, quirks)
            self.statistics.most_sessions = max(self.statistics.most_sessions, len(self.sessions))
        else:
            if Quirk.OTHER_HOST_URLS in quirks and not held:
                held = self.sessions.newest()
            session = self.sessions.find(held, quirks)
            self._check_cookies(request, session, quirks)
            if transaction == "action":
                session.greeted = True
            elif Quirk.ACTION_PAGE in quirks and not session.greeted and transaction != "logout":
                raise RefusedError(Code.NOT_LOGGED_IN, "Not logged in: the Action page comes first.")
        strikes = find_strikes(number, transaction, quirks)
        for strike in strikes:
            self.statistics.count(self.statistics.strikes, strike)
        self.statistics.asked.append((transaction, arguments))
        call = Call(transaction, arguments, _base(request), version, held, strikes)
        return await run_in_threadpool(self._do, call), session, call

    def _check_who(self, request: Request, quirks: Quirks) -> None:
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        headers = request.headers
        self._doorkeeper.check(request.method, target, headers.get("Authorization", ""), quirks)
        said = UserAgent(
            headers.get("User-Agent", ""),
            headers.get("RETS-UA-Authorization"),
            headers.get("RETS-Request-ID", ""),
            request.cookies.get(COOKIE, ""),
            headers.get("RETS-Version", "").strip(),
        )
        check_user_agent(said, self._credentials.ua_password, quirks)

    def _check_version(self, request: Request, transaction: str, quirks: Quirks) -> tuple[int, ...]:
        """The version that is spoken: the newest known that is not newer than the one asked for."""
        said = request.headers.get("RETS-Version", "").strip()
        refusal = RefusedError(Code.MISCELLANEOUS_LOGIN, "Missing or Invalid RETS Version.", 400)
        if said != INSISTED and (
            Quirk.VERSION_REFUSED in quirks or (Quirk.VERSION_LOWERED in quirks and transaction != "login")
        ):
            raise refusal
        return (1, 5) if Quirk.VERSION_LOWERED in quirks else _to_version(said, refusal)

    def _check_cookies(self, request: Request, session: Session, quirks: Quirks) -> None:
        if Quirk.EXTRA_COOKIES not in quirks or Quirk.OTHER_HOST_URLS in quirks:
            return
        cookies = request.cookies
        if cookies.get(_NODE) != session.node or cookies.get(_BALANCER) != session.balancer:
            raise SessionEndedError(401)

    def _do(self, call: Call) -> Reply:
        do = {
            "login": self._login,
            "action": self._action,
            "logout": self._logout,
            "search": self._search,
            "metadata": self._metadata,
            "object": self._objects,
        }
        return do[call.transaction](call)

    def _login(self, call: Call) -> Reply:
        quirks, user = self.manner.quirks, self._credentials.user
        facts = (VERSION, to_date(self.source.started, quirks))
        return to_reply(write_login(call.base, user, call.version, facts, quirks), quirks)

    def _action(self, call: Call) -> Reply:
        del call
        return replace(to_reply(write_action(), self.manner.quirks), content_type="text/html")

    def _logout(self, call: Call) -> Reply:
        quirks = self.manner.quirks
        self.sessions.log_out(call.session_id)
        plain = Quirk.PLAIN_LOGOUT in quirks
        return replace(to_reply(write_logout(quirks), quirks), content_type="text/plain" if plain else XML)

    def _search(self, call: Call) -> Reply:
        quirks, names = self.manner.quirks, self.manner.names
        search = parse_search(call.arguments, names, quirks)
        rows = self.source.find(
            (search.of_class.name, search.query, search.standard_names, quirks),
            lambda stand: find_rows(search, stand, names, quirks),
        )
        found = to_page(search, rows, quirks, self.manner.cap)
        return to_reply(write_result(search, found, quirks, photo_base=call.base, faults=call.strikes), quirks)

    def _metadata(self, call: Call) -> Reply:
        quirks = self.manner.quirks
        wanted = parse_metadata_request(call.arguments, quirks)
        zone = f"{self.source.started.astimezone(zone_of(quirks)):%z}"
        metadata = Metadata(self.manner.names, to_date(self.source.started, quirks), f"{zone[:3]}:{zone[3:]}")
        return to_reply(write_metadata(wanted, metadata, self.source.started, quirks), quirks)

    def _objects(self, call: Call) -> Reply:
        quirks = self.manner.quirks
        request = parse_object_request(call.arguments, quirks)
        stand = self.source.stand()
        shelf = Shelf(stand, lambda key, order: self.source.draw(stand, key, order), call.base, call.version, quirks)
        return to_object_reply(request, shelf, quirks)

    async def photo(self, request: Request) -> Response:
        """A photo at its own address, which needs no login."""
        number = next(self._numbers)
        self.statistics.count(self.statistics.requests, "photo")
        struck = strike_whole(number, self.manner.quirks)
        if struck:
            self.statistics.count(self.statistics.strikes, struck[0])
            return to_response(request, struck[1])
        key, order = request.path_params["key"], request.path_params["order"]
        if request.query_params.get("size") != "full":
            return Response("Bad address\r\n", 404)
        stand = await run_in_threadpool(self.source.stand)
        image = await run_in_threadpool(self.source.draw, stand, key, order)
        if image is None:
            return Response("Not found\r\n", 404)
        return Response(to_image(image, self.manner.quirks), media_type="image/jpeg")

    def _dress(self, request: Request, response: Response, session: Session | None) -> Response:
        """The headers of every RETS reply (section 3.5), and the cookies of its session."""
        quirks = self.manner.quirks
        lowered = Quirk.VERSION_LOWERED in quirks or Quirk.VERSION_REFUSED in quirks
        response.headers["RETS-Version"] = INSISTED if lowered else _to_told(request.headers.get("RETS-Version", ""))
        response.headers["RETS-Server"] = "Platbook/1.0"
        response.headers["Cache-Control"] = "private"
        response.headers["Date"] = format_datetime(self.source.moments.now(), usegmt=True)
        if said := request.headers.get("RETS-Request-ID"):
            response.headers["RETS-Request-ID"] = said
        if session is None:
            return response
        if request.path_params["transaction"] == "login":
            response.headers.append("Set-Cookie", f"{COOKIE}={session.id}; Path=/")
        if Quirk.EXTRA_COOKIES in quirks:
            session.balancer = f"{next(self._numbers):x}"
            response.headers.append("Set-Cookie", f"{_NODE}={session.node}; Path=/rets; HttpOnly")
            response.headers.append("Set-Cookie", f"{_BALANCER}={session.balancer}; Path=/")
        return response


_NO_CALL = Call("", {}, "", (), "", frozenset())


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _to_version(said: str, refusal: RefusedError) -> tuple[int, ...]:
    found = _VERSION.fullmatch(said)
    if not found:
        raise refusal
    asked = tuple(int(part) for part in found.groups() if part is not None)
    known = [version for version in _KNOWN_VERSIONS if version <= asked]
    if not known:
        raise refusal
    return known[-1]


def _to_told(said: str) -> str:
    try:
        version = _to_version(said.strip(), RefusedError(Code.MISCELLANEOUS_LOGIN, ""))
    except RefusedError:
        return "RETS/1.7.2"
    return "RETS/" + ".".join(map(str, version))
