"""The search reply in COMPACT and COMPACT-DECODED (RETS 1.7.2, section 7): an incremental parser.

Memory does not grow with the reply: a row is returned as soon as its tag ends. A result is provisional until `close`
has returned its status, since some servers report errors only in the trailing RETS-STATUS.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from xml.sax import saxutils

from platbook.protocols.rets.xml import UNSPECIFIED, Encoding, ReplyStatus, RetsXml, RowHandlers

_HEX = 16
_ROW_START, _ROW_END = "<DATA>", "</DATA>"
_LAST = -len(_ROW_END) - 1
_LESS = "\x01"  # placeholder for a < in text; not allowed in XML, so it cannot occur otherwise
_AMPERSAND = "\x02"  # likewise
_AMP = re.compile("&amp;")  # a third faster than str.replace on texts of this size
_ENTITIES = {"amp": "&", "lt": _LESS, "gt": ">", "quot": '"', "apos": "'"}


@dataclass(frozen=True, slots=True)
class MalformedRow:
    """A row that does not match the columns, or is not well-formed; `cells` are those it seems to have, if they fit."""

    text: str
    reason: str
    cells: "CompactRow | None" = None


CompactRow = tuple[str, ...]


class CompactParser:
    """Incremental parser of one search reply. `columns`, `count` and `max_rows` are as read so far."""

    def __init__(self, encoding: Encoding = UNSPECIFIED) -> None:
        self.columns: Sequence[str] = ()
        self.count: int | None = None
        self.max_rows = False
        self._delimiter = "\t"
        self._leading = self._trailing = True
        self._rows: list[CompactRow | MalformedRow] = []
        self._xml = RetsXml(
            *(self._start, self._text, encoding), rows=RowHandlers(self._add_row, self._add_rows, self._add_broken_row)
        )

    @property
    def status(self) -> ReplyStatus | None:
        """The status as read so far."""
        return self._xml.status

    @property
    def repairs(self) -> int:
        """Number of repaired characters."""
        return self._xml.repairs

    def feed(self, data: bytes) -> list[CompactRow | MalformedRow]:
        """Feed the next bytes; returns the rows they complete. SourceBrokeProtocol: not a RETS reply."""
        self._xml.feed(data)
        rows, self._rows = self._rows, []
        return rows

    def close(self) -> tuple[list[CompactRow | MalformedRow], ReplyStatus]:
        """Signal the end of input: the last rows, and the final status."""
        status = self._xml.close()
        return self._rows, status

    def _start(self, tag: str, attributes: Mapping[str, str]) -> bool:
        if tag == "COUNT":
            self.count = parse_count(self._xml, attributes.get("records", ""))
        elif tag == "DELIMITER":
            self._delimiter = self._parse_delimiter(attributes.get("value", ""))
        elif tag == "MAXROWS":
            self.max_rows = True
        return tag in {"COLUMNS", "DATA"}

    def _text(self, tag: str, text: str) -> None:
        if tag == "DATA":
            self._add_row(text)
        else:
            self._set_columns(self._parse_columns(text))

    def _parse_delimiter(self, value: str) -> str:
        # Section 7.6: two hexadecimal digits; some servers send one.
        try:
            number = int(value.strip(), _HEX)
        except ValueError:
            raise self._xml.to_error(f"DELIMITER is {value[:40]!r}, not a hexadecimal number") from None
        if not 0 < number < 0x80:  # noqa: PLR2004 - a delimiter is one ASCII character
            raise self._xml.to_error(f"DELIMITER is {value[:40]!r}, not an ASCII character")
        return chr(number)

    def _parse_columns(self, text: str) -> Sequence[str]:
        names = text.strip("\r\n").split(self._delimiter)
        self._leading = len(names) > 1 and not names[0].strip()
        self._trailing = len(names) > 1 and not names[-1].strip()
        columns = [name.strip() for name in names[self._leading : len(names) - self._trailing]]
        if not all(columns):
            raise self._xml.to_error("COLUMNS has a column without a name")
        if len(set(columns)) < len(columns):
            twice = next(name for at, name in enumerate(columns) if name in columns[:at])
            raise self._xml.to_error(f"COLUMNS names the column {twice[:60]} twice")
        return columns

    def _set_columns(self, columns: Sequence[str]) -> None:
        """Set the columns, which must be the same wherever they stand in a reply: rows are read by them."""
        if self.columns and columns != self.columns:
            pairs = zip_longest(self.columns, columns, fillvalue="none")
            before, now = next(pair for pair in pairs if pair[0] != pair[1])
            raise self._xml.to_error(
                f"the reply has COLUMNS twice, and they differ: {now[:60]} in place of {before[:60]}"
            )
        self.columns = columns

    def _add_row(self, text: str) -> None:
        cells = text.split(self._delimiter)
        columns = len(self.columns)
        if len(cells) == columns + 2 and columns and not cells[0] and not cells[-1]:  # as specified
            self._rows.append(tuple(cells[1:-1]))
        else:
            self._rows.append(self._parse_row(text, cells))

    def _add_rows(self, text: str) -> bool:
        """Fast path for complete rows in the specified layout; False leaves anything else to the XML parser."""
        start = text.find(_ROW_START)
        gap, delimiter, columns = text[:start], self._delimiter, len(self.columns)
        body = start + len(_ROW_START)
        if start < 0 or gap.strip() or not columns or text[body] != delimiter or text[_LAST] != delimiter:
            return False
        plain = unescape(text) if "&" in text else text
        if plain is None:
            return False
        rows = plain[body + 1 : _LAST].split(f"{delimiter}{_ROW_END}{gap}{_ROW_START}{delimiter}")
        # Any other element or gap between two rows leaves a `<`; a carriage return would be normalized by XML.
        if any("<" in row or "\r" in row for row in rows):
            return False
        if _LESS in plain:
            rows = [row.replace(_LESS, "<") for row in rows]
        cells = [tuple(row.split(delimiter)) for row in rows]
        if set(map(len, cells)) != {columns}:
            return False
        self._rows += cells
        return True

    def _add_broken_row(self, text: str, line: int, reason: str) -> None:
        plain = saxutils.unescape(text, {"&quot;": '"', "&apos;": "'"})
        row = self._parse_row(plain, plain.split(self._delimiter))
        cells = None if isinstance(row, MalformedRow) else row
        self._rows.append(MalformedRow(plain, f"line {line} of the reply is not well-formed XML: {reason}", cells))

    def _parse_row(self, text: str, cells: list[str]) -> CompactRow | MalformedRow:
        columns, width = len(self.columns), len(cells)
        if not columns:
            raise self._xml.to_error("DATA comes before COLUMNS")
        if width == columns + self._leading + self._trailing and _fits(cells, self._leading, self._trailing):
            return tuple(cells[self._leading : width - self._trailing])
        # By the specification a row starts and ends with the delimiter; servers omit either, here or in COLUMNS.
        if width == columns + 2 and _fits(cells, leading=True, trailing=True):
            return tuple(cells[1:-1])
        if width == columns + 1 and not cells[0].strip():
            return tuple(cells[1:])
        if width == columns + 1 and not cells[-1].strip():
            return tuple(cells[:-1])
        if width == columns:
            return tuple(cells)
        return MalformedRow(text, f"the row has {width} cells for {columns} columns")


def unescape(text: str) -> str | None:
    """Replace XML's five entities, `<` by a placeholder; None: there are other references as well."""
    plain = _AMP.sub(_AMPERSAND, text)
    if "&" not in plain:
        return plain.replace(_AMPERSAND, "&")
    first, *pieces = text.split("&")
    parts = [first]
    for piece in pieces:
        name, end, rest = piece.partition(";")
        character = _ENTITIES.get(name)
        if character is None or not end:
            return None
        parts += (character, rest)
    return "".join(parts)


def parse_count(xml: RetsXml, records: str) -> int:
    """Parse the number of records. Raises SourceBrokeProtocol if it is not a number."""
    digits = records.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 12:  # noqa: PLR2004 - no source has more
        raise xml.to_error(f"COUNT is {digits[:40]!r}, not a number of records")
    return int(digits)


def _fits(cells: Sequence[str], leading: bool, trailing: bool) -> bool:  # noqa: FBT001 - which ends are empty
    return (not leading or not cells[0].strip()) and (not trailing or not cells[-1].strip())
