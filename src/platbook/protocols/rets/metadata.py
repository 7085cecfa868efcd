"""GetMetadata replies (RETS 1.7.2, section 11), COMPACT and STANDARD-XML alike: tables of rows, by type and parents.

COMPACT is a header element with COLUMNS and DATA, always tab-delimited; STANDARD-XML nests an element per row and per
field. A reply of the whole tree holds many header elements, in STANDARD-XML one within the other. Columns come in any
order, unknown ones are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from platbook.protocols.rets.xml import UNSAID, Encoding, RetsXml, Status

TYPES = (
    "SYSTEM", "RESOURCE", "FOREIGN_KEYS", "CLASS", "TABLE", "UPDATE", "UPDATE_TYPE", "OBJECT", "LOOKUP", "LOOKUP_TYPE",
    "SEARCH_HELP", "EDITMASK", "UPDATE_HELP", "VALIDATION_LOOKUP", "VALIDATION_LOOKUP_TYPE", "VALIDATION_EXPRESSION",
    "VALIDATION_EXTERNAL", "VALIDATION_EXTERNAL_TYPE", "COLUMN_GROUP_SET", "COLUMN_GROUP", "COLUMN_GROUP_CONTROL",
    "COLUMN_GROUP_TABLE", "COLUMN_GROUP_NORMALIZATION", "FILTER", "FILTER_TYPE",
)  # fmt: skip
_HEADER = "METADATA-"
_SPELT_OTHERWISE = {"FOREIGNKEYS": "FOREIGN_KEYS", "FOREIGN_KEY": "FOREIGN_KEYS"}
_MOST_CELLS = 20_000_000


@dataclass(frozen=True, slots=True)
class MetadataTable:
    """Rows of one type below one parent.

    `kind` is one of TYPES; `parents` the header's attributes in lower case (`resource`, `class`, `lookup`, `update`,
    `version`, `date`); a row's fields keep the names the source gave them.
    """

    kind: str
    parents: Mapping[str, str]
    rows: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


@dataclass(slots=True)
class _Open:
    """A header element under way: the depth it began at, and what has been said in it so far."""

    table: MetadataTable
    depth: int
    columns: Sequence[str] = ()
    row: dict[str, str] | None = None


class MetadataParser:
    """One GetMetadata reply."""

    def __init__(self, encoding: Encoding = UNSAID) -> None:
        self._done: list[MetadataTable] = []
        self._open: list[_Open] = []
        self._depth = 0
        self._cells = 0
        self._spelt: list[str] = []
        self._xml = RetsXml(self._start, self._text, encoding, on_end=self._end, on_name=self._spelt.append)

    def feed(self, data: bytes) -> None:
        """Take the next bytes; SourceBrokeProtocol for what is not a RETS reply."""
        self._xml.feed(data)

    def close(self) -> tuple[Sequence[MetadataTable], Status]:
        """Declare the end of the bytes: the tables, and the status that counts."""
        status = self._xml.close()
        return self._done, status

    def _start(self, tag: str, said: Mapping[str, str]) -> bool:
        self._depth += 1
        here = self._open[-1] if self._open else None
        if tag.startswith(_HEADER):
            kind = tag.removeprefix(_HEADER)
            table = MetadataTable(_SPELT_OTHERWISE.get(kind, kind), dict(said))
            self._done.append(table)
            self._open.append(_Open(table, self._depth))
            return False
        if here is None:
            return False
        if self._depth == here.depth + 1:
            return self._start_child(here, tag, said)
        return here.row is not None and self._depth == here.depth + 2  # a field of a row in STANDARD-XML

    def _start_child(self, here: _Open, tag: str, said: Mapping[str, str]) -> bool:
        if tag in {"COLUMNS", "DATA"}:
            return True
        if tag == "COMMENTS":  # COMPACT's SYSTEM has them beside its one row
            return True
        here.row = {_SYSTEM_NAMES.get(name, name): value for name, value in said.items()}
        here.table.rows.append(here.row)
        return False

    def _text(self, tag: str, text: str) -> None:
        here = self._open[-1] if self._open else None
        if here is None:
            return
        self._cells += 1
        if self._depth == here.depth + 1:
            self._compact(here, tag, text)
        elif here.row is not None:
            here.row[self._spelt[-1]] = text.strip()
        if self._cells > _MOST_CELLS:
            raise self._xml.broken("the metadata have no end")

    def _compact(self, here: _Open, tag: str, text: str) -> None:
        if tag == "COMMENTS":
            if here.table.rows:
                here.table.rows[-1]["Comments"] = text.strip()
            return
        cells = [cell.strip() for cell in text.strip("\r\n").split("\t")]  # always tab, whatever searches use
        if tag == "COLUMNS":
            here.columns = _bare(cells, 0)
            return
        if not here.columns:
            raise self._xml.broken("DATA came before COLUMNS")
        cells = _bare(cells, len(here.columns))
        self._cells += len(cells)
        # A row short of its last columns says nothing of them.
        here.table.rows.append(dict(zip(here.columns, cells, strict=False)))

    def _end(self, tag: str) -> None:
        here = self._open[-1] if self._open else None
        if here is not None:
            if self._depth == here.depth:
                self._open.pop()
            elif self._depth == here.depth + 1:
                here.row = None
        self._spelt.pop()
        self._depth -= 1
        del tag


_SYSTEM_NAMES = {
    "systemid": "SystemID",
    "systemdescription": "SystemDescription",
    "timezoneoffset": "TimeZoneOffset",
    "metadataid": "MetadataID",
}


def _bare(cells: list[str], columns: int) -> list[str]:
    """Cells without the empty ones that the tabs in front and behind make; either tab may be missing."""
    if len(cells) > columns and not cells[0]:
        cells = cells[1:]
    return cells[:-1] if len(cells) > columns and not cells[-1] else cells
