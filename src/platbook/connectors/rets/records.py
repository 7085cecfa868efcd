"""From rows to records: which is the key, when it changed, whether it is gone, what photos it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from platbook.connectors.contract import MediaRef, ProviderMisconfigured, RawRecord
from platbook.connectors.rets.searcher import Fields, SearchResult
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.search import CompactRow, MalformedRow
from platbook.protocols.rets.standard import XmlRecord

Problem = tuple[str | None, str | None, str, str]
_MOST_PHOTOS = 1000
_LONGEST_SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class Read:
    """The records of a search result, and the rows that are none; `tail` of these stand behind the last record."""

    records: Sequence[RawRecord]
    problems: Sequence[Problem]
    tail: int


class RecordReader:
    """Reads rows by a provider's settings."""

    def __init__(self, settings: RetsSettings) -> None:
        self._settings = settings
        self._restricted = settings.restricted_indicator
        self._columns: Sequence[str] = ()
        self._blank: Mapping[str, object] = {}

    def read(self, found: SearchResult) -> Read:
        """Read every row; a row that is no record becomes a problem."""
        records: list[RawRecord] = []
        problems: list[Problem] = []
        tail = 0
        self.expect_columns(found)
        for row in found.rows:
            tail += 1
            if isinstance(row, MalformedRow):
                problems.append((None, None, row.reason, row.text))
                continue
            fields = self.to_fields(found.columns, row)
            record = self.to_record(fields)
            if record is None:
                seen = "\t".join(str(value or "") for value in fields.values())[:_LONGEST_SAMPLE]
                problems.append((None, self._settings.key_field, "the row has no key", seen))
            else:
                records.append(record)
                tail = 0
        return Read(records, problems, tail)

    def expect_columns(self, found: SearchResult) -> None:
        """ProviderMisconfigured where the key's column is not among those that came."""
        if found.rows and found.columns and self._settings.key_field not in found.columns:
            raise ProviderMisconfigured(
                f"settings.keyField: the source sends no column named {self._settings.key_field}"
            )

    def to_fields(self, columns: Sequence[str], row: CompactRow | XmlRecord) -> Fields:
        """The row's cells by column; a cell that is empty, or says that we may not see it, is None."""
        if isinstance(row, dict):
            return row
        if columns is not self._columns:
            self._columns, self._blank = columns, dict.fromkeys(columns)
        # A copy that has every name already is filled a quarter faster than a new dict.
        fields = dict(self._blank)
        fields.update(compress(zip(columns, row, strict=True), row))
        if self._restricted and self._restricted in row:
            fields |= {name: None for name, cell in fields.items() if cell == self._restricted}
        return fields

    def to_record(self, fields: Fields) -> RawRecord | None:
        """A record of fields; None where they have no key."""
        settings = self._settings
        key, modified = fields.get(settings.key_field), fields.get(settings.modified_field)
        if not isinstance(key, str) or not key.strip():
            return None
        return RawRecord(
            key,
            fields,
            visible=not self._is_deleted(fields),
            modified=modified if isinstance(modified, str) else None,
            media=self._plan_photos(fields),
        )

    def _is_deleted(self, fields: Fields) -> bool:
        # Numbers are compared as numbers, texts without the spaces around them (RETS 1.7.2, section 11.3.2).
        name = self._settings.deleted_field
        said = None if name is None else fields.get(name)
        if not isinstance(said, str):
            return False
        one, other = said.strip(), self._settings.deleted_value.strip()
        return float(one) == float(other) if one.isdecimal() and other.isdecimal() else one == other

    def _plan_photos(self, fields: Fields) -> Sequence[MediaRef] | None:
        """The photos a record says it has, by number; None where it does not say how many."""
        settings = self._settings
        count = fields.get(settings.photos_count_field)
        if settings.photo_type is None or not isinstance(count, str) or not count.strip().isdecimal():
            return None
        modified = fields.get(settings.photos_modified_field)
        return plan_photos(int(count), modified if isinstance(modified, str) else None)


def plan_photos(count: int, modified: str | None) -> Sequence[MediaRef]:
    """Name the photos 1 to `count`, without an address: their bytes come from `media`."""
    numbers = range(1, min(count, _MOST_PHOTOS) + 1)
    return [MediaRef(str(number), number, "", modified=modified) for number in numbers]
