"""Bearer tokens of requests (RFC 6750)."""

from typing import cast

from platbook.application.asgi import Scope


def find_token(scope: Scope) -> str | None:
    """The token of the Authorization header; None: it has none. Nothing else of the request is read."""
    headers = cast("list[tuple[bytes, bytes]]", scope["headers"])
    authorization = next((value for name, value in headers if name == b"authorization"), b"")
    scheme, _, token = authorization.decode("latin-1").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
