"""Requests to Amazon's services, signed (AWS Signature Version 4)."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_SIGNED = "host;x-amz-content-sha256;x-amz-date"


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """A key id and its secret."""

    key_id: str
    secret: str = field(repr=False)


def sign_request(
    login: AwsCredentials, service: str, region: str, method: str, url: str, content: bytes, now: datetime
) -> Mapping[str, str]:
    """The headers that make a request (without a query) the login's own, at a moment in UTC."""
    address = urlsplit(url)
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(content).hexdigest()
    headers = {"host": address.netloc, "x-amz-content-sha256": digest, "x-amz-date": moment}
    told = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join((method, quote(address.path or "/"), address.query, told, _SIGNED, digest))
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{login.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    signature = hmac.digest(key, to_sign.encode(), hashlib.sha256).hex()
    credential = f"Credential={login.key_id}/{scope}"
    return {**headers, "authorization": f"{_ALGORITHM} {credential}, SignedHeaders={_SIGNED}, Signature={signature}"}
