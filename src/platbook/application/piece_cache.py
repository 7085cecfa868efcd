"""A process's cache of compressed pieces, bounded by bytes; the least recently used are evicted."""

from collections import OrderedDict
from collections.abc import Hashable

from platbook.application.gzip_pieces import GzipPiece

_ENTRY_BYTES = 600
"""About what a key and the entry itself take beside the piece."""


class PieceCache:
    """Pieces by the version of what they hold. For one event loop."""

    def __init__(self, max_bytes: int = 64 * 1024**2) -> None:
        self._max_bytes = max_bytes
        self._pieces: OrderedDict[Hashable, GzipPiece] = OrderedDict()
        self.bytes = 0

    def get(self, key: Hashable) -> GzipPiece | None:
        """The piece of a key, if it is here."""
        piece = self._pieces.get(key)
        if piece is not None:
            self._pieces.move_to_end(key)
        return piece

    def put(self, key: Hashable, piece: GzipPiece) -> None:
        """Keep a piece."""
        known = self._pieces.pop(key, None)
        self.bytes += _bytes(piece) - (0 if known is None else _bytes(known))
        self._pieces[key] = piece
        while self.bytes > self._max_bytes:
            _, evicted = self._pieces.popitem(last=False)
            self.bytes -= _bytes(evicted)


def _bytes(piece: GzipPiece) -> int:
    return len(piece.deflated) + _ENTRY_BYTES
