"""From the bytes of a reply to text an XML parser accepts.

Real servers send control characters XML forbids, lone ampersands, references to halves of surrogate pairs, and
Latin-1 that nobody declared. Each is repaired here in passing and counted; nothing else is touched.

Encodings are tried in this order: the XML declaration's, the HTTP header's, UTF-8, and for what is not UTF-8 after
all, Windows-1252.
"""

import codecs
import re

_DECLARED = re.compile(rb"^\s*(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_FAULT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
    "|&#(?:x0*[dD][89abAB][0-9a-fA-F]{2}|0*5[56][0-9]{3});&#(?:x0*[dD][c-fC-F][0-9a-fA-F]{2}|0*5[67][0-9]{3});"
    "|&#(?:x[0-9a-fA-F]+|[0-9]+);"
    "|&(?!(?:amp|lt|gt|quot|apos);)"
)
_REFERENCE = re.compile(r"&#(x?)([0-9a-fA-F]+);")
_PAIR = (range(0xD800, 0xDC00), range(0xDC00, 0xE000))  # UTF-16's halves of one character
_LONGEST_REFERENCE = 24
_SNIFF = 256


class TextRepairer:
    """Fed bytes, gives text fit for an XML parser; `repairs` counts what had to be changed."""

    def __init__(self, charset: str | None = None) -> None:
        self._charset = charset
        self._decoder: codecs.IncrementalDecoder | None = None
        self._head = b""
        self._tail = ""
        self.repairs = 0

    def feed(self, data: bytes, *, last: bool = False) -> str:
        """Take the next bytes. What may be cut in the middle of a reference waits for more, unless it is the `last`."""
        if self._decoder is None:
            self._head += data
            if len(self._head) < _SNIFF and not last:
                return ""
            data, self._head = self._head, b""
            self._decoder = _decoder(data, self._charset)
        text = self._tail + self._decoder.decode(data, last)
        self._tail = ""
        cut = text.rfind("&", max(0, len(text) - _LONGEST_REFERENCE * 2))
        if not last and cut >= 0:
            pair = text.rfind("&#", max(0, cut - _LONGEST_REFERENCE), cut)
            cut = pair if pair >= 0 else cut
            text, self._tail = text[:cut], text[cut:]
        return _FAULT.sub(self._mend, text) if _FAULT.search(text) else text

    def _mend(self, match: re.Match[str]) -> str:
        fault = match[0]
        numbers = [int(digits, 16 if x else 10) for x, digits in _REFERENCE.findall(fault)]
        if not numbers:
            self.repairs += 1
            return "&amp;" if fault == "&" else " "
        if len(numbers) == len(_PAIR) and all(n in half for n, half in zip(numbers, _PAIR, strict=True)):
            self.repairs += 1
            return chr(0x10000 + ((numbers[0] - 0xD800) << 10) + (numbers[1] - 0xDC00))
        if all(map(_is_allowed, numbers)):
            return fault
        self.repairs += 1
        return "".join(f"&#{number};" if _is_allowed(number) else " " for number in numbers)


def _is_allowed(point: int) -> bool:
    return (
        point in {0x9, 0xA, 0xD}
        or 0x20 <= point <= 0xD7FF  # noqa: PLR2004 - XML 1.0, section 2.2, Char
        or 0xE000 <= point <= 0xFFFD  # noqa: PLR2004
        or 0x10000 <= point <= 0x10FFFF  # noqa: PLR2004
    )


def _decoder(head: bytes, charset: str | None) -> codecs.IncrementalDecoder:
    declared = _DECLARED.match(head[:_SNIFF])
    for name in (declared[1].decode() if declared else None, charset, "utf-8"):
        if name is None:
            continue
        try:
            info = codecs.lookup(name)
        except LookupError:
            continue
        if info.name in {"utf-8", "ascii"}:
            return codecs.getincrementaldecoder("utf-8-sig")(errors="platbook-1252")
        return info.incrementaldecoder(errors="replace")
    raise AssertionError("utf-8 is always known")


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error("platbook-1252", _as_windows_1252)
