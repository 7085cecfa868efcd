"""The CDN before public objects: filled before anybody asks, and emptied of what was withdrawn."""

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
_MOST_PATHS = 3000
_AT_ONCE = 8
_GOOD = range(200, 300)
_REFUSALS = range(400, 500)


class CdnReply(Protocol):
    """An answer, as far as it is looked at."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    async def body(self, limit: int = ...) -> bytes:
        """The body, whole."""
        ...


class CdnHttpClient(Protocol):
    """The client the caller lends. Raises a TryLater where no answer comes."""

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> AbstractAsyncContextManager[CdnReply]:
        """Send one request and lend its answer."""
        ...


class Cdn:
    """A CDN whose copies can be made, and, where it is CloudFront and its distribution is known, taken back."""

    def __init__(
        self,
        client: CdnHttpClient,
        clock: Clock,
        *,
        distribution: str | None = None,
        login: AwsCredentials | None = None,
        endpoint: str = _ENDPOINT,
    ) -> None:
        self._client = client
        self._clock = clock
        self._distribution = distribution
        self._login = login
        self._endpoint = endpoint

    @property
    def can_invalidate(self) -> bool:
        """Whether copies can be taken back; where not, they live as long as `COPY_LIFETIME` says."""
        return self._distribution is not None

    async def warm(self, addresses: Sequence[str]) -> int:
        """Ask for addresses, a few at a time, so that the CDN has them; how many it could get."""
        turns = asyncio.Semaphore(_AT_ONCE)

        async def fetch(address: str) -> bool:
            async with turns:
                try:
                    async with self._client.send("GET", address) as reply:
                        await reply.body()
                        return reply.status in _GOOD
                except TryLater:
                    return False  # whoever asks first will warm it

        return sum(await asyncio.gather(*(fetch(address) for address in addresses)))

    async def invalidate(self, addresses: Sequence[str]) -> None:
        """Have the CDN forget its copies of public addresses; it takes a minute or so to reach every edge.

        StorageUnavailable where it may be tried again, StorageRefused where the login may not do this. Nothing is done
        where nothing can be (`can_invalidate`).
        """
        paths = sorted({urlsplit(address).path for address in addresses})
        for at in range(0, len(paths), _MOST_PATHS):
            await self._create_invalidation(paths[at : at + _MOST_PATHS])

    async def _create_invalidation(self, paths: Sequence[str]) -> None:
        if self._distribution is None or self._login is None:
            return
        url = f"{self._endpoint}/2020-05-31/distribution/{self._distribution}/invalidation"
        content = _to_batch(paths, str(new_id()))
        signed = sign_request(self._login, "cloudfront", _REGION, "POST", url, content, self._clock.now())
        try:
            async with self._client.send(
                "POST", url, headers={**signed, "content-type": "text/xml"}, content=content
            ) as reply:
                status = reply.status
        except TryLater:
            raise StorageUnavailable("CloudFront does not answer") from None
        if status in _REFUSALS and status != 429:  # noqa: PLR2004 - too many requests: later
            raise StorageRefused(
                f"CloudFront refused to invalidate copies (status {status}): check distribution and the login's rights"
            )
        if status not in _GOOD:
            raise StorageUnavailable(f"CloudFront could not invalidate copies now (status {status})")


def open_cdn(settings: Settings, client: CdnHttpClient, clock: Clock) -> Cdn | None:
    """The CDN the settings speak of; None where public objects are read from the store itself."""
    distribution = settings.aws_cloudfront_distribution_id
    key_id, secret = settings.aws_s3_access_key_id, settings.aws_s3_secret_access_key
    login = None if key_id is None or secret is None else AwsCredentials(key_id, secret.get_secret_value())
    if distribution is not None and settings.aws_cloudfront_url is None:
        raise InvalidInput.of("AWS_CLOUDFRONT_URL", "is required with AWS_CLOUDFRONT_DISTRIBUTION_ID")
    if distribution is not None and login is None:
        raise InvalidInput.of("AWS_S3_ACCESS_KEY_ID", "and its secret are required with AWS_CLOUDFRONT_DISTRIBUTION_ID")
    if settings.aws_cloudfront_url is None:
        return None
    return Cdn(client, clock, distribution=distribution, login=login)


def _to_batch(paths: Sequence[str], reference: str) -> bytes:
    """The body of CreateInvalidation; `reference` is new for every batch, for one used before is not done again."""
    items = "".join(f"<Path>{escape(path)}</Path>" for path in paths)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">'
        f"<Paths><Quantity>{len(paths)}</Quantity><Items>{items}</Items></Paths>"
        f"<CallerReference>{escape(reference)}</CallerReference></InvalidationBatch>"
    ).encode()
