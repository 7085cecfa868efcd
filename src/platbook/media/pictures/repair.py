"""Repairs damage that does not touch the pixels of a photo. Any other damage is refused."""

from dataclasses import dataclass

from platbook.media.pictures.decode import ImageHeader
from platbook.media.pictures.jpeg_scans import has_all_scans

_END = b"\xff\xd9"
_CUT = "premature end of JPEG image"
# What some cameras and servers write around the picture itself (libvips issue 2309), in lower case.
_HARMLESS = (
    "invalid sos parameters for sequential jpeg",
    "extraneous bytes before marker",
    "adobe color transform code",
    "unknown jfif revision number",
)


@dataclass(frozen=True, slots=True)
class RepairedImage:
    """The bytes to decode, libvips' `fail_on` level, and the flaw that was repaired."""

    content: bytes
    fail_on: str
    flaw: str


def repair(content: bytes, header: ImageHeader, reason: str) -> RepairedImage | None:
    """Another way to decode a picture that was refused for a reason; None where it is truly damaged."""
    if header.format == "tiff":
        # libtiff warns of tags, and reports pixels that it cannot read as errors.
        return RepairedImage(content, "error", reason)
    if header.format != "jpeg":
        return None
    if any(message in reason.lower() for message in _HARMLESS):
        return RepairedImage(content, "truncated", reason)
    if reason.endswith(_CUT) and (not header.is_multiscan or has_all_scans(content)):
        # With an end marker added, the decoder itself tells whether pixels are missing, or only the marker was.
        return RepairedImage(content + _END, "warning", "the end-of-image marker is missing")
    return None
