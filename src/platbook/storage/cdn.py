"""The CDN before public objects: warms its cache, and invalidates its copies of what was withdrawn."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from platbook.base.clock import Clock
from platbook.base.errors import InvalidInput, StorageRefused, StorageUnavailable, TryLater
from platbook.base.ids import new_id
from platbook.base.settings import Settings
from platbook.storage.aws_signing import AwsCredentials, sign_request

_ENDPOINT = "https://cloudfront.amazonaws.com"
_REGION = "us-east-1"  # CloudFront is one service for the whole world, and signs as this region
_MAX_PATHS = 3000
_PARALLEL = 8
_SUCCESS = range(200, 300)
_CLIENT_ERRORS = range(400, 500)


class CdnReply(Protocol):
    """The part of an HTTP response that is used here."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    async def body(self, limit: int | None = ...) -> bytes:
        """The complete body."""
        ...


class CdnHttpClient(Protocol):
    """The HTTP client the caller provides. Raises TryLater where no response comes."""

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> AbstractAsyncContextManager[CdnReply]:
        """Send one request; the response is open until the block ends."""
        ...


class Cdn:
    """A CDN that can be warmed and, where it is CloudFront and its distribution is configured, invalidated."""

    def __init__(
        self,
        client: CdnHttpClient,
        clock: Clock,
        *,
        distribution: str | None = None,
        credentials: AwsCredentials | None = None,
        endpoint: str = _ENDPOINT,
    ) -> None:
        self._client = client
        self._clock = clock
        self._distribution = distribution
        self._credentials = credentials
        self._endpoint = endpoint

    @property
    def can_invalidate(self) -> bool:
        """Whether copies can be invalidated; where not, they live for up to `COPY_LIFETIME`."""
        return self._distribution is not None

    async def warm(self, urls: Sequence[str]) -> int:
        """Request URLs, a few at a time, so that the CDN caches them; returns how many it could."""
        slots = asyncio.Semaphore(_PARALLEL)

        async def fetch(url: str) -> bool:
            async with slots:
                try:
                    async with self._client.send("GET", url) as reply:
                        await reply.body()
                        return reply.status in _SUCCESS
                except TryLater:
                    return False  # the first reader will warm it

        return sum(await asyncio.gather(*(fetch(url) for url in urls)))

    async def invalidate(self, urls: Sequence[str]) -> None:
        """Invalidate the CDN's copies of public URLs; it takes about a minute to reach every edge.

        StorageUnavailable where it may be retried, StorageRefused where the credentials do not allow it. Does nothing
        unless `can_invalidate`.
        """
        paths = sorted({urlsplit(url).path for url in urls})
        for at in range(0, len(paths), _MAX_PATHS):
            await self._create_invalidation(paths[at : at + _MAX_PATHS])

    async def _create_invalidation(self, paths: Sequence[str]) -> None:
        if self._distribution is None or self._credentials is None:
            return
        url = f"{self._endpoint}/2020-05-31/distribution/{self._distribution}/invalidation"
        content = _to_invalidation_body(paths, str(new_id()))
        signed = sign_request(self._credentials, "cloudfront", _REGION, "POST", url, content, self._clock.now())
        try:
            async with self._client.send(
                "POST", url, headers={**signed, "content-type": "text/xml"}, content=content
            ) as reply:
                status = reply.status
        except TryLater:
            raise StorageUnavailable("CloudFront does not respond") from None
        if status in _CLIENT_ERRORS and status != 429:  # noqa: PLR2004 - too many requests: later
            raise StorageRefused(
                f"CloudFront refused to invalidate copies (status {status}): check AWS_CLOUDFRONT_DISTRIBUTION_ID and "
                "the permissions of AWS_S3_ACCESS_KEY_ID"
            )
        if status not in _SUCCESS:
            raise StorageUnavailable(f"CloudFront could not invalidate copies now (status {status})")


def open_cdn(settings: Settings, client: CdnHttpClient, clock: Clock) -> Cdn | None:
    """The configured CDN; None where public objects are read from the store itself."""
    distribution = settings.aws_cloudfront_distribution_id
    key_id, secret = settings.aws_s3_access_key_id, settings.aws_s3_secret_access_key
    credentials = None if key_id is None or secret is None else AwsCredentials(key_id, secret.get_secret_value())
    if distribution is not None and settings.aws_cloudfront_url is None:
        raise InvalidInput.of("AWS_CLOUDFRONT_URL", "is required with AWS_CLOUDFRONT_DISTRIBUTION_ID")
    if distribution is not None and credentials is None:
        raise InvalidInput.of("AWS_S3_ACCESS_KEY_ID", "and its secret are required with AWS_CLOUDFRONT_DISTRIBUTION_ID")
    if settings.aws_cloudfront_url is None:
        return None
    return Cdn(client, clock, distribution=distribution, credentials=credentials)


def _to_invalidation_body(paths: Sequence[str], reference: str) -> bytes:
    """The body of CreateInvalidation; `reference` is unique to a batch, since CloudFront ignores one used before."""
    items = "".join(f"<Path>{escape(path)}</Path>" for path in paths)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">'
        f"<Paths><Quantity>{len(paths)}</Quantity><Items>{items}</Items></Paths>"
        f"<CallerReference>{escape(reference)}</CallerReference></InvalidationBatch>"
    ).encode()
