"""Writes search results: COMPACT, COMPACT-DECODED (section 7.6) and STANDARD-XML."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from platbook.simulate.rets.codes import ReplyCode
from platbook.simulate.rets.fields import RetsClass
from platbook.simulate.rets.formatting import apply_remarks_quirks, encode_text, get_formatter, has_quirky_remarks
from platbook.simulate.rets.inventory import InventoryRow, Value
from platbook.simulate.rets.names import NamedField
from platbook.simulate.rets.quirks import Quirk, Quirks
from platbook.simulate.rets.reply import wrap_in_envelope
from platbook.simulate.rets.search import SearchArguments, SearchPage

_ROWS_PER_CHUNK = 50
_FAULT_ROWS = 3
_PLURALS = {"Property": "REProperties", "Agent": "Agents", "Office": "Offices", "Media": "MediaObjects"}


def write_result(
    search: SearchArguments, page: SearchPage, quirks: Quirks, *, photo_base: str, faults: Collection[Quirk] = ()
) -> Iterator[str]:
    """The complete reply, in chunks; `faults` are those that affect it."""
    if not page.total and Quirk.EMPTY_IN_TRAILER in quirks:
        yield from wrap_in_envelope(['<COUNT Records="0"/>\r\n'], quirks, trailer=ReplyCode.NO_RECORDS)
        return
    if search.count == 2:  # noqa: PLR2004 - only the count, section 7.4.3
        yield from wrap_in_envelope([f'<COUNT Records="{page.total}"/>\r\n'], quirks)
        return
    if not page.rows:
        yield from wrap_in_envelope((), quirks, ReplyCode.NO_RECORDS)
        return
    if Quirk.COUNT_WITHOUT_DATA in faults:
        yield from wrap_in_envelope([f'<COUNT Records="{page.total}"/>\r\n'], quirks)
        return
    if Quirk.ERROR_IN_TRAILER in faults:
        truncated = replace(page, rows=page.rows[:_FAULT_ROWS], more=False)
        yield from wrap_in_envelope(
            _write_page(search, truncated, quirks, photo_base), quirks, trailer=ReplyCode.TIMEOUT
        )
        return
    code = ReplyCode.MAX_RECORDS if page.capped and Quirk.CAP_20208 in quirks else ReplyCode.OK
    if Quirk.LOW_COUNT in faults:
        page = replace(page, count=len(page.rows) // 2)
    in_trailer = page.capped and Quirk.CAP_20208_TRAILER in quirks
    trailer = ReplyCode.MAX_RECORDS if in_trailer else None
    yield from wrap_in_envelope(_write_page(search, page, quirks, photo_base), quirks, code, trailer)


def _write_page(search: SearchArguments, page: SearchPage, quirks: Quirks, photo_base: str) -> Iterator[str]:
    if search.count and Quirk.NO_COUNT not in quirks:
        yield f'<COUNT Records="{page.count}"/>\r\n'
    decoded = search.format != "COMPACT"
    format_row = _get_row_formatter(search.columns, quirks, photo_base, decoded=decoded)
    chunks = (
        _write_standard(search, page, format_row)
        if search.format == "STANDARD-XML"
        else _write_compact(search, page, format_row, quirks)
    )
    yield from chunks
    if page.more:
        yield "<MAXROWS/>\r\n"


def _write_compact(
    search: SearchArguments, page: SearchPage, format_row: "_RowFormatter", quirks: Quirks
) -> Iterator[str]:
    delimiter, tag = _delimiter(quirks)
    first = "" if Quirk.NO_LEADING_DELIMITER in quirks else delimiter
    last = "" if Quirk.NO_TRAILING_DELIMITER in quirks else delimiter
    columns = delimiter.join(_name(column, search) for column in search.columns)
    yield f"{tag}<COLUMNS>{first}{columns}{last}</COLUMNS>\r\n"
    for start in range(0, len(page.rows), _ROWS_PER_CHUNK):
        yield "".join(
            f"<DATA>{first}{delimiter.join(cell.replace(delimiter, ' ') for cell in format_row(row))}{last}</DATA>\r\n"
            for row in page.rows[start : start + _ROWS_PER_CHUNK]
        )


def _write_standard(search: SearchArguments, page: SearchPage, format_row: "_RowFormatter") -> Iterator[str]:
    rets_class, plural = search.rets_class, _PLURALS[search.resource.name]
    yield f"<REData><{plural}>\r\n"
    names = [_name(column, search) for column in search.columns]
    for start in range(0, len(page.rows), _ROWS_PER_CHUNK):
        yield "".join(
            _write_record(rets_class, names, format_row(row)) for row in page.rows[start : start + _ROWS_PER_CHUNK]
        )
    yield f"</{plural}></REData>\r\n"


def _write_record(rets_class: RetsClass, names: Sequence[str], cells: Sequence[str]) -> str:
    inner = "".join(f"<{name}>{cell}</{name}>" for name, cell in zip(names, cells, strict=True))
    return f"<{rets_class.name}>{inner}</{rets_class.name}>\r\n"


def _delimiter(quirks: Quirks) -> tuple[str, str]:
    """The delimiter, and the tag that declares it: two hexadecimal digits as specified (section 7.6.2)."""
    if Quirk.NO_DELIMITER_TAG in quirks:
        return "\t", ""
    if Quirk.PIPE_DELIMITER in quirks:
        return "|", '<DELIMITER value="7C"/>\r\n'
    return "\t", f'<DELIMITER value="{"9" if Quirk.ONE_DIGIT_DELIMITER in quirks else "09"}"/>\r\n'


def _name(column: NamedField, search: SearchArguments) -> str:
    return column.standard_name if search.standard_names else column.system_name


_RowFormatter = Callable[[InventoryRow], Sequence[str]]
"""Formats all cells of a row as XML text."""


def _get_row_formatter(
    columns: Sequence[NamedField], quirks: Quirks, photo_base: str, *, decoded: bool
) -> _RowFormatter:
    formatters = [(column.index, get_formatter(column.field, quirks, decoded=decoded)) for column in columns]
    remarks_index = next((at for at, column in enumerate(columns) if column.standard_name == "PublicRemarks"), None)
    url_index = next((at for at, column in enumerate(columns) if column.standard_name == "MediaURL"), None)

    def format_row(row: InventoryRow) -> Sequence[str]:
        values: Sequence[Value] = row.values
        cells = [formatter(values[index]) for index, formatter in formatters]
        if url_index is not None:
            cells[url_index] = photo_base + cells[url_index]
        encoded = [encode_text(text, quirks, is_affected=False) if text else "" for text in cells]
        if remarks_index is not None and has_quirky_remarks(row):
            encoded[remarks_index] = encode_text(
                apply_remarks_quirks(cells[remarks_index], quirks), quirks, is_affected=True
            )
        return encoded

    return format_row
