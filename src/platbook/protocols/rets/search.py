"""The search reply in COMPACT and COMPACT-DECODED (RETS 1.7.2, section 7): fed bytes, gives rows as they come.

Memory does not grow with the reply: a row is handed over as soon as its tag ends. A result is provisional until
`close` has returned its status, since some servers put the truth only into the trailing RETS-STATUS.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from platbook.protocols.rets.xml import UNSAID, Encoding, RetsXml, Status

_HEX = 16
_ROW_START, _ROW_END = "<DATA>", "</DATA>"
_LAST = -len(_ROW_END) - 1
_LESS = "\x01"  # stands for a < that is text; XML allows it nowhere, so it cannot be met otherwise
_AMPERSAND = "\x02"  # likewise
_AMP = re.compile("&amp;")  # a third faster than str.replace on texts of this size
_ENTITIES = {"amp": "&", "lt": _LESS, "gt": ">", "quot": '"', "apos": "'"}


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that does not fit its columns."""

    text: str
    reason: str


Row = tuple[str, ...]


class CompactParser:
    """One search reply. `columns`, `count` and `max_rows` are what has been said so far."""

    def __init__(self, encoding: Encoding = UNSAID) -> None:
        self.columns: Sequence[str] = ()
        self.count: int | None = None
        self.max_rows = False
        self._delimiter = "\t"
        self._leading = self._trailing = True
        self._rows: list[Row | BadRow] = []
        self._xml = RetsXml(self._start, self._text, encoding, on_row=self._note_row, on_rows=self._note_rows)

    @property
    def status(self) -> Status | None:
        """What has been said so far of how it went."""
        return self._xml.status

    @property
    def repairs(self) -> int:
        """How many characters had to be repaired."""
        return self._xml.repairs

    def feed(self, data: bytes) -> list[Row | BadRow]:
        """Take the next bytes and give the rows they complete; SourceBrokeProtocol for what is not a RETS reply."""
        self._xml.feed(data)
        rows, self._rows = self._rows, []
        return rows

    def close(self) -> tuple[list[Row | BadRow], Status]:
        """Declare the end of the bytes: the last rows, and the status that counts."""
        status = self._xml.close()
        return self._rows, status

    def _start(self, tag: str, said: Mapping[str, str]) -> bool:
        if tag == "COUNT":
            self.count = parse_count(self._xml, said.get("records", ""))
        elif tag == "DELIMITER":
            self._delimiter = self._parse_delimiter(said.get("value", ""))
        elif tag == "MAXROWS":
            self.max_rows = True
        return tag in {"COLUMNS", "DATA"}

    def _text(self, tag: str, text: str) -> None:
        if tag == "DATA":
            self._note_row(text)
        else:
            self.columns = self._parse_columns(text)

    def _parse_delimiter(self, value: str) -> str:
        # Section 7.6: two hexadecimal digits; some servers send one.
        try:
            number = int(value.strip(), _HEX)
        except ValueError:
            raise self._xml.broken(f"DELIMITER says {value[:40]!r}, not a hexadecimal number") from None
        if not 0 < number < 0x80:  # noqa: PLR2004 - a delimiter is one ASCII character
            raise self._xml.broken(f"DELIMITER says {value[:40]!r}, not an ASCII character")
        return chr(number)

    def _parse_columns(self, text: str) -> Sequence[str]:
        names = text.strip("\r\n").split(self._delimiter)
        self._leading = len(names) > 1 and not names[0].strip()
        self._trailing = len(names) > 1 and not names[-1].strip()
        columns = [name.strip() for name in names[self._leading : len(names) - self._trailing]]
        if not all(columns):
            raise self._xml.broken("COLUMNS holds a column without a name")
        return columns

    def _note_row(self, text: str) -> None:
        cells = text.split(self._delimiter)
        columns = len(self.columns)
        if len(cells) == columns + 2 and columns and not cells[0] and not cells[-1]:  # by the book
            self._rows.append(tuple(cells[1:-1]))
        else:
            self._rows.append(self._parse_row(text, cells))

    def _note_rows(self, text: str) -> bool:
        """Take whole rows by the book, one like the other; anything else is left to be parsed."""
        start = text.find(_ROW_START)
        gap, delimiter, columns = text[:start], self._delimiter, len(self.columns)
        body = start + len(_ROW_START)
        if start < 0 or gap.strip() or not columns or text[body] != delimiter or text[_LAST] != delimiter:
            return False
        plain = unescape(text) if "&" in text else text
        if plain is None:
            return False
        rows = plain[body + 1 : _LAST].split(f"{delimiter}{_ROW_END}{gap}{_ROW_START}{delimiter}")
        # Another element or gap between two rows would leave its mark; so would a line end that XML reads otherwise.
        if any("<" in row or "\r" in row for row in rows):
            return False
        if _LESS in plain:
            rows = [row.replace(_LESS, "<") for row in rows]
        cells = [tuple(row.split(delimiter)) for row in rows]
        if set(map(len, cells)) != {columns}:
            return False
        self._rows += cells
        return True

    def _parse_row(self, text: str, cells: list[str]) -> Row | BadRow:
        columns, found = len(self.columns), len(cells)
        if not columns:
            raise self._xml.broken("DATA came before COLUMNS")
        if found == columns + self._leading + self._trailing and _fits(cells, self._leading, self._trailing):
            return tuple(cells[self._leading : found - self._trailing])
        # By the book a row starts and ends with the delimiter; servers leave out either, here or in COLUMNS.
        if found == columns + 2 and _fits(cells, leading=True, trailing=True):
            return tuple(cells[1:-1])
        if found == columns + 1 and not cells[0].strip():
            return tuple(cells[1:])
        if found == columns + 1 and not cells[-1].strip():
            return tuple(cells[:-1])
        if found == columns:
            return tuple(cells)
        return BadRow(text, f"the row has {found} cells where there are {columns} columns")


def unescape(text: str) -> str | None:
    """Put characters in the place of XML's five entities, `<` marked; None: there are other references as well."""
    plain = _AMP.sub(_AMPERSAND, text)
    if "&" not in plain:
        return plain.replace(_AMPERSAND, "&")
    first, *pieces = text.split("&")
    said = [first]
    for piece in pieces:
        name, end, rest = piece.partition(";")
        character = _ENTITIES.get(name)
        if character is None or not end:
            return None
        said += (character, rest)
    return "".join(said)


def parse_count(xml: RetsXml, records: str) -> int:
    """Read how many records there are; SourceBrokeProtocol where it is no number."""
    said = records.strip()
    if not said.isascii() or not said.isdigit() or len(said) > 12:  # noqa: PLR2004 - no source has more
        raise xml.broken(f"COUNT says {said[:40]!r} records")
    return int(said)


def _fits(cells: Sequence[str], leading: bool, trailing: bool) -> bool:  # noqa: FBT001 - which ends are empty
    return (not leading or not cells[0].strip()) and (not trailing or not cells[-1].strip())
