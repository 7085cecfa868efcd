"""Type-ahead suggestions: places, addresses and MLS numbers, by prefix, with spelling correction.

Everything is read from small or ordered indexes, so that the time does not grow with the market. Nothing is suggested
that matches no listing of the requesting surface, by what that listing shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, product

from platbook.base.actor import Surface
from platbook.base.folding import fold
from platbook.db import ReadConnection, load_queries
from platbook.db.compose import SQL, Composable, Placeholder
from platbook.db.lists import count_up_to
from platbook.listings.search.columns import SearchView
from platbook.listings.search.filters import ListingSearch, check_text
from platbook.listings.search.keywords import find_shown_words, find_similar_words
from platbook.listings.search.spelling import edits_of, is_correctable
from platbook.listings.search.statement import to_conditions, to_word_condition
from platbook.listings.search.views import get_view
from platbook.listings.words import (
    ADDRESS_KEY_FIELDS,
    WORD_FIELDS,
    fold_fractions_apart,
    is_mls_digits,
    stem,
    to_address_key,
    to_address_starts,
    to_mls_key,
)
from platbook.reso.address_words import NAME_WORDS, STANDARD

Q = load_queries(__package__ or "platbook.listings.search")

_MIN_LENGTH = 2
_MAX_COUNT = 1_000
_MAX_OF_A_KIND = 5
_MAX_SPELLINGS = 12
_MAX_STARTS = 24
_MAX_CORRECTED_LENGTH = 40

_NUMBERS = SQL(
    "SELECT DISTINCT listing_id FROM (SELECT listing_id FROM properties WHERE {} AND {} LIMIT 50) AS matching"
    " ORDER BY listing_id LIMIT 5"
)
_BY_NUMBER = SQL("mls_number_key(listing_id) LIKE %(pattern)s")
# The number without its prefix is one of the listing's words.
_HAS_DIGITS = SQL("words @@ %(digits)s::tsquery")
_BY_DIGITS = SQL("{} AND mls_number_key(listing_id) LIKE %(inside)s")
_ADDRESS_KEY = SQL("coalesce(address_key, lower(unparsed_address))")
_STREET_KEY = SQL("coalesce(street_key, lower(street_name))")
_ADDRESSES = SQL(
    "SELECT DISTINCT ON (lower(unparsed_address)) unparsed_address FROM ("
    "SELECT unparsed_address FROM properties WHERE {} AND {} AND unparsed_address IS NOT NULL LIMIT 50) AS matching"
    " ORDER BY lower(unparsed_address) LIMIT 5"
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One suggestion: its kind, its text, how many listings match (at most 1,000), and the filter that finds them."""

    kind: str
    text: str
    count: int
    filter: dict[str, str]


async def suggest(
    connection: ReadConnection, text: str, surface: Surface, now: datetime, *, limit: int = 10
) -> list[Suggestion]:
    """Complete a text of two characters or more. Errors: `InvalidInput` (`q`)."""
    check_text(text, "q")
    typed = " ".join(fold_fractions_apart(text).split())
    if len(typed) < _MIN_LENGTH:
        return []
    view = await get_view(connection, surface, now)
    candidates: list[tuple[str, str]] = await _find_places(connection, typed, view)
    candidates += [("mlsNumber", number) for number in await _find_mls_numbers(connection, typed, view)]
    candidates += [("address", address) for address in await _find_addresses(connection, typed, view)]
    suggestions: list[Suggestion] = []
    for kind, term in candidates:
        count = await _count(connection, kind, term, view)
        if count:
            suggestions.append(Suggestion(kind, term, count, {_FILTER[kind]: term}))
        if len(suggestions) == limit:
            break
    return suggestions


_FILTER = {
    "city": "city",
    "postalCode": "postalCode",
    "subdivision": "search",
    "mlsNumber": "mlsNumber",
    "address": "search",
}


async def _find_places(connection: ReadConnection, typed: str, view: SearchView) -> list[tuple[str, str]]:
    rows: list[tuple[object, ...]] = []
    for start in _to_place_starts(typed):
        params = {"pattern": _prefix(start), "limit": 2 * _MAX_OF_A_KIND}
        rows += await connection.tuples(Q.find_places_by_prefix, params)
    if view.shown("city", "postal_code", "subdivision_name") is not None:
        # A place that no listing shows must not keep the spelling from being corrected.
        rows = [row for row in rows if await _count(connection, str(row[0]), str(row[1]), view)]
    if not rows and len(typed) <= _MAX_CORRECTED_LENGTH and not typed.isdigit():
        near = {"text": typed, "edits": sorted(edits_of(typed)), "limit": _MAX_OF_A_KIND}
        rows = await connection.tuples(Q.find_similar_places, near)
    # The same city is spelled in capitals or without accents by some sources; one of them is enough.
    places = {(str(kind), fold(str(term))): str(term) for kind, term in reversed(rows)}
    return [(kind, term) for (kind, _), term in reversed(places.items())]


def _to_place_starts(typed: str) -> list[str]:
    """What a place's name may begin with: `saint l` also `st l` and `st. l`."""
    first, space, rest = typed.partition(" ")
    short = STANDARD.get(first.strip("."), first.strip("."))
    if not space or short not in NAME_WORDS:
        return [typed]
    return [f"{spelling} {rest}" for spelling in (short, f"{short}.", *NAME_WORDS[short])]


async def _find_mls_numbers(connection: ReadConnection, typed: str, view: SearchView) -> list[str]:
    key = to_mls_key(typed).removeprefix("mls")
    if not any(letter.isdigit() for letter in key):
        return []
    by_number = _NUMBERS.format(view.rows, view.only_shown(_BY_NUMBER, "listing_id"))
    numbers = await connection.column(str, by_number, view.params | {"pattern": _prefix(key)})
    if not numbers and is_mls_digits(key):
        hides_words = view.shows(WORD_FIELDS) is not None
        by_digits = _BY_DIGITS.format(to_word_condition(view, Placeholder("digits")) if hides_words else _HAS_DIGITS)
        statement = _NUMBERS.format(view.rows, view.only_shown(by_digits, "listing_id"))
        params = view.params | {"digits": f"'{key}':*", "inside": f"%{key}%"}
        numbers = await connection.column(str, statement, params)
    return numbers


async def _find_addresses(connection: ReadConnection, typed: str, view: SearchView) -> list[str]:
    addresses = await _find_addresses_by_prefix(connection, [typed], view)
    if addresses:
        return addresses
    spellings = await _correct_spelling(connection, typed, view)
    return await _find_addresses_by_prefix(connection, spellings, view) if spellings else []


async def _find_addresses_by_prefix(connection: ReadConnection, typed: Sequence[str], view: SearchView) -> list[str]:
    starts = list(dict.fromkeys(start for text in typed for start in to_address_starts(text)))[:_MAX_STARTS]
    if not starts:
        return []
    # A house number begins an address; a street is found by its own name.
    column = _ADDRESS_KEY if typed[0][0].isdigit() else _STREET_KEY
    names = [f"start_{index}" for index in range(len(starts))]
    begins = SQL("({})").format(SQL(" OR ").join(column + _like(name) for name in names))
    params = view.params | {name: _prefix(start) for name, start in zip(names, starts, strict=True)}
    visible = [view.rows, *_to_address_conditions(view)]
    return await connection.column(str, _ADDRESSES.format(SQL(" AND ").join(visible), begins), params)


def _to_address_conditions(view: SearchView) -> list[Composable]:
    """The conditions that a listing shows its address, and all the fields that its address is looked up by."""
    shown = view.shows(ADDRESS_KEY_FIELDS)
    return [*([SQL("shows_address")] if view.is_public else []), *([] if shown is None else [shown])]


async def _correct_spelling(connection: ReadConnection, typed: str, view: SearchView) -> list[str]:
    """Corrected texts: a word that no listing contains is replaced by the most similar ones that listings contain."""
    words = typed.split()
    choices = [await _correct_word(connection, word, view, is_last=word is words[-1]) for word in words]
    spellings = [" ".join(choice) for choice in islice(product(*choices), _MAX_SPELLINGS)]
    return [spelling for spelling in spellings if spelling != typed]


async def _correct_word(connection: ReadConnection, word: str, view: SearchView, *, is_last: bool) -> list[str]:
    if not is_correctable(word) or await _has_word(connection, word, view, is_prefix=is_last):
        return [word]
    return await find_similar_words(connection, word, view) or [word]


async def _has_word(connection: ReadConnection, word: str, view: SearchView, *, is_prefix: bool) -> bool:
    """Whether any listing contains a word, or one that begins with it."""
    if view.shows(WORD_FIELDS) is not None:
        query = f"'{stem(word)}' | '{word}':*" if is_prefix else f"'{stem(word)}'"
        return bool(await find_shown_words(connection, {word: query}, view))
    after = word + ("\U0010ffff" if is_prefix else "\x01")
    return bool(await connection.value(bool, Q.has_word_prefix, {"word": word, "after": after}))


async def _count(connection: ReadConnection, kind: str, term: str, view: SearchView) -> int:
    """How many listings show a suggestion, at most 1,000."""
    search = ListingSearch(surface=view.surface)
    if kind in _COLUMN:
        search = replace(search, **{_COLUMN[kind]: (term,)})
    conditions = to_conditions(search, view)
    if kind == "subdivision":
        has_name = SQL("subdivision_name = %(term)s")
        conditions.add(view.only_shown(has_name, "subdivision_name"), term=term)
    elif kind == "address":
        conditions.add(SQL("{} = ANY(%(terms)s)").format(_ADDRESS_KEY), terms=[to_address_key(term), term.lower()])
        for condition in _to_address_conditions(view):
            conditions.add(condition)
    return await count_up_to(connection, conditions, _MAX_COUNT)


_COLUMN = {"city": "city", "postalCode": "postal_code", "mlsNumber": "mls_number"}
"""The kinds that a filter of the search counts, and its attribute."""


def _like(name: str) -> Composable:
    return SQL(" LIKE {}").format(Placeholder(name))


def _prefix(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"{escaped}%"
