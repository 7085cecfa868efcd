"""Sessions of every kind: logins, challenges, user agents, ends in the middle, slots that are taken."""

from dataclasses import dataclass, field, replace

import pytest

from platbook.base.errors import (
    CredentialsRefused,
    LoginSlotTaken,
    NeedsOperator,
    PlatbookError,
    SourceBrokeProtocol,
    SourceUnavailable,
)
from platbook.connectors.contract import Resource
from platbook.connectors.rets.http_session import RetsHttpSession
from tests.fakes.plain_http import plain_http
from tests.fakes.rets_market import RetsMarket, rets_market
from tests.fakes.rets_replay import LOGIN, Answer, Request, RetsReplay
from tests.fakes.rets_rows import RowsReplay, numbered_rows, rows_session, walk_rows

LISTINGS = 20


async def _walk(market: RetsMarket, **settings: object) -> tuple[set[str], set[str]]:
    """The keys of a full walk in small pages, and those of a sweep."""
    async with market.session(pageSize=4, **settings) as session:
        walked = {r.key async for page in session.changes(Resource.PROPERTY, None, None) for r in page.records}
        swept = {key async for page in session.keys(Resource.PROPERTY) for key in page.keys}
    return walked, swept


@pytest.mark.parametrize(
    ("quirk", "settings"),
    [
        ("lf-login", {}),
        ("spaced-login", {}),
        ("one-line-login", {}),
        ("lower-case-login", {}),
        ("bare-login", {}),
        ("info-lines", {}),
        ("relative-urls", {}),
        ("query-urls", {}),
        ("other-host-urls", {"trustedHosts": ["localhost"]}),
        ("action-page", {}),
        ("version-lowered", {}),
        ("version-refused", {}),
        ("lower-case-codes", {}),
        ("post-only", {"method": "POST"}),
        ("digest-every-time", {}),
        ("digest-stale", {}),
        ("digest-no-qop", {}),
        ("both-challenges", {}),
        ("both-challenges", {"auth": "basic"}),
        ("ua-required", {"agentPassword": "agent", "sendRequestId": True}),
        ("ua-required", {"agentPassword": "agent"}),
        ("ua-interealty", {"agentPassword": "agent", "userAgentForm": "interealty"}),
        ("ua-bare-version", {"agentPassword": "agent", "userAgentForm": "bare-version"}),
        ("ua-unwelcome", {}),
        ("extra-cookies", {}),
        ("one-session", {}),
        ("plain-logout", {}),
        ("expire-401", {}),
        ("expire-412", {}),
        ("expire-20036", {}),
        ("expire-20037", {}),
        ("expire-20701", {}),
        ("expire-redirect", {}),
        ("expire-redirect", {"method": "POST"}),
    ],
)
async def test_a_session_of_every_kind_reads_everything(quirk: str, settings: dict[str, object]) -> None:
    async with rets_market(quirk, listings=LISTINGS) as market:
        walked, swept = await _walk(market, **settings)
        assert len(walked) == LISTINGS
        assert swept == walked
        assert len(market.server.sessions) == 0, "every session is logged out"


async def test_a_wrong_password_is_refused_and_not_tried_again_in_other_versions() -> None:
    async with rets_market(listings=1) as market:
        settings, _ = market.to_models()
        login = market.connector.credentials_model.model_validate({"username": "demo", "password": "wrong"})
        conversation = RetsHttpSession(market.http, settings, login)  # pyright: ignore[reportArgumentType] - the models it takes
        with pytest.raises(CredentialsRefused):
            await conversation.log_in()
        assert market.http.meter.requests == 2, "the login, and its challenge answered once"


async def test_the_only_slot_is_waited_for() -> None:
    pauses: list[float] = []
    async with rets_market("one-session", listings=5) as market, plain_http() as other:
        settings, login = market.to_models(slotWaitSeconds=30)
        first = RetsHttpSession(other, settings, login)  # pyright: ignore[reportArgumentType] - the models it takes
        await first.log_in()

        async def pause(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                await first.log_out()

        second = RetsHttpSession(market.http, settings, login, pause)  # pyright: ignore[reportArgumentType] - the models it takes
        await second.log_in()
        assert pauses == [5.0, 5.0]
        third = RetsHttpSession(other, settings, login, pause)  # pyright: ignore[reportArgumentType] - the models it takes
        with pytest.raises(LoginSlotTaken):
            await third.log_in()
        assert sum(pauses[2:]) == 30
        await second.log_out()
        assert market.server.request_log.max_sessions == 1


@pytest.mark.parametrize("fault", ["html-page=always", "empty-body=always"])
async def test_a_login_that_is_none_is_said(fault: str) -> None:
    async with rets_market(fault, listings=1) as market:
        with pytest.raises(SourceBrokeProtocol, match=r"HTML|empty"):
            async with market.session():
                pass


def _code(code: int) -> Answer:
    return Answer(f'<RETS ReplyCode="{code}" ReplyText="Not logged in"/>'.encode())


ROWS_THEN_LOST = (
    b'<RETS ReplyCode="0"><COLUMNS>\tKey\tModified\t</COLUMNS><DATA>\t1\t2026-01-01T00:00:00\t</DATA>'
    b'<RETS-STATUS ReplyCode="20701" ReplyText="Not logged in"/></RETS>'
)
REFUSALS = [
    (Answer(b"no", 401), CredentialsRefused, "HTTP status 401"),
    (Answer(b"no", 412), NeedsOperator, "HTTP status 412"),
    (_code(20701), NeedsOperator, "code 20701: Not logged in"),
    (_code(20036), CredentialsRefused, "code 20036"),
    (_code(20037), CredentialsRefused, "code 20037"),
    (Answer(b"", 302, ["Location: /rets/login"]), NeedsOperator, "a redirect to the login"),
]


@dataclass
class _Refusing(RetsReplay):
    """Accepts every login, and answers searches, metadata and photos as if there were none."""

    refusal: Answer = field(default_factory=lambda: Answer(b""))
    login: bytes = LOGIN.replace(b"Search=", b"GetMetadata=/rets/metadata\nGetObject=/rets/object\nSearch=")

    def answer(self, request: Request) -> Answer:
        answer = super().answer(replace(request, path="/rets/other") if "login" not in request.path else request)
        return answer if request.path in {"/rets/login", "/rets/logout"} else self.refusal

    @property
    def logins(self) -> int:
        return sum(request.path == "/rets/login" for request in self.requests)


async def _ask(replay: RetsReplay, transaction: str) -> None:
    async with rows_session(replay, allQuery="(Key=0+)", method="POST") as session:
        match transaction:
            case "changes":
                _ = [page async for page in session.changes(Resource.PROPERTY, None, None)]
            case "keys":
                _ = [page async for page in session.keys(Resource.PROPERTY)]
            case "media":
                _ = [pair async for pair in session.media(["K001"])]
            case "count":
                await session.count(Resource.PROPERTY)
            case _:
                await session.record(Resource.PROPERTY, "K001")


@pytest.mark.parametrize(("refusal", "error", "words"), REFUSALS)
@pytest.mark.parametrize("transaction", ["changes", "count", "record", "keys", "media"])
async def test_a_session_that_is_always_refused_is_one_new_login(
    refusal: Answer, error: type[PlatbookError], words: str, transaction: str
) -> None:
    replay = _Refusing(refusal=refusal)
    with pytest.raises(error, match=words) as caught:
        await _ask(replay, transaction)
    assert (type(caught.value), replay.logins) == (error, 2)


async def test_a_session_that_ends_in_every_search_is_one_new_login() -> None:
    replay = _Refusing(refusal=Answer(ROWS_THEN_LOST))
    with pytest.raises(NeedsOperator, match="code 20701"):
        await _ask(replay, "changes")
    assert replay.logins == 2


async def test_a_new_login_that_fails_is_not_tried_again() -> None:
    again: list[str] = []

    class Closing(_Refusing):
        def answer(self, request: Request) -> Answer:
            if self.logins and "login" in request.path:
                again.append(request.path)
                return Answer(b"later", 503)
            return super().answer(request)

    replay = Closing(refusal=_code(20701))
    with pytest.raises(SourceUnavailable, match="503"):
        await _ask(replay, "count")
    assert (replay.logins, len(again)) == (1, 1)


@pytest.mark.parametrize(("accepted", "asked"), [(0, 3), (1, 2)])
@pytest.mark.parametrize("version", ["RETS/1.7.2", "RETS/1.7"])
async def test_versions_are_not_tried_one_after_the_other_without_end(accepted: int, asked: int, version: str) -> None:
    """Status 412 may refuse the version of a login, or anything else."""
    logins: list[str] = []

    class Refusing(_Refusing):
        def answer(self, request: Request) -> Answer:
            if "login" in request.path:
                logins.append(request.headers["rets-version"])
                if len(logins) > accepted:
                    return Answer(b"", 412)
            return super().answer(request)

    with pytest.raises(SourceBrokeProtocol, match="the login is answered with HTTP status 412"):
        async with rows_session(Refusing(refusal=_code(20701)), retsVersion=version, auth="basic") as session:
            await session.count(Resource.PROPERTY)
    assert len(logins) == asked


async def test_a_session_that_answers_between_its_ends_is_renewed_each_time() -> None:
    class Forgetful(RowsReplay):
        asked = 0

        def search(self, arguments: dict[str, str]) -> bytes:
            self.asked += 1
            return _code(20701).body if self.asked % 3 == 0 else super().search(arguments)

    replay = Forgetful(rows=numbered_rows(60))
    keys, _ = await walk_rows(replay)
    assert len(keys) == 60
    assert sum(request.path == "/rets/login" for request in replay.requests) > 3
