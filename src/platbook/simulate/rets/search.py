"""The Search transaction (RETS 1.7.2, section 7): arguments, what is found, and the page of it that is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from platbook.simulate.rets.codes import Code, RefusedError
from platbook.simulate.rets.criteria import Meaning, compile_condition
from platbook.simulate.rets.dmql import parse_dmql
from platbook.simulate.rets.fields import Class, Resource, find_resource
from platbook.simulate.rets.formatting import zone_of
from platbook.simulate.rets.inventory import Row, Stand
from platbook.simulate.rets.names import NamedField, Names
from platbook.simulate.rets.quirks import Quirk, Quirks

FORMATS = ("COMPACT", "COMPACT-DECODED", "STANDARD-XML")

_CAPS = (Quirk.ROW_CAP, Quirk.CAP_20208, Quirk.CAP_20208_TRAILER)
_NARROW = 40


@dataclass(frozen=True, slots=True)
class Search:
    """One search as it was asked for."""

    resource: Resource
    of_class: Class
    query: str
    format: str
    count: int
    limit: int | None
    offset: int | None
    columns: tuple[NamedField, ...]
    standard_names: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The page that is sent of what was found. `more`: MAXROWS; `capped`: by the server's own cap."""

    rows: Sequence[Row]
    total: int
    more: bool
    capped: bool


def parse_search(arguments: Mapping[str, str], names: Names, quirks: Quirks) -> Search:
    """Read a search's arguments; RefusedError says what is wrong with them."""
    resource = find_resource(arguments.get("SearchType", ""))
    if resource is None:
        raise RefusedError(Code.MISCELLANEOUS_SEARCH, "Miscellaneous Search Error: unknown SearchType.")
    of_class = resource.find_class(arguments.get("Class", ""))
    if of_class is None:
        raise RefusedError(Code.MISCELLANEOUS_SEARCH, "Miscellaneous Search Error: unknown Class.")
    if arguments.get("QueryType", "DMQL2") not in {"DMQL", "DMQL2"}:
        raise RefusedError(Code.MISCELLANEOUS_SEARCH, "Miscellaneous Search Error: QueryType is DMQL2.")
    written = arguments.get("Format", "STANDARD-XML").partition(":")[0]
    if written not in FORMATS:
        raise RefusedError(Code.MISCELLANEOUS_SEARCH, "Miscellaneous Search Error: unknown Format.")
    standard_names = arguments.get("StandardNames", "0") == "1"
    offset = _to_offset(arguments.get("Offset"), quirks)
    columns = _select(arguments.get("Select", ""), names.fields(resource, of_class), standard_names=standard_names)
    if len(columns) > _NARROW and Quirk.NARROW_SELECT in quirks:
        if arguments.get("Select"):
            raise RefusedError(Code.INVALID_SELECT, f"Invalid Select: at most {_NARROW} columns at a time.")
        columns = columns[:_NARROW]
    return Search(
        *(resource, of_class, arguments.get("Query", ""), written),
        count=_to_number("Count", arguments.get("Count", "0"), 0, 2),
        limit=_to_limit(arguments.get("Limit")),
        offset=offset,
        columns=columns,
        standard_names=standard_names,
    )


def find_rows(search: Search, stand: Stand, names: Names, quirks: Quirks) -> list[Row]:
    """All rows a search finds, in order of key."""
    fields = names.fields(search.resource, search.of_class)
    known = {field.standard if search.standard_names else field.system: (field.place, field.field) for field in fields}
    holds = compile_condition(parse_dmql(search.query), Meaning(known, stand.moment, zone_of(quirks)))
    return [row for row in stand.rows(search.of_class) if holds(row.values)]


def to_page(search: Search, rows: Sequence[Row], quirks: Quirks, cap: int) -> Found:
    """The page of them that is asked for, within the server's cap."""
    total = len(rows)
    heeded = search.offset is not None and Quirk.IGNORE_OFFSET not in quirks
    if Quirk.UNORDERED in quirks and not heeded:
        rows = sorted(rows, key=lambda row: crc32(row.key.encode()))
    start = search.offset - 1 if heeded and search.offset is not None else 0
    capped = any(quirk in quirks for quirk in _CAPS) and not _is_lifted(search, quirks)
    most = total if search.limit is None else search.limit
    if capped:
        most = min(most, cap)
    page = rows[start : start + most]
    left = total - start - len(page)
    full = Quirk.MAXROWS_ON_LAST in quirks and len(page) == most > 0
    return Found(page, total, more=left > 0 or full, capped=capped and left > 0 and len(page) == cap)


def _is_lifted(search: Search, quirks: Quirks) -> bool:
    """A search without limit for the key column alone is answered whole (section 7.4.5)."""
    keys_only = [column.standard for column in search.columns] == [search.resource.key]
    return keys_only and search.limit is None and Quirk.CAPPED_KEYS not in quirks


def _select(said: str, fields: Sequence[NamedField], *, standard_names: bool) -> tuple[NamedField, ...]:
    if not said.strip():
        return tuple(fields)
    known = {field.standard if standard_names else field.system: field for field in fields}
    names = [name.strip() for name in said.split(",")]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise RefusedError(Code.INVALID_SELECT, f"Invalid Select: unknown field {unknown[0]}.")
    return tuple(known[name] for name in dict.fromkeys(names))


def _to_offset(said: str | None, quirks: Quirks) -> int | None:
    if said is None or not said.strip():
        return None
    if Quirk.REFUSE_OFFSET in quirks:
        raise RefusedError(Code.MISCELLANEOUS_SEARCH, "Offset is not supported.")
    return _to_number("Offset", said, 1, 10**9)


def _to_limit(said: str | None) -> int | None:
    if said is None or said.strip().upper() in {"", "NONE"}:
        return None
    return _to_number("Limit", said, 1, 10**9)


def _to_number(name: str, said: str, least: int, most: int) -> int:
    said = said.strip()
    if not said.isascii() or not said.isdigit() or not least <= int(said) <= most:
        raise RefusedError(Code.MISCELLANEOUS_SEARCH, f"Miscellaneous Search Error: {name} cannot be {said[:20]!r}.")
    return int(said)
