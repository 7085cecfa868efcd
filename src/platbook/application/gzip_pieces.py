"""Texts that are compressed once and joined to one gzip member (RFC 1952), however often they are sent. Pure.

A piece is raw deflate ended by a full flush (RFC 1951): it ends at a byte, says nothing of an end, and what follows it
refers to nothing in it, so pieces can be joined in any order. The checksum of the whole is combined from theirs. It is
ONE member: common clients take the end of the first for the end of the body, and silently drop the rest.
"""

import struct
from typing import NamedTuple

from isal import isal_zlib

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # deflate, without a name or a time, by an unnamed system
_LAST_BLOCK = b"\x03\x00"
_LEVEL = 3
_RAW = -15
_MAX_STORED = 0xFFFF
_WORTH_COMPRESSING = 200
"""Bytes below which a text takes no fewer when it is compressed by itself."""


class GzipPiece(NamedTuple):
    """A compressed text: raw deflate ended by a full flush, and the text's CRC-32 and bytes."""

    deflated: bytes
    crc: int
    size: int


def compress_piece(text: bytes) -> GzipPiece:
    """Compress a text."""
    compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _RAW)  # pyright: ignore[reportUnknownMemberType] - stubs without types
    deflated = compressor.compress(text) + compressor.flush(isal_zlib.Z_FULL_FLUSH)  # pyright: ignore[reportUnknownMemberType] - stubs without types
    return GzipPiece(deflated, _crc32(text, 0), len(text))


class GzipMember:
    """One gzip member, joined from pieces and the texts between them."""

    def __init__(self) -> None:
        self._parts = [_HEADER]
        self._crc = 0
        self._size = 0

    def add(self, piece: GzipPiece) -> None:
        """Add a piece that is compressed already."""
        self._parts.append(piece.deflated)
        self._crc = isal_zlib.crc32_combine(self._crc, piece.crc, piece.size)
        self._size += piece.size

    def add_text(self, text: bytes) -> None:
        """Add a text that is sent once: stored as it is where it is short."""
        if len(text) >= _WORTH_COMPRESSING:
            self.add(compress_piece(text))
            return
        self._parts += (struct.pack("<BHH", 0, len(text), len(text) ^ _MAX_STORED), text)
        self._crc = _crc32(text, self._crc)
        self._size += len(text)

    def to_bytes(self) -> bytes:
        """The whole member."""
        return b"".join((*self._parts, _LAST_BLOCK, struct.pack("<II", self._crc, self._size & 0xFFFFFFFF)))


def _crc32(text: bytes, before: int) -> int:
    return isal_zlib.crc32(text, before)  # pyright: ignore[reportUnknownMemberType] - stubs without types
