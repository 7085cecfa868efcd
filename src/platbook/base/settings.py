"""The settings of a process, from environment variables and `.env`. All are listed in `.env.example`."""

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_ROOT_HOME = Path("/var/lib/platbook")


def _default_home() -> Path:
    # An embedded PostgreSQL does not run as root, and the account it runs as may not enter root's own home.
    home = Path.home()
    return _ROOT_HOME if home == Path("/root") else home / ".platbook"


def _with_old_name(name: str) -> AliasChoices:
    """Accept a setting by its name and by the one it had before the prefix; where both are set, the new one wins."""
    return AliasChoices(f"platbook_{name}", name)


class Settings(BaseSettings):
    """The settings, validated. A field's name is its environment variable's in lower case.

    Names begin with `platbook_`, but for those of a named outside service (`DATABASE_URL`, `OIDC_*`, `AWS_*`),
    `ENABLE_MLS_SYNC` and `CORS_ORIGINS`.
    """

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)

    platbook_home: Path = Field(
        default_factory=_default_home, description="folder of the embedded PostgreSQL, its key and photos"
    )
    database_url: SecretStr | None = Field(
        default=None, description="URL of a PostgreSQL 15+; without it, an embedded one is used"
    )
    read_database_url: SecretStr | None = Field(
        default=None, description="URL of a read replica for the API's lists of listings"
    )
    platbook_secret_key: SecretStr | None = Field(
        default=None, description="32 bytes, hexadecimal or base64; required with DATABASE_URL"
    )
    platbook_pg_bindir: Path | None = Field(
        default=None, description="folder of the PostgreSQL programs for the embedded server"
    )
    platbook_min_free_bytes: int = Field(
        default=200 * 1024**2, ge=0, description="free disk space in PLATBOOK_HOME below which a server is not ready"
    )
    platbook_host: str = Field(default="127.0.0.1", description="IP address the server listens on")
    platbook_port: int = Field(default=3000, ge=0, le=65535, description="port the server listens on")
    platbook_request_seconds: float = Field(
        default=10,
        ge=0.1,
        le=3600,
        description="how long a client may take for a request's headers, or 40 kB of a body",
    )
    platbook_waiting_per_address: int = Field(
        default=64, ge=1, le=100_000, description="connections of one address that may wait for a client's request"
    )
    platbook_max_connections: int = Field(
        default=1000, ge=2, le=100_000, description="connections of all clients above which requests are answered 503"
    )
    platbook_url: str | None = Field(
        default=None,
        pattern="^https?://[^/?#]+$",
        description="public URL of Platbook, scheme and host only, for links, sign-ins and photos",
    )
    cors_origins: str | None = Field(
        default=None,
        description="web origins whose pages may use the API and photos, separated by commas; * for all",
    )
    enable_mls_sync: bool = Field(default=True, description="whether the scheduler starts syncs")
    platbook_allow_registration: bool = Field(
        default=False,
        validation_alias=_with_old_name("allow_registration"),
        description="whether anyone can register as an agent without an invitation",
    )
    platbook_access_token_minutes: int = Field(
        default=30,
        ge=1,
        le=1440,
        validation_alias=_with_old_name("access_token_minutes"),
        description="lifetime of an access token, in minutes",
    )
    platbook_refresh_token_days: int = Field(
        default=30,
        ge=1,
        le=365,
        validation_alias=_with_old_name("refresh_token_days"),
        description="days after which a session that is not refreshed ends",
    )
    oidc_issuer: str | None = Field(
        default=None, pattern="^https?://", description="issuer URL of the OpenID Connect provider for sign-in"
    )
    oidc_client_id: str | None = Field(default=None, description="client id at the issuer")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="client secret at the issuer; none for a public client"
    )
    oidc_email_trust: str = Field(
        default="claim",
        pattern="^(claim|issuer)$",
        description="e-mail addresses that count as verified: with email_verified (claim), or all (issuer)",
    )
    oidc_email_domains: str | None = Field(
        default=None, description="allowed domains of the issuer's e-mail addresses, separated by commas"
    )
    platbook_api_rate: int = Field(
        default=600, ge=0, le=1_000_000, description="requests a minute of each user or API key; 0: no limit"
    )
    platbook_log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    platbook_log_format: str = Field(
        default="auto", pattern="^(auto|json|text)$", description="json, text, or auto: text on a terminal"
    )
    platbook_db_pool: int = Field(
        default=10,
        ge=2,
        le=100,
        description="size of each connection pool of a process: one for reading, one for writing",
    )
    platbook_db_pool_seconds: float = Field(
        default=3,
        ge=0.1,
        le=3600,
        description="how long work waits for a connection before it fails, and a request for the database in all",
    )
    platbook_db_idle_in_transaction_seconds: float = Field(
        default=60, ge=0.1, le=86400, description="how long a transaction may be idle before it is rolled back"
    )
    platbook_db_lock_seconds: float = Field(
        default=30,
        ge=0.1,
        le=86400,
        description="how long a statement waits for a lock before it fails and is retried later",
    )
    platbook_db_keepalive_idle_seconds: int = Field(
        default=10, ge=1, le=32767, description="how long a connection is idle before TCP keepalive probes it"
    )
    platbook_db_keepalive_interval_seconds: int = Field(
        default=5, ge=1, le=32767, description="time between TCP keepalive probes"
    )
    platbook_db_keepalive_count: int = Field(
        default=3, ge=1, le=127, description="unanswered probes after which a connection is closed"
    )
    platbook_db_tcp_user_timeout_seconds: float = Field(
        default=30,
        ge=1,
        le=86400,
        description="how long sent data may stay unacknowledged before a connection is closed",
    )
    platbook_http_max_seconds: float = Field(
        default=3600, gt=0, le=604800, description="how long a source may take to send one reply"
    )
    platbook_http_min_bytes_per_second: float = Field(
        default=256, ge=0, le=1_000_000_000, description="minimum rate at which a source must send a reply"
    )
    platbook_http_min_rate_seconds: float = Field(
        default=180, gt=0, le=604800, description="seconds of waiting over which the minimum rate is an average"
    )
    platbook_http_max_reply_bytes: int = Field(
        default=4 * 1024**3, ge=1024, description="most bytes of one reply, sent or decompressed"
    )
    platbook_http_max_body_bytes: int = Field(
        default=16 * 1024**2, ge=1024, description="most bytes of a reply that is held in memory whole"
    )
    platbook_photo_max_seconds: float = Field(
        default=600, gt=0, le=604800, description="how long one download of a photo may take"
    )
    platbook_photo_batches: int = Field(
        default=2, ge=0, le=64, description="photo batches that one worker process handles concurrently; 0: none"
    )
    platbook_photo_formats: str = Field(
        default="webp",
        pattern="^(webp|jpeg|png)(,(webp|jpeg|png))*$",
        description="formats of photo variants; the first one is the default",
    )
    platbook_keep_originals: bool = Field(
        default=False, description="whether the original photos are stored beside the variants"
    )
    platbook_photo_grace_hours: float = Field(
        default=48, ge=1, le=8760, description="how long an unreferenced photo is kept"
    )
    platbook_upload_bytes: int = Field(
        default=256 * 1024**2,
        ge=40 * 1024**2,
        description="bytes of uploaded photos that one server process takes at once; beyond, 503",
    )
    platbook_list_cache_bytes: int = Field(
        default=64 * 1024**2,
        ge=0,
        description="bytes of compressed listings that one server process keeps for its lists",
    )
    platbook_warm_cdn: bool = Field(
        default=False, description="whether new public photos are requested once from the CDN to fill its cache"
    )
    platbook_alert_consent: str = Field(
        default="opt_in",
        pattern="^(opt_in|opt_out)$",
        description="who gets messages about listings: those who agreed (opt_in), or all who did not refuse (opt_out)",
    )
    platbook_workers: int = Field(default=2, ge=1, le=64, description="syncs that one worker process runs concurrently")
    aws_s3_enabled: bool = Field(
        default=False, description="whether photos are stored in an S3 bucket instead of a folder"
    )
    aws_s3_bucket: str | None = Field(default=None, description="name of the bucket, which must exist")
    aws_s3_region: str = Field(default="us-east-1", description="region of the bucket")
    aws_s3_access_key_id: str | None = Field(
        default=None, description="access key id; without one, the machine's IAM role is used"
    )
    aws_s3_secret_access_key: SecretStr | None = Field(default=None, description="secret access key")
    aws_s3_endpoint_url: str | None = Field(
        default=None, pattern="^https?://[^/]", description="endpoint of an S3-compatible service other than Amazon's"
    )
    aws_cloudfront_url: str | None = Field(
        default=None, pattern="^https?://[^/]", description="URL of the CDN in front of the bucket or this server"
    )
    aws_cloudfront_distribution_id: str | None = Field(
        default=None, description="CloudFront distribution in which withdrawn photos are invalidated"
    )
