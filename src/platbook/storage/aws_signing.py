"""Signs requests to Amazon's services (AWS Signature Version 4)."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_SIGNED_HEADERS = "host;x-amz-content-sha256;x-amz-date"


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """An access key id and its secret."""

    key_id: str
    secret: str = field(repr=False)


def sign_request(
    credentials: AwsCredentials, service: str, region: str, method: str, url: str, content: bytes, now: datetime
) -> Mapping[str, str]:
    """The headers that sign a request without a query. `now` is in UTC."""
    parts = urlsplit(url)
    timestamp = now.strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(content).hexdigest()
    headers = {"host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": timestamp}
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join((method, quote(parts.path or "/"), parts.query, lines, _SIGNED_HEADERS, digest))
    scope = f"{timestamp[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, timestamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{credentials.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    signature = hmac.digest(key, to_sign.encode(), hashlib.sha256).hex()
    credential = f"Credential={credentials.key_id}/{scope}"
    return {
        **headers,
        "authorization": f"{_ALGORITHM} {credential}, SignedHeaders={_SIGNED_HEADERS}, Signature={signature}",
    }
