"""Validators of stored bytes, for conditional requests (RFC 9110 section 13). Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CacheValidators:
    """Validators of the bytes we have stored (RFC 9110 section 8.8), for conditional requests."""

    etag: str | None = None
    last_modified: str | None = None

    def to_headers(self) -> dict[str, str]:
        """Return the conditional request headers (RFC 9110 section 13.1)."""
        conditions = {"if-none-match": self.etag, "if-modified-since": self.last_modified}
        return {name: value for name, value in conditions.items() if value}
