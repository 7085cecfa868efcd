"""Search results as they are written: COMPACT, COMPACT-DECODED (section 7.6) and STANDARD-XML."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from platbook.simulate.rets.codes import Code
from platbook.simulate.rets.fields import Class
from platbook.simulate.rets.formatting import is_marked, to_sent, to_stated_remarks, to_writer
from platbook.simulate.rets.inventory import Row, Value
from platbook.simulate.rets.names import NamedField
from platbook.simulate.rets.quirks import Quirk, Quirks
from platbook.simulate.rets.reply import in_envelope
from platbook.simulate.rets.search import Found, Search

_PIECE = 50
_FEW = 3
_PLURALS = {"Property": "REProperties", "Agent": "Agents", "Office": "Offices", "Media": "MediaObjects"}


def write_result(
    search: Search, found: Found, quirks: Quirks, *, photo_base: str, faults: Collection[Quirk] = ()
) -> Iterator[str]:
    """The whole reply, in pieces; `faults` are those that strike it."""
    if not found.total and Quirk.EMPTY_IN_TRAILER in quirks:
        yield from in_envelope(['<COUNT Records="0"/>\r\n'], quirks, trailer=Code.NO_RECORDS)
        return
    if search.count == 2:  # noqa: PLR2004 - the count alone, section 7.4.3
        yield from in_envelope([f'<COUNT Records="{found.total}"/>\r\n'], quirks)
        return
    if not found.rows:
        yield from in_envelope((), quirks, Code.NO_RECORDS)
        return
    if Quirk.COUNT_WITHOUT_DATA in faults:
        yield from in_envelope([f'<COUNT Records="{found.total}"/>\r\n'], quirks)
        return
    if Quirk.ERROR_IN_TRAILER in faults:
        few = replace(found, rows=found.rows[:_FEW], more=False)
        yield from in_envelope(_write(search, few, quirks, photo_base), quirks, trailer=Code.TIMEOUT)
        return
    told = Code.MAX_RECORDS if found.capped and Quirk.CAP_20208 in quirks else Code.OK
    in_trailer = found.capped and Quirk.CAP_20208_TRAILER in quirks
    trailer = Code.MAX_RECORDS if in_trailer else None
    yield from in_envelope(_write(search, found, quirks, photo_base), quirks, told, trailer)


def _write(search: Search, found: Found, quirks: Quirks, photo_base: str) -> Iterator[str]:
    if search.count and Quirk.NO_COUNT not in quirks:
        yield f'<COUNT Records="{found.total}"/>\r\n'
    decoded = search.format != "COMPACT"
    write = _cell_writers(search.columns, quirks, photo_base, decoded=decoded)
    pieces = (
        _standard(search, found, write) if search.format == "STANDARD-XML" else _compact(search, found, write, quirks)
    )
    yield from pieces
    if found.more:
        yield "<MAXROWS/>\r\n"


def _compact(search: Search, found: Found, write: "_Cells", quirks: Quirks) -> Iterator[str]:
    delimiter, tag = _delimiter(quirks)
    first = "" if Quirk.NO_LEADING_DELIMITER in quirks else delimiter
    last = "" if Quirk.NO_TRAILING_DELIMITER in quirks else delimiter
    columns = delimiter.join(_name(column, search) for column in search.columns)
    yield f"{tag}<COLUMNS>{first}{columns}{last}</COLUMNS>\r\n"
    for start in range(0, len(found.rows), _PIECE):
        yield "".join(
            f"<DATA>{first}{delimiter.join(cell.replace(delimiter, ' ') for cell in write(row))}{last}</DATA>\r\n"
            for row in found.rows[start : start + _PIECE]
        )


def _standard(search: Search, found: Found, write: "_Cells") -> Iterator[str]:
    of_class, plural = search.of_class, _PLURALS[search.resource.name]
    yield f"<REData><{plural}>\r\n"
    names = [_name(column, search) for column in search.columns]
    for start in range(0, len(found.rows), _PIECE):
        yield "".join(_record(of_class, names, write(row)) for row in found.rows[start : start + _PIECE])
    yield f"</{plural}></REData>\r\n"


def _record(of_class: Class, names: Sequence[str], cells: Sequence[str]) -> str:
    inner = "".join(f"<{name}>{cell}</{name}>" for name, cell in zip(names, cells, strict=True))
    return f"<{of_class.name}>{inner}</{of_class.name}>\r\n"


def _delimiter(quirks: Quirks) -> tuple[str, str]:
    """The delimiter, and the tag that tells it: two hexadecimal digits by the book (section 7.6.2)."""
    if Quirk.NO_DELIMITER_TAG in quirks:
        return "\t", ""
    if Quirk.PIPE_DELIMITER in quirks:
        return "|", '<DELIMITER value="7C"/>\r\n'
    return "\t", f'<DELIMITER value="{"9" if Quirk.ONE_DIGIT_DELIMITER in quirks else "09"}"/>\r\n'


def _name(column: NamedField, search: Search) -> str:
    return column.standard if search.standard_names else column.system


_Cells = Callable[[Row], Sequence[str]]
"""Writes all cells of a row, as XML text."""


def _cell_writers(columns: Sequence[NamedField], quirks: Quirks, photo_base: str, *, decoded: bool) -> _Cells:
    writers = [(column.place, to_writer(column.field, quirks, decoded=decoded)) for column in columns]
    remarks = next((at for at, column in enumerate(columns) if column.standard == "PublicRemarks"), None)
    address = next((at for at, column in enumerate(columns) if column.standard == "MediaURL"), None)

    def write(row: Row) -> Sequence[str]:
        values: Sequence[Value] = row.values
        stated = [writer(values[place]) for place, writer in writers]
        if address is not None:
            stated[address] = photo_base + stated[address]
        sent = [to_sent(text, quirks, marked=False) if text else "" for text in stated]
        if remarks is not None and is_marked(row):
            sent[remarks] = to_sent(to_stated_remarks(stated[remarks], quirks), quirks, marked=True)
        return sent

    return write
