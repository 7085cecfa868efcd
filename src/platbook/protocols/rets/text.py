"""Repairs the bytes of a reply for an XML parser: UTF-8 without characters that XML forbids.

Real servers send control characters, lone ampersands, references to surrogate halves, and undeclared Latin-1.
Each is repaired as the stream passes and counted; nothing else is changed. Almost every chunk has nothing to repair, so
a chunk is first checked as a whole, and passed through unchanged if it is valid.

UTF-16 shows in the first bytes, by a byte order mark or NUL bytes, and only there: a declaration of it in single bytes
is wrong. Other encodings are tried in this order: the XML declaration's, the HTTP header's, the provider's setting,
UTF-8, and for bytes that are not valid UTF-8, Windows-1252. ISO-8859-1 is decoded as Windows-1252, as every browser
does: they differ only where the former has control characters, the latter quotes and the euro sign.
"""

import codecs
import re
from typing import Protocol

_DECLARED = re.compile(rb"^\s*(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_INVALID = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
    "|&#(?:x0*[dD][89abAB][0-9a-fA-F]{2}|0*5[56][0-9]{3});&#(?:x0*[dD][c-fC-F][0-9a-fA-F]{2}|0*5[67][0-9]{3});"
    "|&#(?:x[0-9a-fA-F]+|[0-9]+);"
    "|&(?!(?:amp|lt|gt|quot|apos);)"
)
_REFERENCE = re.compile(r"&#(x?)([0-9a-fA-F]+);")
_PAIR = (range(0xD800, 0xDC00), range(0xDC00, 0xE000))  # UTF-16's surrogate halves
_ESCAPED = range(0xDC80, 0xDD00)  # how `surrogateescape` represents a byte that is not UTF-8
_MAX_REFERENCE = 24
_MAX_DIGITS = 8
_SNIFF = 256

_WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
"""The first bytes of UTF-16 (XML 1.0, appendix F)."""
_HIGH_CONTROLS = bytes(range(0x80, 0xA0))  # of Latin-1; Windows-1252 has printable characters there
_CONTROLS = bytes(byte for byte in range(0x20) if byte not in b"\t\n\r")
_DUBIOUS_AMPERSAND = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos);|#(?:9|1[03]|3[2-9]|[4-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]);)"
)
_NONCHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")  # U+FFFE and U+FFFF


class _Decoder(Protocol):
    def decode(self, data: bytes, final: bool = False, /) -> str: ...  # noqa: FBT001, FBT002 - codecs' own form


class TextRepairer:
    """Incremental decoder to UTF-8 that is valid in XML; `repairs` counts the repaired characters."""

    def __init__(self, charset: str | None = None, fallback: str | None = None) -> None:
        self.repairs = 0
        self._charset, self._fallback = charset, fallback
        self._sniffing = True
        self._decoder: _Decoder | None = None
        self._tail = b""

    def decode_complete(self, data: bytes) -> str | None:
        """Decode bytes that begin and end between characters, leaving references as they are.

        None: they need repair, or a character may span from earlier bytes; then pass them to `feed`.
        """
        if self._sniffing or self._tail or len(data.translate(None, _CONTROLS)) != len(data):
            return None
        if isinstance(self._decoder, _Windows1252Decoder):
            return self._decoder.decode(data)
        if self._decoder is not None or _has_noncharacter(data):
            return None
        try:
            return data.decode()
        except UnicodeDecodeError:
            return None

    def feed(self, data: bytes, *, last: bool = False) -> bytes:
        """Repair the next bytes. A possibly incomplete character waits for more bytes, unless this is the `last`."""
        if self._sniffing:
            data = self._tail + data
            self._tail = b""
            if len(data) < _SNIFF and not last:
                self._tail = data
                return b""
            self._decoder = _find_decoder(data[:_SNIFF], self._charset, self._fallback)
            self._sniffing = False
            data = data.removeprefix(codecs.BOM_UTF8) if self._decoder is None else data
        if self._decoder is not None:
            data = self._decoder.decode(data, last).encode("utf-8", "replace")
        if self._tail:
            data = self._tail + data
        cut = len(data) if last else _find_safe_end(data)
        data, self._tail = data[:cut], data[cut:]
        if _is_clean(data):
            return data
        return _INVALID.sub(self._repair, data.decode("utf-8", "surrogateescape")).encode("utf-8", "replace")

    def _repair(self, match: re.Match[str]) -> str:
        invalid = match[0]
        numbers = [_to_number(x, digits) for x, digits in _REFERENCE.findall(invalid)]
        if numbers and all(map(_is_allowed, numbers)):
            return invalid
        self.repairs += 1
        if len(numbers) == len(_PAIR) and all(n in half for n, half in zip(numbers, _PAIR, strict=True)):
            return chr(0x10000 + ((numbers[0] - 0xD800) << 10) + (numbers[1] - 0xDC00))
        if numbers:
            return "".join(f"&#{number};" if _is_allowed(number) else " " for number in numbers)
        if ord(invalid[0]) in _ESCAPED:
            return _WINDOWS_1252[ord(invalid) - 0xDC00]
        return "&amp;" if invalid == "&" else " "


def _is_clean(data: bytes) -> bool:
    if len(data.translate(None, _CONTROLS)) != len(data) or _DUBIOUS_AMPERSAND.search(data):
        return False
    if _has_noncharacter(data):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_noncharacter(data: bytes) -> bool:
    return b"\xef" in data and any(noncharacter in data for noncharacter in _NONCHARACTERS)


def _find_safe_end(data: bytes) -> int:
    """The end up to which no character, reference, or pair of references is split."""
    end = len(data)
    for back in range(1, min(4, end) + 1):
        byte = data[end - back]
        if byte & 0xC0 != 0x80:  # noqa: PLR2004 - the first byte of a character in UTF-8
            length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1  # noqa: PLR2004 - first bytes of UTF-8
            end -= back if length > back else 0
            break
    mark = data.rfind(b"&", max(0, end - _MAX_REFERENCE * 2), end)
    if mark < 0:
        return end
    pair = data.rfind(b"&#", max(0, mark - _MAX_REFERENCE), mark)
    return pair if pair >= 0 else mark


def _to_number(x: str, digits: str) -> int:
    significant = digits.lstrip("0")
    return int(significant or "0", 16 if x else 10) if len(significant) <= _MAX_DIGITS else -1


def _is_allowed(point: int) -> bool:
    return (
        point in {0x9, 0xA, 0xD}
        or 0x20 <= point <= 0xD7FF  # noqa: PLR2004 - XML 1.0, section 2.2, Char
        or 0xE000 <= point <= 0xFFFD  # noqa: PLR2004 - XML 1.0, section 2.2
        or 0x10000 <= point <= 0x10FFFF  # noqa: PLR2004 - XML 1.0, section 2.2
    )


def _find_decoder(head: bytes, charset: str | None, fallback: str | None) -> _Decoder | None:
    """The decoder of the first encoding that is specified and known; None: UTF-8."""
    for start, wide in _WIDE.items():
        if head.startswith(start):
            return codecs.lookup(wide).incrementaldecoder(errors="replace")
    declared = _DECLARED.match(head)
    for name in (declared[1].decode() if declared else None, charset, fallback):
        try:
            info = None if name is None else codecs.lookup(name)
        except LookupError:
            continue
        if info is None or not info._is_text_encoding:  # noqa: SLF001 - no public attribute tells text codecs apart
            continue
        if info.name.startswith(("utf-16", "utf-32")):
            continue
        if info.name in {"utf-8", "utf-8-sig", "ascii"}:
            return None
        if info.name in {"iso8859-1", "cp1252"}:
            return _Windows1252Decoder()
        return info.incrementaldecoder(errors="replace")
    return None


def _windows_1252() -> str:
    # The five undefined bytes map to themselves.
    characters = [bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x100)]
    return "".join(characters)


_WINDOWS_1252 = _windows_1252()
_FROM_LATIN_1 = {byte: _WINDOWS_1252[byte] for byte in range(0x80, 0xA0)}


class _Windows1252Decoder:
    def decode(self, data: bytes, final: bool = False, /) -> str:  # noqa: FBT001, FBT002 - codecs' own form
        del final
        text = data.decode("latin-1")
        is_latin_1 = len(data.translate(None, _HIGH_CONTROLS)) == len(data)
        return text if is_latin_1 else text.translate(_FROM_LATIN_1)
