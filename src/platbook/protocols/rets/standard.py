"""The search reply in STANDARD-XML (RETS 1.7.2, section 7.6, and payloads of 1.8): an element per record.

Element names are up to the source. Only the wrapper elements are known; the first element within them that is not a
wrapper is a record, and so are its siblings. A record's fields are its leaf elements, named by their path: `ListPrice`,
`ListAgent.Name`; attributes are fields as well. Repeated fields become a list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from platbook.protocols.rets.search import parse_count
from platbook.protocols.rets.xml import UNSPECIFIED, Encoding, ReplyStatus, RetsXml

_WRAPPERS = frozenset(
    {"RETS", "RETS-RESPONSE", "REDATA", "PAYLOAD", "REPROPERTIES", "REACTIVITIES", "LISTINGS", "RESULTS"}
)
_NON_RECORDS = frozenset({"COUNT", "DELIMITER", "MAXROWS", "RETS-STATUS", "COLUMNS", "PAGINATION"})
_MAX_FIELDS = 20_000

XmlRecord = dict[str, object]


@dataclass(slots=True)
class _Element:
    """An open element of a record."""

    path: str
    text: list[str] = field(default_factory=list[str])
    has_children: bool = False


class StandardXmlParser:
    """Incremental parser of one search reply. `count` and `max_rows` are as read so far."""

    def __init__(self, encoding: Encoding = UNSPECIFIED) -> None:
        self.count: int | None = None
        self.max_rows = False
        self._records: list[XmlRecord] = []
        self._record: XmlRecord | None = None
        self._elements: list[_Element] = []
        self._tag_name = ""
        self._skip_depth = 0
        self._xml = RetsXml(self._start, self._text, encoding, on_name=self._set_tag_name, on_end=self._end)

    @property
    def status(self) -> ReplyStatus | None:
        """The status as read so far."""
        return self._xml.status

    @property
    def repairs(self) -> int:
        """Number of repaired characters."""
        return self._xml.repairs

    def feed(self, data: bytes) -> list[XmlRecord]:
        """Feed the next bytes; returns the records they complete. SourceBrokeProtocol: not a RETS reply."""
        self._xml.feed(data)
        records, self._records = self._records, []
        return records

    def close(self) -> tuple[list[XmlRecord], ReplyStatus]:
        """Signal the end of input: the last records, and the final status."""
        status = self._xml.close()
        return self._records, status

    def _set_tag_name(self, tag: str) -> None:
        self._tag_name = tag.rpartition(":")[2]

    def _start(self, tag: str, attributes: Mapping[str, str]) -> bool:
        name = tag.rpartition(":")[2]
        if self._record is not None:
            return self._start_field(attributes)
        if self._skip_depth or name in _NON_RECORDS:
            self._skip_depth += 1
            if name == "COUNT":
                self.count = parse_count(self._xml, attributes.get("records", ""))
            elif name == "MAXROWS":
                self.max_rows = True
            return name == "TOTALRECORDS"
        if name in _WRAPPERS:
            return False
        self._record = {}
        self._elements = [_Element("")]
        self._add_attributes("", attributes)
        return False

    def _start_field(self, attributes: Mapping[str, str]) -> bool:
        parent = self._elements[-1]
        parent.has_children = True
        path = f"{parent.path}.{self._tag_name}" if parent.path else self._tag_name
        self._elements.append(_Element(path))
        self._add_attributes(path, attributes)
        return True

    def _text(self, tag: str, text: str) -> None:
        if self._record is None:
            if tag.rpartition(":")[2] == "TOTALRECORDS":
                self.count = parse_count(self._xml, text)
            return
        element = self._elements[-1]
        if not element.has_children:
            self._add_value(element.path, text.strip())

    def _end(self, tag: str) -> None:
        del tag
        if self._record is None:
            self._skip_depth = max(0, self._skip_depth - 1)
            return
        self._elements.pop()
        if not self._elements:
            self._records.append(self._record)
            self._record = None

    def _add_attributes(self, path: str, attributes: Mapping[str, str]) -> None:
        for name, value in attributes.items():
            if not name.startswith("xmlns"):
                self._add_value(f"{path}@{name}" if path else f"@{name}", value)

    def _add_value(self, name: str, value: str) -> None:
        record = self._record
        if record is None:
            return
        existing = record.get(name)
        if name not in record:
            record[name] = value or None
        elif isinstance(existing, list):
            existing.append(value or None)  # pyright: ignore[reportUnknownMemberType] - a list of the values before
        else:
            record[name] = [existing, value or None]
        if len(record) > _MAX_FIELDS:
            raise self._xml.to_error(f"a record has more than {_MAX_FIELDS} fields")
