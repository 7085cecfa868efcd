"""Objects in a bucket of a real S3 server program, read from outside, by URL."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import boto3
import httpx2
import pytest

from platbook.base.errors import InvalidInput, StorageRefused, StorageUnavailable
from platbook.storage import Access, to_content_name
from tests.storage.servers import S3Server, TestBucket, to_policy
from tests.transport.crafted_source import crafted_source, reply

PHOTO = b"RIFF....WEBP"
NAME = to_content_name(PHOTO, "webp")
HOUR = timedelta(hours=1)


async def test_public_objects_are_readable_by_anybody_with_their_headers(bucket: TestBucket) -> None:
    storage = bucket.open()
    await storage.put(NAME, PHOTO, Access.PUBLIC)
    assert storage.public_url(NAME) == f"{bucket.server.url}/{bucket.name}/public/{NAME}"
    answer = httpx2.get(storage.public_url(NAME))
    assert (answer.status_code, answer.content) == (200, PHOTO)
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable, s-maxage=86400"


async def test_private_objects_are_readable_by_a_signed_url_alone(bucket: TestBucket) -> None:
    storage = bucket.open()
    names = [NAME, "b/c.webp"]
    for name in names:
        await storage.put(name, name.encode(), Access.PRIVATE)
    signed = await storage.sign_urls(names, HOUR)
    assert [httpx2.get(address).text for address in signed] == names
    assert all(httpx2.get(address).headers["cache-control"].startswith("private") for address in signed)
    assert httpx2.get(signed[0].partition("?")[0]).status_code == 403


async def test_an_object_made_private_is_gone_from_its_public_url(bucket: TestBucket) -> None:
    storage = bucket.open()
    await storage.put(NAME, PHOTO, Access.PUBLIC)
    address = storage.public_url(NAME)
    await storage.copy(NAME, to=Access.PRIVATE)
    await storage.delete([NAME], Access.PUBLIC)
    assert httpx2.get(address).status_code in {403, 404}
    await storage.delete([NAME], Access.PRIVATE)
    assert httpx2.get((await storage.sign_urls([NAME], HOUR))[0]).status_code == 404


async def test_public_urls_are_at_the_cdn_and_private_ones_are_not(bucket: TestBucket) -> None:
    storage = bucket.open(aws_cloudfront_url="https://d111111abcdef8.cloudfront.net/")
    assert storage.public_url(NAME) == f"https://d111111abcdef8.cloudfront.net/public/{NAME}"
    assert (await storage.sign_urls([NAME], HOUR))[0].startswith(bucket.server.url)


async def test_metadata_is_stored_by_the_bucket(bucket: TestBucket) -> None:
    await bucket.open().put(NAME, PHOTO, Access.PUBLIC, metadata={"listing": "7"})
    client = cast("Callable[..., Any]", boto3.client)("s3", **bucket.server.login())
    assert client.head_object(Bucket=bucket.name, Key=f"public/{NAME}")["Metadata"] == {"listing": "7"}


async def test_more_objects_than_a_page_are_all_listed_and_deleted(moto: S3Server) -> None:
    storage = moto.make_bucket("many").open()
    names = [f"{number % 7}/{number}.webp" for number in range(1203)]
    for name in names:
        await storage.put(name, b"x", Access.PUBLIC)
    assert sorted([one.name async for one in storage.list(Access.PUBLIC)]) == sorted(names)
    await storage.delete(names, Access.PUBLIC)
    assert [one async for one in storage.list(Access.PUBLIC)] == []


async def test_a_bucket_that_does_not_exist_is_reported_as_such(moto: S3Server) -> None:
    storage = TestBucket(moto, "nowhere").open()
    for refused in (storage.put(NAME, PHOTO, Access.PUBLIC), storage.get(NAME, Access.PUBLIC)):
        with pytest.raises(StorageRefused, match="the bucket does not exist"):
            await refused


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        ("403 Forbidden", "RequestTimeTooSkewed", "this machine's clock differs too much from the store's"),
        ("301 Moved Permanently", "PermanentRedirect", r"the bucket is in another region \(AWS_S3_REGION\)"),
        ("400 Bad Request", "AuthorizationHeaderMalformed", r"the bucket is in another region \(AWS_S3_REGION\)"),
        ("403 Forbidden", "AccessDenied", "the store does not allow it"),
        ("403 Forbidden", "SignatureDoesNotMatch", "rejected the credentials"),
    ],
)
async def test_the_store_says_why_it_refuses(status: str, code: str, message: str) -> None:
    async with crafted_source(reply(f"<Error><Code>{code}</Code></Error>".encode(), status=status)) as source:
        storage = TestBucket(S3Server(source.base), "photos").open()
        for refused in (storage.put(NAME, PHOTO, Access.PUBLIC), storage.delete([NAME], Access.PUBLIC)):
            with pytest.raises(StorageRefused, match=message):
                await refused


async def test_an_object_of_a_bulk_deletion_that_is_locked_is_refused() -> None:
    error = f"<Error><Key>public/{NAME}</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    async with crafted_source(reply(f"<DeleteResult>{error}</DeleteResult>".encode())) as source:
        storage = TestBucket(S3Server(source.base), "photos").open()
        with pytest.raises(StorageRefused, match="or a lock on the object"):
            await storage.delete([NAME, "other.webp"], Access.PUBLIC)


async def test_a_server_that_does_not_respond_is_reported_without_secrets() -> None:
    storage = TestBucket(S3Server("http://127.0.0.1:9"), "photos").open()
    with pytest.raises(StorageUnavailable) as error:
        await storage.get(NAME, Access.PUBLIC)
    assert str(error.value) == f"cannot get public/{NAME}: the store failed (GenericError)"


@pytest.mark.soak
async def test_a_wrong_secret_is_refused_by_a_message_without_it(radosgw: S3Server) -> None:
    bucket = radosgw.make_bucket("wrong-secret")
    storage = bucket.open(aws_s3_secret_access_key="wrong")
    for refused in (
        storage.put(NAME, PHOTO, Access.PUBLIC),
        storage.get(NAME, Access.PRIVATE),
        storage.delete([NAME], Access.PUBLIC),
    ):
        with pytest.raises(StorageRefused, match="rejected the credentials") as error:
            await refused
        assert radosgw.key_id not in str(error.value)
        assert "wrong" not in str(error.value)
    with pytest.raises(StorageRefused):
        _ = [one async for one in storage.list(Access.PUBLIC)]


@pytest.mark.soak
async def test_a_signature_is_for_one_object_and_one_time(radosgw: S3Server) -> None:
    storage = radosgw.make_bucket("signatures").open()
    for name in (NAME, "other.webp"):
        await storage.put(name, PHOTO, Access.PRIVATE)
    (signed,) = await storage.sign_urls([NAME], HOUR)
    assert httpx2.get(signed).status_code == 200
    assert httpx2.get(signed.replace(NAME, "other.webp")).status_code == 403
    assert httpx2.get(signed.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200")).status_code == 403
    assert httpx2.delete(signed).status_code == 403
    (brief,) = await storage.sign_urls([NAME], timedelta(seconds=1))
    statuses = {httpx2.get(brief).status_code}
    while 403 not in statuses:
        statuses.add(httpx2.get(brief).status_code)
    assert statuses <= {200, 403}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"aws_s3_bucket": None}, "AWS_S3_BUCKET: is required with AWS_S3_ENABLED"),
        ({"aws_s3_secret_access_key": None}, "AWS_S3_ACCESS_KEY_ID: goes with AWS_S3_SECRET_ACCESS_KEY"),
        (
            {"aws_s3_endpoint_url": None, "aws_s3_region": "cn-north-1"},
            "AWS_S3_ENDPOINT_URL: is required for cn-north-1, which is not at amazonaws.com",
        ),
    ],
)
def test_storage_settings_that_cannot_work_are_named(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        TestBucket(S3Server("http://127.0.0.1:9"), "photos").open(**wrong)


def test_amazons_buckets_are_addressed_by_host() -> None:
    storage = TestBucket(S3Server(""), "photos").open(aws_s3_endpoint_url=None, aws_s3_region="eu-west-1")
    assert storage.public_url(NAME) == f"https://photos.s3.eu-west-1.amazonaws.com/public/{NAME}"


async def test_amazons_buckets_with_dots_are_addressed_by_path() -> None:
    storage = TestBucket(S3Server(""), "photos.example.com").open(aws_s3_endpoint_url=None, aws_s3_region="eu-west-1")
    base = "https://s3.eu-west-1.amazonaws.com/photos.example.com"
    assert storage.public_url(NAME) == f"{base}/public/{NAME}"
    (signed,) = await storage.sign_urls([NAME], HOUR)
    assert signed.startswith(f"{base}/private/{NAME}?")


async def test_amazons_buckets_are_signed_by_host() -> None:
    storage = TestBucket(S3Server(""), "photos").open(aws_s3_endpoint_url=None, aws_s3_region="eu-west-1")
    (signed,) = await storage.sign_urls([NAME], HOUR)
    assert signed.startswith(
        f"https://photos.s3.eu-west-1.amazonaws.com/private/{NAME}?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    )


def test_secrets_are_not_shown() -> None:
    settings = TestBucket(S3Server("http://127.0.0.1:9", secret="hidden"), "photos").settings()
    assert "hidden" not in repr(settings)
    assert "hidden" not in json.dumps(settings.model_dump(mode="json"))


def test_the_documents_show_the_policy_that_was_tried() -> None:
    text = (Path(__file__).parents[2] / "docs/deployment.md").read_text()
    (block,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert json.loads(block) == to_policy("photos")
