"""The HTTP response type of the connector contract."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from platbook.base.errors import ReplyTooLarge

MAX_BODY_BYTES = 16 * 1024 * 1024
"""The default of the largest body that is held in memory whole."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A response whose body is streamed. Leaving the `send` block closes it."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name; repeated ones joined by a comma and a space. `set-cookie` is parsed into `cookies` instead.

    Of a compressed body, `content-encoding` and `content-length` describe what was sent over the wire.
    """
    url: str
    """The URL that answered, after redirects."""
    chunks: AsyncIterator[bytes]
    """The body, decompressed. SourceBrokeProtocol if it is truncated, SourceUnavailable if the source stalls."""
    cookies: Mapping[str, str] = field(default_factory=dict[str, str])
    """Cookies this response set; the empty string where it deleted one."""
    max_body_bytes: int = MAX_BODY_BYTES

    async def body(self, limit: int | None = None) -> bytes:
        """Read the complete body. ReplyTooLarge if it is larger than `limit` bytes, or the limit for all replies."""
        most = self.max_body_bytes if limit is None else min(limit, self.max_body_bytes)
        parts: list[bytes] = []
        size = 0
        async for chunk in self.chunks:
            size += len(chunk)
            if size > most:
                setting = " (PLATBOOK_HTTP_MAX_BODY_BYTES)" if most == self.max_body_bytes else ""
                raise ReplyTooLarge(f"the reply is larger than {most} bytes{setting}")
            parts.append(chunk)
        return b"".join(parts)
