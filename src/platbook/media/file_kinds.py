"""What a video or document is by its first bytes: a kind of file that is stored as it came, or none.

A web page is no file: most tours and many videos are pages of a player. What is not known is stored without a type, to
be saved and never shown.
"""

import codecs
import re

from platbook.base.errors import MediaRejected
from platbook.media.pictures.file_type import describe_content

START_BYTES = 4096
"""How many of the first bytes are looked at."""

_UNKNOWN, _TEXT = "bin", "txt"
_PAGES = frozenset({"an HTML page", "SVG", "XML", "JSON"})
_KINDS = (
    ("mov", rb"....(?:ftypqt  |moov|mdat|wide)"),
    ("avif", rb"....ftypavif"),
    ("heic", rb"....ftyp(?:hei|hev|mif1|msf1)"),
    ("mp4", rb"....ftyp"),
    ("webm", rb"\x1aE\xdf\xa3"),
    ("mpeg", rb"\x00\x00\x01[\xba\xb3]"),
    ("wmv", rb"0&\xb2u\x8ef\xcf\x11"),
    ("avi", rb"RIFF....AVI "),
    ("pdf", rb"\s{0,100}%PDF-"),
    ("docx", rb"PK\x03\x04.{0,4000}word/"),
    ("xlsx", rb"PK\x03\x04.{0,4000}xl/"),
    ("pptx", rb"PK\x03\x04.{0,4000}ppt/"),
    ("zip", rb"PK\x03\x04"),
    ("doc", rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("rtf", rb"\{\\rtf"),
    ("jpeg", rb"\xff\xd8\xff"),
    ("png", rb"\x89PNG\r\n\x1a\n"),
    ("gif", rb"GIF8[79]a"),
    ("webp", rb"RIFF....WEBP"),
    ("tiff", rb"II\*\0|MM\0\*"),
)


class NotAFile(MediaRejected):
    """A web page, where a video or document was expected."""


def find_file_kind(start: bytes) -> str:
    """The suffix of a file's kind (`storage.FILE_TYPES`) by its first bytes. NotAFile; MediaRejected if it is empty."""
    if not start:
        raise MediaRejected("the file is empty")
    for suffix, pattern in _KINDS:
        if re.match(pattern, start, re.DOTALL):
            return suffix
    if (kind := describe_content(start)) in _PAGES:
        raise NotAFile(f"{kind} is no file that can be stored")
    return _TEXT if _is_text(start) else _UNKNOWN


def _is_text(start: bytes) -> bool:
    if b"\0" in start:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)  # by which the last character may be cut
    except UnicodeDecodeError:
        return False
    return True
