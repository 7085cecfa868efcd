"""Filters by closed lists: status, types, state and provider. A value that no list has is refused by name.

Case, spaces and punctuation do not matter, and a comma separates values. RESO's values and the states are read without
the database. Of types and sub-types, sources bring values that RESO does not list: such a value is known while a
listing that the caller may see has it, however it is spelled there. A provider is known once it is configured, or while
it has a listing.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from platbook.base.errors import FieldProblem, InvalidInput
from platbook.base.folding import fold, fold_label
from platbook.db import Query, ReadConnection, load_queries
from platbook.db.compose import SQL, Identifier
from platbook.listings.search.columns import SearchView
from platbook.listings.search.filters import ListingSearch, check_text
from platbook.providers.local import LOCAL
from platbook.reso.lookups import PropertyType, StandardStatus, find_standard, find_state, split_values

Q = load_queries(__package__ or "platbook.listings.search")

_MAX_SHOWN = 40

_IS_STORED = SQL("SELECT EXISTS (SELECT FROM properties WHERE {} AND {})")


FindStored = Callable[[ReadConnection, str, SearchView], Awaitable[Sequence[str]]]
"""Finds the stored values that a text means, beside those of the list."""


@dataclass(frozen=True, slots=True)
class ClosedList:
    """The list behind one filter: its value for a text, and the stored values for one that is not in it.

    `find_stored` None: sources add no values of their own. `named`: the list's values, where they are few.
    """

    attribute: str
    find: Callable[[str], str | None]
    find_stored: FindStored | None = None
    named: Sequence[str] = ()


def read_listed(parameter: str, texts: Sequence[str]) -> tuple[str, ...]:
    """The values of a filter, those of its list as the list has them; others stay for `resolve_values`.

    Errors: `InvalidInput` naming parameter and value.
    """
    listed = CLOSED_LISTS[parameter]
    values: list[str] = []
    for text in texts:
        check_text(text, parameter)
        parts = [text] if listed.find(text) else split_values(text) or [text]
        found = [value for part in parts if (value := listed.find(part)) is not None]
        if len(found) == len(parts):
            values += found
        elif listed.find_stored is None:
            wrong = next(part for part in parts if listed.find(part) is None)
            raise InvalidInput.of(parameter, _describe_unknown(listed, wrong))
        else:
            values.append(text)
    return tuple(dict.fromkeys(values))


async def resolve_values(connection: ReadConnection, search: ListingSearch, view: SearchView) -> ListingSearch:
    """The search with every value of its closed lists as it is stored. Errors: `InvalidInput` naming unknown ones."""
    problems: list[FieldProblem] = []
    changes: dict[str, tuple[str, ...]] = {}
    for parameter, listed in CLOSED_LISTS.items():
        texts: tuple[str, ...] = getattr(search, listed.attribute)
        if listed.find_stored is None or all(listed.find(text) == text for text in texts):
            continue
        found: list[str] = []
        for text in texts:
            values, unknown = await _resolve(connection, listed, text, view)
            found += values
            problems += [FieldProblem(parameter, _describe_unknown(listed, part)) for part in unknown]
        changes[listed.attribute] = tuple(dict.fromkeys(found))
    if problems:
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems)
    return replace(search, **changes) if changes else search


async def _resolve(
    connection: ReadConnection, listed: ClosedList, text: str, view: SearchView
) -> tuple[list[str], list[str]]:
    """The values that a text means, whole or else by its parts, and the parts that mean none."""
    values = await _find_values(connection, listed, text.strip(), view)
    if values:
        return list(values), []
    found: list[str] = []
    unknown: list[str] = []
    for part in split_values(text) or [text]:
        values = await _find_values(connection, listed, part, view)
        found += values
        unknown += [] if values else [part]
    return found, unknown


async def _find_values(connection: ReadConnection, listed: ClosedList, text: str, view: SearchView) -> Sequence[str]:
    value = listed.find(text)
    if value is not None:
        return [value]
    return [] if listed.find_stored is None else await listed.find_stored(connection, text, view)


async def _find_by_fold(
    column: str, statement: Query, connection: ReadConnection, text: str, view: SearchView
) -> Sequence[str]:
    stored = await connection.column(str, statement)
    folded = fold_label(text)
    spellings = [value for value in stored if folded and fold_label(value) == folded]
    return [value for value in spellings if await _is_shown(connection, column, value, view)]


async def _find_state(connection: ReadConnection, text: str, view: SearchView) -> Sequence[str]:
    """A state that is not in the list is too rarely asked for to have an index."""
    has_state = SQL("fold_text(state_or_province) = %(value)s::text")
    statement = _IS_STORED.format(view.rows, view.only_shown(has_state, "state_or_province"))
    is_stored = await connection.value(bool, statement, view.params | {"value": fold(text.strip())})
    return [text] if is_stored else []


async def _find_provider(connection: ReadConnection, text: str, _view: SearchView) -> Sequence[str]:
    """Two providers may differ in case alone: the exact id is the one that is meant."""
    known = {LOCAL, *await connection.column(str, Q.find_provider_ids)}
    return [text] if text in known else [one for one in sorted(known) if one.lower() == text.lower()]


async def _is_shown(connection: ReadConnection, column: str, value: str, view: SearchView) -> bool:
    """Staff see every stored value; what no public listing has, or shows, is unknown to the public."""
    if not view.is_public:
        return True
    has_value = SQL("{} = %(value)s::text").format(Identifier(column))
    statement = _IS_STORED.format(view.rows, view.only_shown(has_value, column))
    return bool(await connection.value(bool, statement, view.params | {"value": value}))


def _describe_unknown(listed: ClosedList, value: str) -> str:
    shown = value if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}…"
    refusal = f"{shown!r} is not a known value"
    if not listed.named:
        return refusal
    allowed = "it must be one of" if listed.find_stored is None else "RESO's values are"
    return f"{refusal}; {allowed} {', '.join(listed.named)}"


CLOSED_LISTS: Mapping[str, ClosedList] = MappingProxyType(
    {
        "status": ClosedList("status", partial(find_standard, "StandardStatus"), named=tuple(StandardStatus)),
        "propertyType": ClosedList(
            "property_type",
            partial(find_standard, "PropertyType"),
            partial(_find_by_fold, "property_type", Q.find_types),
            named=tuple(PropertyType),
        ),
        "propertySubType": ClosedList(
            "property_sub_type",
            partial(find_standard, "PropertySubType"),
            partial(_find_by_fold, "property_sub_type", Q.find_sub_types),
        ),
        "state": ClosedList("state", find_state, _find_state),
        "providerId": ClosedList("provider_id", lambda _: None, _find_provider),
    }
)
"""By API parameter."""
