"""Repairs damage that does not touch the pixels of a photo. Any other damage is refused."""

from dataclasses import dataclass

from platbook.media.pictures.decode import ImageHeader

_END = b"\xff\xd9"
_CUT = "premature end of JPEG image"
# What some cameras and servers write around the picture itself (libvips issue 2309).
_HARMLESS = (
    "Invalid SOS parameters for sequential JPEG",
    "extraneous bytes before marker",
    "unknown Adobe color transform code",
    "unknown JFIF revision number",
)


@dataclass(frozen=True, slots=True)
class RepairedImage:
    """The bytes to decode, libvips' `fail_on` level, and the flaw that was repaired."""

    content: bytes
    fail_on: str
    flaw: str


def repair(content: bytes, header: ImageHeader, reason: str) -> RepairedImage | None:
    """Another way to decode a JPEG that was refused for a reason; None where it is truly damaged."""
    if header.format != "jpeg":
        return None
    if any(message in reason for message in _HARMLESS):
        return RepairedImage(content, "truncated", reason)
    if reason.endswith(_CUT) and not header.is_multiscan:
        # With an end marker added, the decoder itself tells whether pixels are missing, or only the marker was.
        return RepairedImage(content + _END, "warning", "the end-of-image marker is missing")
    return None
