"""Reads rows as records: the key, the modification time, whether it is deleted, which photos it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from platbook.connectors.contract import MediaRef, ProviderMisconfigured, RawRecord, RecordProblem
from platbook.connectors.rets.searcher import Fields, SearchResult
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.search import CompactRow, MalformedRow
from platbook.protocols.rets.standard import XmlRecord

_MAX_PHOTOS = 1000
_MAX_SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class ParsedRows:
    """The records of a search result, and the invalid rows; `trailing` of these are after the last record."""

    records: Sequence[RawRecord]
    problems: Sequence[RecordProblem]
    trailing: int


class RecordReader:
    """Reads rows of a class by a provider's settings for it."""

    def __init__(self, settings: RetsSettings, class_name: str | None = None) -> None:
        self._settings, self._class_name = settings, class_name
        self._restricted = settings.restricted_indicator
        self._columns: Sequence[str] = ()
        self._blank: Mapping[str, object] = {}

    def read(self, result: SearchResult) -> ParsedRows:
        """Read every row; an invalid row becomes a problem."""
        records: list[RawRecord] = []
        problems: list[RecordProblem] = []
        trailing = 0
        self.expect_columns(result)
        for row in result.rows:
            trailing += 1
            if isinstance(row, MalformedRow):
                problems.append(self._to_problem(result.columns, row))
                continue
            fields = self.to_fields(result.columns, row)
            record = self.to_record(fields)
            if record is None:
                sample = "\t".join(str(value or "") for value in fields.values())[:_MAX_SAMPLE]
                problems.append(RecordProblem(None, self._settings.key_field, "the row has no key", sample))
            else:
                records.append(record)
                trailing = 0
        return ParsedRows(records, problems, trailing)

    def _to_problem(self, columns: Sequence[str], row: MalformedRow) -> RecordProblem:
        """The problem of a malformed row, with its key where its cells fit the columns."""
        cells = dict(zip(columns, row.cells, strict=True)) if row.cells is not None else {}
        return RecordProblem(cells.get(self._settings.key_field) or None, None, row.reason, row.text[:_MAX_SAMPLE])

    def expect_columns(self, result: SearchResult) -> None:
        """ProviderMisconfigured where the key's column is not among those that came."""
        if result.rows and result.columns and self._settings.key_field not in result.columns:
            raise ProviderMisconfigured(
                f"settings.keyField: the source sends no column named {self._settings.key_field}"
            )

    def to_fields(self, columns: Sequence[str], row: CompactRow | XmlRecord) -> Fields:
        """The row's cells by column; a cell that is empty, or marked as restricted, is None."""
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
        """The record that a row's fields make; None where they have no key."""
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
            source_class=self._class_name,
        )

    def _is_deleted(self, fields: Fields) -> bool:
        # Numbers are compared as numbers, texts without the spaces around them (RETS 1.7.2, section 11.3.2).
        name = self._settings.deleted_field
        cell = None if name is None else fields.get(name)
        if not isinstance(cell, str):
            return False
        value, deleted = cell.strip(), self._settings.deleted_value.strip()
        return float(value) == float(deleted) if value.isdecimal() and deleted.isdecimal() else value == deleted

    def _plan_photos(self, fields: Fields) -> Sequence[MediaRef] | None:
        """A record's photos by number, without URLs; None where the record has no photo count."""
        settings = self._settings
        count = fields.get(settings.photos_count_field)
        if settings.photo_type is None or not isinstance(count, str) or not count.strip().isdecimal():
            return None
        modified = None if settings.photos_modified_field is None else fields.get(settings.photos_modified_field)
        return plan_photos(int(count), modified if isinstance(modified, str) else None)


def plan_photos(count: int, modified: str | None) -> Sequence[MediaRef]:
    """Photos 1 to `count` without a URL: their bytes come from `media`."""
    numbers = range(1, min(count, _MAX_PHOTOS) + 1)
    return [MediaRef(str(number), number, "", modified=modified) for number in numbers]
