"""Lexemes made in Python, as values of PostgreSQL's type tsvector: without positions, which nothing here ranks by."""

from collections.abc import Set as AbstractSet
from struct import pack

from psycopg import adapters
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_COUNT_SIZE = 4
_NO_POSITIONS = "\x00\x00\x00"  # the end of the lexeme's text, and the number of its positions in two bytes


class Tsvector:
    """A set of lexemes, packed as PostgreSQL reads them; it sorts them itself."""

    __slots__ = ("packed",)

    def __init__(self, lexemes: AbstractSet[str]) -> None:
        self.packed = pack("!i", len(lexemes)) + _NO_POSITIONS.join((*lexemes, "")).encode()

    def __str__(self) -> str:
        """The lexemes in tsvector's text form."""
        lexemes = self.packed[_COUNT_SIZE:].decode().split(_NO_POSITIONS)[:-1]
        return " ".join("'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'" for lexeme in lexemes)


class _TsvectorDumper(Dumper):
    format = Format.BINARY
    oid = adapters.types["tsvector"].oid

    def dump(self, obj: Tsvector) -> Buffer:
        """The binary form: the number of lexemes, then each one."""
        return obj.packed


adapters.register_dumper(Tsvector, _TsvectorDumper)
