"""Names the type of bytes that are not an image, so that a rejection's reason names what the source sent."""

import re

_PREFIX_BYTES = 1024
_KINDS = (
    ("HEIC", rb"....ftyp(?:hei|hev|mif1|msf1)"),
    ("an HTML page", rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head|body)"),
    ("SVG", rb"\s*(?:<\?xml.*?\?>\s*)?(?:<!--.*?-->\s*)?(?:<!doctype svg.*?>\s*)?<svg"),
    ("XML", rb"\s*<\?xml"),
    ("JSON", rb"\s*[{\[]"),
    ("PDF", rb"%PDF-"),
    ("BMP", rb"BM"),
    ("an archive", rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!"),
    ("a video", rb"....ftyp(?:mp4|iso|qt|M4V)|\x1aE\xdf\xa3|RIFF....AVI"),
    ("a damaged picture", rb"\xff\xd8|\x89PNG|GIF8|RIFF....WEBP|II\*\0|MM\0\*|....ftypavif"),
)


def describe_content(content: bytes) -> str:
    """The kind of file by its first bytes ("PDF", "an HTML page"); "this" where it is unknown."""
    start = content[:_PREFIX_BYTES].removeprefix(b"\xef\xbb\xbf")
    for name, pattern in _KINDS:
        if re.match(pattern, start, re.DOTALL | re.IGNORECASE):
            return name
    return "this"
