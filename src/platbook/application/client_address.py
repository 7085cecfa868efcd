"""The network address a request comes from, by which failed logins are throttled."""

UNKNOWN = "unknown"


def to_client_address(client: tuple[str, int] | None) -> str:
    """The host of an ASGI scope's `client`; `unknown` where the server has none.

    A reverse proxy's `X-Forwarded-For` is resolved before, by the server, and from trusted proxies alone: the header
    itself is never read here, since any caller can write it.
    """
    return UNKNOWN if client is None else client[0]
