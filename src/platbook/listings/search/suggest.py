"""Completing what somebody types: places, addresses and MLS numbers, mistakes forgiven.

Everything is found by walks of small or ordered indexes, so that the time does not grow with the market. Nothing is
offered that leads the asking surface nowhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, product

from platbook.base.actor import Surface
from platbook.db import ReadConnection, load_queries
from platbook.db.compose import SQL, Composable, Placeholder
from platbook.db.lists import count_up_to
from platbook.listings.search.columns import SEEN
from platbook.listings.search.filters import ListingSearch, check_text
from platbook.listings.search.keywords import find_near_words
from platbook.listings.search.spelling import one_edit_away
from platbook.listings.search.statement import to_conditions

Q = load_queries(__package__ or "platbook.listings.search")

_SHORTEST = 2
_MOST_COUNTED = 1_000
_MOST_OF_A_KIND = 5
_MOST_SPELLINGS = 12
_LONGEST_CORRECTED = 40
_LETTERS = re.compile(r"[^\W\d_]{4,40}")

_NUMBERS = SQL(
    "SELECT DISTINCT listing_id FROM (SELECT listing_id FROM properties WHERE {}"
    " AND (listing_id LIKE %(pattern)s OR listing_id LIKE %(upper)s) LIMIT 50) AS found ORDER BY listing_id LIMIT 5"
)
_ADDRESSES = SQL(
    "SELECT DISTINCT ON (lower(unparsed_address)) unparsed_address FROM ("
    "SELECT unparsed_address FROM properties WHERE {} AND {} LIMIT 50) AS found"
    " ORDER BY lower(unparsed_address) LIMIT 5"
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One offer: what it is, its text, how many listings it leads to (1,000 at most), and the filter that does so."""

    kind: str
    text: str
    count: int
    filter: dict[str, str]


async def suggest(
    connection: ReadConnection, text: str, surface: Surface, now: datetime, *, limit: int = 10
) -> list[Suggestion]:
    """Complete a text of two characters or more. Errors: `InvalidInput` for a text that cannot be (`q`)."""
    check_text(text, "q")
    typed = " ".join(text.lower().split())
    if len(typed) < _SHORTEST:
        return []
    offers: list[tuple[str, str]] = await _places(connection, typed)
    offers += [("mlsNumber", number) for number in await _numbers(connection, typed, surface)]
    offers += [("address", address) for address in await _addresses(connection, typed, surface)]
    found: list[Suggestion] = []
    for kind, term in offers:
        count = await _count(connection, kind, term, surface, now)
        if count:
            found.append(Suggestion(kind, term, count, {_FILTER[kind]: term}))
        if len(found) == limit:
            break
    return found


_FILTER = {
    "city": "city",
    "postalCode": "postalCode",
    "subdivision": "search",
    "mlsNumber": "mlsNumber",
    "address": "search",
}


async def _places(connection: ReadConnection, typed: str) -> list[tuple[str, str]]:
    params = {"pattern": _prefix(typed), "most": 2 * _MOST_OF_A_KIND}
    rows = await connection.tuples(Q.find_places_by_prefix, params)
    if not rows and len(typed) <= _LONGEST_CORRECTED and not typed.isdigit():
        near = {"text": typed, "edits": sorted(one_edit_away(typed)), "most": _MOST_OF_A_KIND}
        rows = await connection.tuples(Q.find_places_nearby, near)
    # The same city is spelled in capitals by some sources; one of them is enough.
    places = {(str(kind), str(term).lower()): str(term) for kind, term in reversed(rows)}
    return [(kind, term) for (kind, _), term in reversed(places.items())]


async def _numbers(connection: ReadConnection, typed: str, surface: Surface) -> list[str]:
    if not any(letter.isdigit() for letter in typed):
        return []
    params = {"pattern": _prefix(typed), "upper": _prefix(typed.upper())}
    return await connection.column(str, _NUMBERS.format(SEEN[surface]), params)


async def _addresses(connection: ReadConnection, typed: str, surface: Surface) -> list[str]:
    found = await _addresses_from(connection, [typed], surface)
    if found:
        return found
    spellings = await _spellings(connection, typed)
    return await _addresses_from(connection, spellings, surface) if spellings else []


async def _addresses_from(connection: ReadConnection, starts: Sequence[str], surface: Surface) -> list[str]:
    seen: Composable = SEEN[surface]
    if surface is Surface.PUBLIC:
        seen = SQL("{} AND shows_address").format(seen)
    # A house number begins an address; a street is found by its own name.
    column = SQL("lower(unparsed_address)") if starts[0][0].isdigit() else SQL("lower(street_name)")
    names = [f"start_{place}" for place in range(len(starts))]
    begins = SQL("({})").format(SQL(" OR ").join(column + _like(name) for name in names))
    params = {name: _prefix(start) for name, start in zip(names, starts, strict=True)}
    return await connection.column(str, _ADDRESSES.format(seen, begins), params)


async def _spellings(connection: ReadConnection, typed: str) -> list[str]:
    """The texts that may have been meant: each word that no listing has, by the nearest ones that listings have."""
    words = typed.split()
    choices = [await _readings(connection, word, is_last=word is words[-1]) for word in words]
    spellings = [" ".join(choice) for choice in islice(product(*choices), _MOST_SPELLINGS)]
    return [spelling for spelling in spellings if spelling != typed]


async def _readings(connection: ReadConnection, word: str, *, is_last: bool) -> list[str]:
    if not _LETTERS.fullmatch(word):
        return [word]
    after = word + "\U0010ffff" if is_last else word + "\x01"
    known = await connection.value(bool, Q.has_word_prefix, {"word": word, "after": after})
    return [word] if known else await find_near_words(connection, word) or [word]


async def _count(connection: ReadConnection, kind: str, term: str, surface: Surface, now: datetime) -> int:
    if kind == "city":
        conditions = to_conditions(ListingSearch(surface=surface, city=(term,)), now)
    elif kind == "postalCode":
        conditions = to_conditions(ListingSearch(surface=surface, postal_code=(term,)), now)
    elif kind == "mlsNumber":
        conditions = to_conditions(ListingSearch(surface=surface, mls_number=(term,)), now)
    else:
        conditions = to_conditions(ListingSearch(surface=surface), now)
        if kind == "subdivision":
            conditions.text("subdivision_name = %(term)s", term=term)
        else:
            conditions.text("lower(unparsed_address) = %(term)s", term=term.lower())
            if surface is Surface.PUBLIC:
                conditions.text("shows_address")
    return await count_up_to(connection, conditions, _MOST_COUNTED)


def _like(name: str) -> Composable:
    return SQL(" LIKE {}").format(Placeholder(name))


def _prefix(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"{escaped}%"
