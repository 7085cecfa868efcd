"""Reads which scans a progressive JPEG holds (ITU-T T.81, annexes B and G). Pure.

A progressive JPEG that ends between two scans decodes without a warning, only blurred; here its headers tell whether
every coefficient of every component was sent to its last bit.
"""

from collections.abc import Iterator

_START_OF_FRAME = 0xC2
_START_OF_SCAN = 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})
"""Markers without a length: TEM, RSTn, SOI, EOI."""
_COEFFICIENTS = 64


def has_all_scans(content: bytes) -> bool:
    """Whether the scans of a progressive JPEG cover every coefficient of every component to its last bit."""
    missing: dict[int, list[int | None]] = {}
    for marker, body in _read_segments(content):
        if marker == _START_OF_FRAME and len(body) > 5:  # noqa: PLR2004 - precision, height, width
            components = body[6 : 6 + 3 * body[5] : 3]
            missing = {component: [None] * _COEFFICIENTS for component in components}
        elif marker == _START_OF_SCAN:
            _apply_scan(body, missing)
    return bool(missing) and all(bit == 0 for bits in missing.values() for bit in bits)


def _apply_scan(body: bytes, missing: dict[int, list[int | None]]) -> None:
    count = body[0] if body else 0
    if len(body) < 4 + 2 * count:
        return
    first, last, approximation = body[1 + 2 * count : 4 + 2 * count]
    for component in body[1 : 1 + 2 * count : 2]:
        bits = missing.get(component, [])
        for coefficient in range(first, min(last, _COEFFICIENTS - 1) + 1):
            if bits:
                bits[coefficient] = approximation & 0x0F


def _read_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Every marker segment with its body; entropy-coded data is passed over."""
    at = content.find(b"\xff")
    while 0 <= at < len(content) - 3:
        marker = content[at + 1]
        if marker in _ALONE or marker in {0x00, 0xFF}:
            at = content.find(b"\xff", at + (1 if marker == 0xFF else 2))  # noqa: PLR2004 - a fill byte
            continue
        length = int.from_bytes(content[at + 2 : at + 4])
        yield marker, content[at + 4 : at + 2 + length]
        at = content.find(b"\xff", at + 2 + length)
