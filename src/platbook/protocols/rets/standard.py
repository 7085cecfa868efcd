"""The search reply in STANDARD-XML (RETS 1.7.2, section 7.6, and payloads of 1.8): an element per record.

The elements' names are the source's affair. What is known are the elements round the records; the first element within
them that is not one of these is a record, and so are its siblings. A record's fields are its innermost elements, named
by the path to them: `ListPrice`, `ListAgent.Name`; attributes are fields as well. What repeats is a list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from platbook.protocols.rets.search import parse_count
from platbook.protocols.rets.xml import UNSAID, Encoding, RetsXml, Status

_ROUND = frozenset(
    {"RETS", "RETS-RESPONSE", "REDATA", "PAYLOAD", "REPROPERTIES", "REACTIVITIES", "LISTINGS", "RESULTS"}
)
_BESIDE = frozenset({"COUNT", "DELIMITER", "MAXROWS", "RETS-STATUS", "COLUMNS", "PAGINATION"})
_MOST_FIELDS = 20_000

Record = dict[str, object]


@dataclass(slots=True)
class _Element:
    """An element of a record under way."""

    path: str
    text: list[str] = field(default_factory=list[str])
    has_children: bool = False


class StandardParser:
    """One search reply. `count` and `max_rows` are what has been said so far."""

    def __init__(self, encoding: Encoding = UNSAID) -> None:
        self.count: int | None = None
        self.max_rows = False
        self._records: list[Record] = []
        self._record: Record | None = None
        self._elements: list[_Element] = []
        self._spelt = ""
        self._beside = 0
        self._xml = RetsXml(self._start, self._text, encoding, on_name=self._note_name, on_end=self._end)

    @property
    def status(self) -> Status | None:
        """What has been said so far of how it went."""
        return self._xml.status

    @property
    def repairs(self) -> int:
        """How many characters had to be repaired."""
        return self._xml.repairs

    def feed(self, data: bytes) -> list[Record]:
        """Take the next bytes and give the records they complete; SourceBrokeProtocol for what is not a RETS reply."""
        self._xml.feed(data)
        records, self._records = self._records, []
        return records

    def close(self) -> tuple[list[Record], Status]:
        """Declare the end of the bytes: the last records, and the status that counts."""
        status = self._xml.close()
        return self._records, status

    def _note_name(self, tag: str) -> None:
        self._spelt = tag.rpartition(":")[2]

    def _start(self, tag: str, said: Mapping[str, str]) -> bool:
        name = tag.rpartition(":")[2]
        if self._record is not None:
            return self._start_field(said)
        if self._beside or name in _BESIDE:
            self._beside += 1
            if name == "COUNT":
                self.count = parse_count(self._xml, said.get("records", ""))
            elif name == "MAXROWS":
                self.max_rows = True
            return name == "TOTALRECORDS"
        if name in _ROUND:
            return False
        self._record = {}
        self._elements = [_Element("")]
        self._note_attributes("", said)
        return False

    def _start_field(self, said: Mapping[str, str]) -> bool:
        parent = self._elements[-1]
        parent.has_children = True
        path = f"{parent.path}.{self._spelt}" if parent.path else self._spelt
        self._elements.append(_Element(path))
        self._note_attributes(path, said)
        return True

    def _text(self, tag: str, text: str) -> None:
        if self._record is None:
            if tag.rpartition(":")[2] == "TOTALRECORDS":
                self.count = parse_count(self._xml, text)
            return
        element = self._elements[-1]
        if not element.has_children:
            self._note(element.path, text.strip())

    def _end(self, tag: str) -> None:
        del tag
        if self._record is None:
            self._beside = max(0, self._beside - 1)
            return
        self._elements.pop()
        if not self._elements:
            self._records.append(self._record)
            self._record = None

    def _note_attributes(self, path: str, said: Mapping[str, str]) -> None:
        for name, value in said.items():
            if not name.startswith("xmlns"):
                self._note(f"{path}@{name}" if path else f"@{name}", value)

    def _note(self, name: str, value: str) -> None:
        record = self._record
        if record is None:
            return
        held = record.get(name)
        if name not in record:
            record[name] = value or None
        elif isinstance(held, list):
            held.append(value or None)  # pyright: ignore[reportUnknownMemberType] - a list of whatever came before
        else:
            record[name] = [held, value or None]
        if len(record) > _MOST_FIELDS:
            raise self._xml.broken(f"a record has more than {_MOST_FIELDS} fields")
