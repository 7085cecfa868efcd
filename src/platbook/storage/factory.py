"""Opens the storage that the settings configure."""

from datetime import timedelta

from obstore.store import MemoryStore, S3Store

from platbook.base.clock import Clock
from platbook.base.errors import InvalidInput
from platbook.base.settings import Settings
from platbook.storage.bucket import Bucket
from platbook.storage.folder import Folder
from platbook.storage.storage import Storage
from platbook.storage.urls import BucketUrls, OwnRouteUrls

_FOLDER = "media"
_MAX_RETRIES, _RETRY_TIMEOUT = 4, timedelta(seconds=30)


def open_storage(settings: Settings, signing_key: bytes, clock: Clock) -> Storage:
    """The configured storage: an S3 bucket, or a folder below PLATBOOK_HOME.

    `signing_key` signs URLs of our own route. InvalidInput names the setting that cannot work. No request is made.
    """
    cdn = _to_base(settings.aws_cloudfront_url)
    if settings.aws_s3_enabled:
        return _open_bucket(settings, cdn)
    return Storage(Folder(settings.platbook_home / _FOLDER), OwnRouteUrls(signing_key, clock, cdn))


def open_memory_storage(signing_key: bytes, clock: Clock) -> Storage:
    """An in-memory storage, for tests."""
    return Storage(Bucket(MemoryStore()), OwnRouteUrls(signing_key, clock))


def _open_bucket(settings: Settings, cdn: str | None) -> Storage:
    bucket, region = settings.aws_s3_bucket, settings.aws_s3_region
    if not bucket:
        raise InvalidInput.of("AWS_S3_BUCKET", "is required with AWS_S3_ENABLED")
    if (settings.aws_s3_access_key_id is None) != (settings.aws_s3_secret_access_key is None):
        raise InvalidInput.of("AWS_S3_ACCESS_KEY_ID", "goes with AWS_S3_SECRET_ACCESS_KEY: set both or neither")
    endpoint = _to_base(settings.aws_s3_endpoint_url)
    # Amazon addresses a bucket by host name; others by path, since their certificate is for a single host.
    base = f"{endpoint}/{bucket}" if endpoint else f"https://{bucket}.s3.{region}.amazonaws.com"
    config = {
        "endpoint": endpoint or base,
        "virtual_hosted_style_request": endpoint is None,
        "access_key_id": settings.aws_s3_access_key_id,
        "secret_access_key": settings.aws_s3_secret_access_key and settings.aws_s3_secret_access_key.get_secret_value(),
    }
    store = S3Store(
        bucket,
        region=region,
        retry_config={"max_retries": _MAX_RETRIES, "retry_timeout": _RETRY_TIMEOUT},
        client_options={"allow_http": endpoint is not None and endpoint.startswith("http://")},
        **{name: value for name, value in config.items() if value is not None},  # pyright: ignore[reportArgumentType] - options by name
    )
    return Storage(Bucket(store), BucketUrls(store, cdn or base))


def _to_base(url: str | None) -> str | None:
    return url.rstrip("/") if url else None
