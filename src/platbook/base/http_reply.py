"""The HTTP response type of the connector contract."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from platbook.base.errors import SourceBrokeProtocol


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

    async def body(self, limit: int = 16 * 1024 * 1024) -> bytes:
        """Read the complete body. SourceBrokeProtocol if it is larger than `limit` bytes."""
        parts: list[bytes] = []
        size = 0
        async for chunk in self.chunks:
            size += len(chunk)
            if size > limit:
                raise SourceBrokeProtocol(f"the reply is larger than {limit} bytes")
            parts.append(chunk)
        return b"".join(parts)
