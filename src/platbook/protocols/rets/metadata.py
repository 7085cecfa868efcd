"""GetMetadata replies (RETS 1.7.2, section 11), COMPACT and STANDARD-XML alike: tables of rows, by type and parents.

COMPACT is a header element with COLUMNS and DATA, always tab-delimited; STANDARD-XML nests an element per row and per
field. A reply of the whole tree holds many header elements, in STANDARD-XML nested. Columns come in any
order; unknown ones are preserved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from platbook.protocols.rets.xml import UNSPECIFIED, Encoding, ReplyStatus, RetsXml

TYPES = (
    "SYSTEM", "RESOURCE", "FOREIGN_KEYS", "CLASS", "TABLE", "UPDATE", "UPDATE_TYPE", "OBJECT", "LOOKUP", "LOOKUP_TYPE",
    "SEARCH_HELP", "EDITMASK", "UPDATE_HELP", "VALIDATION_LOOKUP", "VALIDATION_LOOKUP_TYPE", "VALIDATION_EXPRESSION",
    "VALIDATION_EXTERNAL", "VALIDATION_EXTERNAL_TYPE", "COLUMN_GROUP_SET", "COLUMN_GROUP", "COLUMN_GROUP_CONTROL",
    "COLUMN_GROUP_TABLE", "COLUMN_GROUP_NORMALIZATION", "FILTER", "FILTER_TYPE",
)  # fmt: skip
_HEADER = "METADATA-"
_TYPE_ALIASES = {"FOREIGNKEYS": "FOREIGN_KEYS", "FOREIGN_KEY": "FOREIGN_KEYS"}
_MAX_VALUES = 20_000_000


@dataclass(frozen=True, slots=True)
class MetadataTable:
    """Rows of one type below one parent.

    `kind` is one of TYPES; `parents` the header's attributes in lower case (`resource`, `class`, `lookup`, `update`,
    `version`, `date`); a row's fields keep the source's names.
    """

    kind: str
    parents: Mapping[str, str]
    rows: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


@dataclass(slots=True)
class _OpenTable:
    """An open header element: its depth, columns and current row."""

    table: MetadataTable
    depth: int
    columns: Sequence[str] = ()
    row: dict[str, str] | None = None


class MetadataParser:
    """Incremental parser of one GetMetadata reply; `values` is how many values it has so far."""

    def __init__(self, encoding: Encoding = UNSPECIFIED) -> None:
        self._tables: list[MetadataTable] = []
        self._open: list[_OpenTable] = []
        self._depth = 0
        self.values = 0
        self._tag_names: list[str] = []
        self._xml = RetsXml(self._start, self._text, encoding, on_end=self._end, on_name=self._tag_names.append)

    @property
    def tables(self) -> int:
        """Number of tables so far."""
        return len(self._tables)

    def feed(self, data: bytes) -> None:
        """Take the next bytes; SourceBrokeProtocol for what is not a RETS reply."""
        self._xml.feed(data)

    def close(self) -> tuple[Sequence[MetadataTable], ReplyStatus]:
        """Signal the end of input: the tables, and the final status."""
        status = self._xml.close()
        return self._tables, status

    def _start(self, tag: str, attributes: Mapping[str, str]) -> bool:
        self._depth += 1
        current = self._open[-1] if self._open else None
        if tag.startswith(_HEADER):
            kind = tag.removeprefix(_HEADER)
            table = MetadataTable(_TYPE_ALIASES.get(kind, kind), dict(attributes))
            self._tables.append(table)
            self._open.append(_OpenTable(table, self._depth))
            return False
        if current is None:
            return False
        if self._depth == current.depth + 1:
            return self._start_child(current, tag, attributes)
        return current.row is not None and self._depth == current.depth + 2  # a field of a row in STANDARD-XML

    def _start_child(self, current: _OpenTable, tag: str, attributes: Mapping[str, str]) -> bool:
        if tag in {"COLUMNS", "DATA"}:
            return True
        if tag == "COMMENTS":  # COMPACT's SYSTEM has them after its single row
            return True
        current.row = {_SYSTEM_NAMES.get(name, name): value for name, value in attributes.items()}
        current.table.rows.append(current.row)
        self.values += 1 + len(current.row)
        return False

    def _text(self, tag: str, text: str) -> None:
        current = self._open[-1] if self._open else None
        if current is None:
            return
        self.values += 1
        if self._depth == current.depth + 1:
            self._add_compact(current, tag, text)
        elif current.row is not None:
            current.row[self._tag_names[-1]] = text.strip()
        if self.values > _MAX_VALUES:
            raise self._xml.to_error("the metadata exceeds the maximum size")

    def _add_compact(self, current: _OpenTable, tag: str, text: str) -> None:
        if tag == "COMMENTS":
            if current.table.rows:
                current.table.rows[-1]["Comments"] = text.strip()
            return
        cells = [cell.strip() for cell in text.strip("\r\n").split("\t")]  # always tab, whatever delimiter searches use
        if tag == "COLUMNS":
            current.columns = _strip_outer_cells(cells, 0)
            return
        if not current.columns:
            raise self._xml.to_error("DATA comes before COLUMNS")
        cells = _strip_outer_cells(cells, len(current.columns))
        self.values += len(cells)
        # A row may omit its last columns.
        current.table.rows.append(dict(zip(current.columns, cells, strict=False)))

    def _end(self, tag: str) -> None:
        current = self._open[-1] if self._open else None
        if current is not None:
            if self._depth == current.depth:
                self._open.pop()
            elif self._depth == current.depth + 1:
                current.row = None
        self._tag_names.pop()
        self._depth -= 1
        del tag


_SYSTEM_NAMES = {
    "systemid": "SystemID",
    "systemdescription": "SystemDescription",
    "timezoneoffset": "TimeZoneOffset",
    "metadataid": "MetadataID",
}


def _strip_outer_cells(cells: list[str], columns: int) -> list[str]:
    """Drop the empty cells made by the leading and trailing tabs; either tab may be missing."""
    if len(cells) > columns and not cells[0]:
        cells = cells[1:]
    return cells[:-1] if len(cells) > columns and not cells[-1] else cells
