"""Sessions of every kind: logins, challenges, user agents, ends in the middle, slots that are taken."""

import pytest

from platbook.base.errors import CredentialsRefused, LoginSlotTaken, SourceBrokeProtocol
from platbook.connectors.contract import Resource
from platbook.connectors.rets.http_session import RetsHttpSession
from tests.fakes.plain_http import plain_http
from tests.fakes.rets_market import RetsMarket, rets_market

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
