"""The Search transaction (RETS 1.7.2, section 7): its arguments, the matching rows, and the page that is sent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zlib import crc32

from platbook.simulate.rets.codes import RefusedError, ReplyCode
from platbook.simulate.rets.criteria import QueryContext, compile_condition
from platbook.simulate.rets.dmql import parse_dmql
from platbook.simulate.rets.fields import RetsClass, RetsResource, find_resource
from platbook.simulate.rets.formatting import get_time_zone
from platbook.simulate.rets.inventory import InventoryRow, Snapshot
from platbook.simulate.rets.names import FieldNames, NamedField
from platbook.simulate.rets.quirks import Quirk, Quirks

FORMATS = ("COMPACT", "COMPACT-DECODED", "STANDARD-XML")

_CAPS = (Quirk.ROW_CAP, Quirk.CAP_20208, Quirk.CAP_20208_TRAILER)
_MAX_SELECTED = 40
_FIRST_WITH_DMQL2 = (1, 5)


@dataclass(frozen=True, slots=True)
class SearchArguments:
    """The parsed arguments of one search."""

    resource: RetsResource
    rets_class: RetsClass
    query: str
    format: str
    count: int
    limit: int | None
    offset: int | None
    columns: tuple[NamedField, ...]
    standard_names: bool


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of the matching rows. `count`: COUNT; `more`: MAXROWS; `capped`: truncated by the server's own cap."""

    rows: Sequence[InventoryRow]
    total: int
    count: int
    more: bool
    capped: bool


def parse_search(
    arguments: Mapping[str, str], names: FieldNames, quirks: Quirks, version: tuple[int, ...]
) -> SearchArguments:
    """Parse a search's arguments in a version of the protocol. RefusedError: they are invalid."""
    resource = find_resource(arguments.get("SearchType", ""))
    if resource is None:
        raise RefusedError(ReplyCode.MISCELLANEOUS_SEARCH, "Miscellaneous Search Error: unknown SearchType.")
    rets_class = resource.find_class(arguments.get("Class", ""))
    if rets_class is None:
        raise RefusedError(ReplyCode.MISCELLANEOUS_SEARCH, "Miscellaneous Search Error: unknown Class.")
    _check_query_type(arguments.get("QueryType"), quirks, version)
    format_name = arguments.get("Format", "STANDARD-XML").partition(":")[0]
    if format_name not in FORMATS:
        raise RefusedError(ReplyCode.MISCELLANEOUS_SEARCH, "Miscellaneous Search Error: unknown Format.")
    standard_names = arguments.get("StandardNames", "0") == "1"
    offset = _to_offset(arguments.get("Offset"), quirks)
    columns = _select(arguments.get("Select", ""), names.fields(resource, rets_class), standard_names=standard_names)
    if len(columns) > _MAX_SELECTED and Quirk.NARROW_SELECT in quirks:
        if arguments.get("Select"):
            raise RefusedError(ReplyCode.INVALID_SELECT, f"Invalid Select: at most {_MAX_SELECTED} columns at a time.")
        columns = columns[:_MAX_SELECTED]
    return SearchArguments(
        *(resource, rets_class, arguments.get("Query", ""), format_name),
        count=_to_number("Count", arguments.get("Count", "0"), 0, 2),
        limit=_to_limit(arguments.get("Limit")),
        offset=offset,
        columns=columns,
        standard_names=standard_names,
    )


def find_rows(
    search: SearchArguments, snapshot: Snapshot, names: FieldNames, quirks: Quirks, started: datetime
) -> list[InventoryRow]:
    """All rows matching a search, ordered by key. `started`: when the market began."""
    fields = names.fields(search.resource, search.rets_class)
    by_name = {
        field.standard_name if search.standard_names else field.system_name: (field.index, field.field)
        for field in fields
    }
    matches = compile_condition(parse_dmql(search.query), QueryContext(by_name, snapshot.time, get_time_zone(quirks)))
    rows = snapshot.rows(search.rets_class)
    if Quirk.UNDATED_ROWS in quirks and search.resource.name == "Property":
        rows = _drop_times(rows, search.rets_class, f"{started:%Y-%m-%dT%H:%M:%SZ}")
    if Quirk.PHOTOS_ALONE in quirks:
        modified = next(field.index for field in fields if field.standard_name == "ModificationTimestamp")
        rows = (_without_photo_times(row, modified) for row in rows)
    return [row for row in rows if matches(row.values)]


def _without_photo_times(row: InventoryRow, modified: int) -> InventoryRow:
    """A row whose modification time, at an index of its values, does not move with its photos."""
    if row.record_modified is None or row.record_modified == row.values[modified]:
        return row
    return replace(row, values=(*row.values[:modified], row.record_modified, *row.values[modified + 1 :]))


def to_page(search: SearchArguments, rows: Sequence[InventoryRow], quirks: Quirks, cap: int) -> SearchPage:
    """The requested page of the rows, within the server's cap."""
    total = len(rows)
    uses_offset = search.offset is not None and Quirk.IGNORE_OFFSET not in quirks
    if Quirk.UNORDERED in quirks and not uses_offset:
        rows = sorted(rows, key=lambda row: crc32(row.key.encode()))
    start = search.offset - 1 if uses_offset and search.offset is not None else 0
    capped = any(quirk in quirks for quirk in _CAPS) and not _is_exempt_from_cap(search, quirks)
    maximum = total if search.limit is None else search.limit
    if capped:
        maximum = min(maximum, cap)
    page = rows[start : start + maximum]
    remaining = total - start - len(page)
    full = Quirk.MAXROWS_ON_LAST in quirks and len(page) == maximum > 0
    count = len(page) if Quirk.COUNT_OF_PAGE in quirks else total
    cut = capped and remaining > 0 and len(page) == cap
    return SearchPage(page, total, count, more=remaining > 0 or full, capped=cut)


def _drop_times(rows: Iterable[InventoryRow], rets_class: RetsClass, before: str) -> Iterator[InventoryRow]:
    """The rows, those last modified before a time without their modification time."""
    index = rets_class.field_indexes["ModificationTimestamp"]
    for row in rows:
        values = row.values
        if str(values[index]) < before:
            yield replace(row, values=(*values[:index], None, *values[index + 1 :]))
        else:
            yield row


def _is_exempt_from_cap(search: SearchArguments, quirks: Quirks) -> bool:
    """Whether the cap does not apply: a search of only the key column without a limit (section 7.4.5)."""
    keys_only = [column.standard_name for column in search.columns] == [search.resource.key]
    return keys_only and search.limit is None and Quirk.CAPPED_KEYS not in quirks


def _check_query_type(query_type: str | None, quirks: Quirks, version: tuple[int, ...]) -> None:
    """DMQL is the language of RETS 1.0, DMQL2 that of every version since 1.5 (1.7.2, section 7.4.2)."""
    known = "DMQL" if version < _FIRST_WITH_DMQL2 or Quirk.DMQL_ONLY in quirks else "DMQL2"
    if query_type not in {None, known}:
        message = f"Miscellaneous Search Error: Invalid query type: {query_type}."
        raise RefusedError(ReplyCode.MISCELLANEOUS_SEARCH, message)


def _select(names_text: str, fields: Sequence[NamedField], *, standard_names: bool) -> tuple[NamedField, ...]:
    if not names_text.strip():
        return tuple(fields)
    by_name = {field.standard_name if standard_names else field.system_name: field for field in fields}
    names = [name.strip() for name in names_text.split(",")]
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise RefusedError(ReplyCode.INVALID_SELECT, f"Invalid Select: unknown field {unknown[0]}.")
    return tuple(by_name[name] for name in dict.fromkeys(names))


def _to_offset(text: str | None, quirks: Quirks) -> int | None:
    if text is None or not text.strip():
        return None
    if Quirk.REFUSE_OFFSET in quirks:
        raise RefusedError(ReplyCode.MISCELLANEOUS_SEARCH, "Offset is not supported.")
    return _to_number("Offset", text, 1, 10**9)


def _to_limit(text: str | None) -> int | None:
    if text is None or text.strip().upper() in {"", "NONE"}:
        return None
    return _to_number("Limit", text, 1, 10**9)


def _to_number(name: str, text: str, minimum: int, maximum: int) -> int:
    text = text.strip()
    if not text.isascii() or not text.isdigit() or not minimum <= int(text) <= maximum:
        raise RefusedError(
            ReplyCode.MISCELLANEOUS_SEARCH, f"Miscellaneous Search Error: {name} cannot be {text[:20]!r}."
        )
    return int(text)
