"""What searches index of a listing, as its row stores it."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from platbook.db import Tsvector
from platbook.listings.listing import NormalListing
from platbook.listings.words import to_search_words


@dataclass(frozen=True, slots=True)
class SearchColumns:
    """The columns that searches compare."""

    words: Tsvector
    open_lexemes: AbstractSet[str]
    address_key: str | None
    street_key: str | None

    @property
    def open_words(self) -> Tsvector:
        """The words that do not reveal the address: to be stored where it is not public, which is seldom."""
        return Tsvector(self.open_lexemes)


def to_search_columns(listing: NormalListing) -> SearchColumns:
    """The columns of one listing."""
    words = to_search_words(listing)
    return SearchColumns(Tsvector(words.lexemes), words.open_lexemes, words.address_key, words.street_key)
