"""What searches index of a listing, as its row stores it."""

from dataclasses import dataclass

from platbook.db import Tsvector
from platbook.listings.listing import NormalListing
from platbook.listings.words import to_search_words


@dataclass(frozen=True, slots=True)
class SearchColumns:
    """The columns that searches compare. `open_words`: to be stored where the address is not public."""

    words: Tsvector
    open_words: Tsvector
    address_key: str | None
    street_key: str | None


def to_search_columns(listing: NormalListing) -> SearchColumns:
    """The columns of one listing."""
    words = to_search_words(listing)
    return SearchColumns(Tsvector(words.lexemes), Tsvector(words.open_lexemes), words.address_key, words.street_key)
