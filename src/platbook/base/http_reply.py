"""An answer, as connectors are lent it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from platbook.base.errors import SourceBrokeProtocol


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer whose body is read as it comes. Leaving `send` closes it."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; repeated ones joined by a comma and a space, but `set-cookie` left to `cookies`.

    Where the body came compressed, `content-encoding` and `content-length` are those of the compressed body.
    """
    url: str
    """Where the answer came from, redirects followed."""
    chunks: AsyncIterator[bytes]
    """The body, decompressed. SourceBrokeProtocol if it stops short, SourceUnavailable if it stops coming."""
    cookies: Mapping[str, str] = field(default_factory=dict[str, str])
    """Cookies this answer set; an empty value where it took one back."""

    async def body(self, limit: int = 16 * 1024 * 1024) -> bytes:
        """Read the whole body; more than `limit` bytes is SourceBrokeProtocol."""
        parts: list[bytes] = []
        size = 0
        async for chunk in self.chunks:
            size += len(chunk)
            if size > limit:
                raise SourceBrokeProtocol(f"a reply of more than {limit} bytes where a short one was due")
            parts.append(chunk)
        return b"".join(parts)
