"""Opens stores: the one that the settings configure, or one at an address that was remembered."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from obstore.store import MemoryStore, S3Store

from platbook.base.clock import Clock
from platbook.base.errors import InvalidInput
from platbook.base.settings import Settings
from platbook.storage.bucket import Bucket
from platbook.storage.folder import Folder
from platbook.storage.storage import OtherStores, Storage
from platbook.storage.urls import BucketUrls, OwnRouteUrls

FOLDER, BUCKET = "folder", "bucket"
FOLDER_NAME = "media"
"""The folder of photos below PLATBOOK_HOME."""
_MAX_RETRIES, _RETRY_TIMEOUT = 4, timedelta(seconds=30)
_ELSEWHERE = re.compile(r"(?:cn|us-iso\w?|eusc)-")
"""Regions of Amazon that are not at amazonaws.com."""


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where a store is: the folder below PLATBOOK_HOME, or a bucket at an endpoint (None: Amazon's)."""

    kind: str
    endpoint: str | None = None
    bucket: str | None = None

    @property
    def name(self) -> str:
        """How messages call the store."""
        if self.kind == FOLDER:
            return f"the folder {FOLDER_NAME}"
        return f"the bucket {self.bucket}" + (f" at {self.endpoint}" if self.endpoint else "")


@dataclass(frozen=True, slots=True)
class StoreLogin:
    """How a store is reached: region and keys of a bucket, and the CDN before it."""

    region: str | None = None
    key_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    cdn: str | None = None


def open_storage(settings: Settings, signing_key: bytes, clock: Clock) -> Storage:
    """The configured storage: an S3 bucket, or a folder below PLATBOOK_HOME.

    `signing_key` signs URLs of our own route. InvalidInput names the setting that cannot work. No request is made.
    """
    address, login = parse_store(settings)
    return open_store(address, login, settings.platbook_home, signing_key, clock)


def open_memory_storage(signing_key: bytes, clock: Clock) -> Storage:
    """An in-memory storage, for tests."""
    return Storage(Bucket(MemoryStore()), OwnRouteUrls(signing_key, clock))


def parse_store(settings: Settings) -> tuple[StoreAddress, StoreLogin]:
    """The address and login of the configured store. InvalidInput names the setting that cannot work."""
    cdn = _to_base(settings.aws_cloudfront_url)
    if not settings.aws_s3_enabled:
        return StoreAddress(FOLDER), StoreLogin(cdn=cdn)
    if not settings.aws_s3_bucket:
        raise InvalidInput.of("AWS_S3_BUCKET", "is required with AWS_S3_ENABLED")
    if (settings.aws_s3_access_key_id is None) != (settings.aws_s3_secret_access_key is None):
        raise InvalidInput.of("AWS_S3_ACCESS_KEY_ID", "goes with AWS_S3_SECRET_ACCESS_KEY: set both or neither")
    endpoint, region = _to_base(settings.aws_s3_endpoint_url), settings.aws_s3_region
    if endpoint is None and _ELSEWHERE.match(region):
        raise InvalidInput.of("AWS_S3_ENDPOINT_URL", f"is required for {region}, which is not at amazonaws.com")
    secret = settings.aws_s3_secret_access_key
    login = StoreLogin(
        region, settings.aws_s3_access_key_id, None if secret is None else secret.get_secret_value(), cdn
    )
    return StoreAddress(BUCKET, endpoint, settings.aws_s3_bucket), login


def open_store(
    address: StoreAddress,
    login: StoreLogin,
    home: Path,
    signing_key: bytes,
    clock: Clock,
    *,
    store_id: int = 1,
    others: OtherStores | None = None,
) -> Storage:
    """Open a store; `store_id` is its number, by which pictures remember it. No request is made."""
    if address.kind == FOLDER:
        urls = OwnRouteUrls(signing_key, clock, login.cdn)
        return Storage(Folder(home / FOLDER_NAME), urls, store_id=store_id, others=others)
    store, base = _open_bucket(address, login)
    bucket_urls = BucketUrls(store, login.cdn or base, OwnRouteUrls(signing_key, clock))
    return Storage(Bucket(store), bucket_urls, store_id=store_id, others=others)


def _open_bucket(address: StoreAddress, login: StoreLogin) -> tuple[S3Store, str]:
    """A bucket, and the URL below which its public objects are."""
    bucket, region, endpoint = address.bucket or "", login.region, address.endpoint
    # Amazon addresses a bucket by host name, unless it has dots, which no certificate covers; others by path.
    is_host = endpoint is None and "." not in bucket
    base = f"https://{bucket}.s3.{region}.amazonaws.com" if is_host else f"{endpoint or _amazon(region)}/{bucket}"
    config = {
        "endpoint": base if is_host else endpoint or _amazon(region),
        "virtual_hosted_style_request": is_host,
        "access_key_id": login.key_id,
        "secret_access_key": login.secret,
        "region": region,
    }
    store = S3Store(
        bucket,
        retry_config={"max_retries": _MAX_RETRIES, "retry_timeout": _RETRY_TIMEOUT},
        client_options={"allow_http": endpoint is not None and endpoint.startswith("http://")},
        **{name: value for name, value in config.items() if value is not None},  # pyright: ignore[reportArgumentType] - options by name
    )
    return store, base


def _amazon(region: str | None) -> str:
    return f"https://s3.{region}.amazonaws.com"


def _to_base(url: str | None) -> str | None:
    return url.rstrip("/") if url else None
