"""What searches index of a listing, as its row stores it."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from platbook.db import Tsvector
from platbook.listings.listing import NormalListing
from platbook.listings.words import ADDRESS_WORD_FIELDS, WORD_FIELDS, to_search_words
from platbook.reso.fields import SLOT


@dataclass(frozen=True, slots=True)
class SearchColumns:
    """The columns that searches compare. `open_lexemes`: the words that do not reveal the address."""

    words: Tsvector
    open_lexemes: AbstractSet[str]
    address_key: str | None
    street_key: str | None


def to_search_columns(listing: NormalListing) -> SearchColumns:
    """The columns of one listing."""
    words = to_search_words(listing)
    return SearchColumns(Tsvector(words.lexemes), words.open_lexemes, words.address_key, words.street_key)


def to_open_words(listing: NormalListing, columns: SearchColumns, hidden: AbstractSet[str]) -> Tsvector | None:
    """The words of what is shown of a listing; None where they are all of its words, as those of most listings are.

    `hidden`: RESO names of the fields that are not shown.
    """
    fields = WORD_FIELDS & hidden
    if not fields:
        return None
    if fields == ADDRESS_WORD_FIELDS:
        return Tsvector(columns.open_lexemes)
    values = list(listing.values)
    for name in fields:
        values[SLOT[name]] = None
    return Tsvector(to_search_words(replace(listing, values=tuple(values))).lexemes)
