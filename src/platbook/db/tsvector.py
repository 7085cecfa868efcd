"""Lexemes made in Python, as values of PostgreSQL's type tsvector: without positions, which nothing here ranks by."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from struct import pack

from psycopg import adapters
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_NO_POSITIONS = "\x00\x00\x00"  # the end of the lexeme's text, and the number of its positions in two bytes


@dataclass(frozen=True, slots=True)
class Tsvector:
    """A set of lexemes. PostgreSQL sorts them when it reads them."""

    lexemes: AbstractSet[str]

    def __str__(self) -> str:
        """The lexemes in tsvector's text form."""
        return " ".join("'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'" for lexeme in self.lexemes)


class _TsvectorDumper(Dumper):
    format = Format.BINARY
    oid = adapters.types["tsvector"].oid

    def dump(self, obj: Tsvector) -> Buffer:
        """The binary form: the number of lexemes, then each one."""
        texts = _NO_POSITIONS.join((*obj.lexemes, ""))
        return pack("!i", len(obj.lexemes)) + texts.encode()


adapters.register_dumper(Tsvector, _TsvectorDumper)
