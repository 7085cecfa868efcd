"""The CDN: filled beforehand, and emptied of what was withdrawn."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import httpx2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from platbook.base.clock import SetClock, SystemClock
from platbook.base.errors import InvalidInput, StorageRefused, StorageUnavailable
from platbook.base.settings import Settings
from platbook.storage import Cdn, open_cdn
from platbook.storage.aws_signing import AwsCredentials, sign_request
from platbook.transport import ProviderClient, RetryAfterLimiter, TimeSource, TrafficCounter
from platbook.transport.bodies import DEFAULT_LIMITS
from platbook.transport.limited_client import LimitedClient
from platbook.transport.request_route import RequestRoute
from tests.storage.servers import REGION, S3Server
from tests.transport.crafted_source import crafted_source, reply

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
LOGIN = AwsCredentials("platbook", "secret")


@asynccontextmanager
async def lent() -> AsyncGenerator[ProviderClient]:
    """The client the product lends."""
    async with httpx2.AsyncClient() as client:
        clock = SystemClock()
        yield ProviderClient(
            "cdn",
            RequestRoute(LimitedClient(client, DEFAULT_LIMITS, TimeSource().monotonic)),
            RetryAfterLimiter(clock),
            clock,
            TimeSource(),
            TrafficCounter(),
            max_attempts=1,
        )


@pytest.fixture
def distribution(moto: S3Server) -> str:
    """A distribution on moto's CloudFront."""
    return moto.make_distribution()


async def test_urls_are_invalidated_at_cloudfront(moto: S3Server, distribution: str) -> None:
    addresses = [f"https://d1.cloudfront.net/public/{number}.webp" for number in range(3)]
    async with lent() as client:
        cdn = Cdn(client, SystemClock(), distribution=distribution, credentials=LOGIN, endpoint=moto.url)
        assert cdn.can_invalidate
        await cdn.invalidate([*addresses, addresses[0]])
        await cdn.invalidate([])
    assert moto.list_invalidated(distribution) == [["/public/0.webp", "/public/1.webp", "/public/2.webp"]]


async def test_more_paths_than_one_request_takes_are_sent_in_several(moto: S3Server, distribution: str) -> None:
    async with lent() as client:
        cdn = Cdn(client, SystemClock(), distribution=distribution, credentials=LOGIN, endpoint=moto.url)
        await cdn.invalidate([f"https://d1.cloudfront.net/{number}" for number in range(3001)])
    assert [len(paths) for paths in moto.list_invalidated(distribution)] in ([3000, 1], [1, 3000])


async def test_a_distribution_that_does_not_exist_needs_an_operator(moto: S3Server) -> None:
    async with lent() as client:
        cdn = Cdn(client, SystemClock(), distribution="NOWHERE", credentials=LOGIN, endpoint=moto.url)
        with pytest.raises(StorageRefused, match="CloudFront refused to invalidate copies"):
            await cdn.invalidate(["https://d1.cloudfront.net/a"])


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("429 Too Many Requests", StorageUnavailable),
        ("503 Service Unavailable", StorageUnavailable),
        ("403 Forbidden", StorageRefused),
    ],
)
async def test_errors_of_cloudfront_are_classified_by_status(status: str, error: type[Exception]) -> None:
    async with lent() as client, crafted_source(reply(status=status)) as source:
        cdn = Cdn(client, SystemClock(), distribution="D", credentials=LOGIN, endpoint=source.base)
        with pytest.raises(error):
            await cdn.invalidate(["https://d1.cloudfront.net/a"])


async def test_a_cloudfront_that_does_not_respond_is_retried_later() -> None:
    async with lent() as client:
        cdn = Cdn(client, SystemClock(), distribution="D", credentials=LOGIN, endpoint="http://127.0.0.1:9")
        with pytest.raises(StorageUnavailable, match="CloudFront does not respond"):
            await cdn.invalidate(["https://d1.cloudfront.net/a"])


async def test_without_a_distribution_nothing_is_invalidated() -> None:
    async with lent() as client, crafted_source(reply()) as source:
        cdn = Cdn(client, SystemClock(), endpoint=source.base)
        assert not cdn.can_invalidate
        await cdn.invalidate([f"{source.base}/public/a"])
    assert source.requests == []


async def test_warming_requests_every_url_and_counts_the_successes() -> None:
    async with lent() as client, crafted_source(reply(status="404 Not Found"), reply(b"photo")) as source:
        warmed = await Cdn(client, SystemClock()).warm([f"{source.base}/public/{n}" for n in range(20)])
    assert warmed == 19
    assert sorted(source.targets) == sorted(f"/public/{n}" for n in range(20))


async def test_a_cdn_that_does_not_respond_is_no_error() -> None:
    async with lent() as client:
        assert await Cdn(client, SystemClock()).warm(["http://127.0.0.1:9/public/a"]) == 0


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1), st.binary(max_size=100))
def test_requests_are_signed_as_amazons_own_library_signs_them(part: str, content: bytes) -> None:
    url = f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{part}/invalidation"
    ours = sign_request(LOGIN, "cloudfront", REGION, "POST", url, content, NOW)
    unsigned = {name: value for name, value in ours.items() if name != "authorization"}
    request = AWSRequest("POST", url, headers=unsigned, data=content)
    cast("Any", request).context["timestamp"] = ours["x-amz-date"]
    auth = cast("Any", SigV4Auth(Credentials(LOGIN.key_id, LOGIN.secret), "cloudfront", REGION))
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    assert ours["authorization"].endswith(f"Signature={signature}")
    assert ours["authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, ")


SECRET = {"aws_s3_access_key_id": "k", "aws_s3_secret_access_key": "s"}
URL = {"aws_cloudfront_url": "https://d1.cloudfront.net"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"aws_cloudfront_distribution_id": "D", **SECRET}, "AWS_CLOUDFRONT_URL: is required"),
        ({"aws_cloudfront_distribution_id": "D", **URL}, "AWS_S3_ACCESS_KEY_ID: and its secret are required"),
    ],
)
async def test_cdn_settings_that_cannot_work_are_named(values: dict[str, str], message: str) -> None:
    async with lent() as client:
        with pytest.raises(InvalidInput, match=message):
            open_cdn(Settings.model_validate(values), client, SetClock(NOW))


@pytest.mark.parametrize(
    ("values", "can_invalidate"),
    [({}, None), (SECRET, None), (URL, False), ({**URL, **SECRET, "aws_cloudfront_distribution_id": "D"}, True)],
)
async def test_the_settings_decide_which_cdn_there_is(values: dict[str, str], can_invalidate: bool | None) -> None:  # noqa: FBT001 - a row of the table
    async with lent() as client:
        cdn = open_cdn(Settings.model_validate(values), client, SetClock(NOW))
    assert (None if cdn is None else cdn.can_invalidate) == can_invalidate
