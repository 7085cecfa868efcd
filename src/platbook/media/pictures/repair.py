"""Damage that takes nothing from a photo, and how to read it all the same. Anything else is refused."""

from dataclasses import dataclass

from platbook.media.pictures.decode import ImageHeader

_END = b"\xff\xd9"
_CUT = "premature end of JPEG image"
# What some cameras and servers write, beside the picture itself (libvips issue 2309).
_HARMLESS = (
    "Invalid SOS parameters for sequential JPEG",
    "extraneous bytes before marker",
    "unknown Adobe color transform code",
    "unknown JFIF revision number",
)


@dataclass(frozen=True, slots=True)
class RepairedImage:
    """The bytes to decode, how strictly, and what was wrong with them."""

    content: bytes
    fail_on: str
    flaw: str


def repair(content: bytes, header: ImageHeader, reason: str) -> RepairedImage | None:
    """Another way to read a JPEG that was refused for a reason; None if the reason is a good one."""
    if header.format != "jpeg":
        return None
    if any(words in reason for words in _HARMLESS):
        return RepairedImage(content, "truncated", reason)
    if reason.endswith(_CUT) and not header.multiscan:
        # With an end put to it, the decoder itself tells whether pixels are missing, or only the mark of the end.
        return RepairedImage(content + _END, "warning", "the mark of its end is missing")
    return None
