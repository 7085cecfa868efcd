"""Search terms: the words and places of listings, stored once each, for suggestions and spelling corrections."""

from collections.abc import Iterable

from platbook.db import WriteConnection, load_queries
from platbook.listings.listing import NormalListing
from platbook.listings.words import stem, to_words
from platbook.reso.fields import COLUMNS, SLOT

Q = load_queries(__package__ or "platbook.listings")

_MIN_LENGTH, _MAX_LENGTH = 3, 40
_TEXTS = tuple(SLOT[name] for name in ("UnparsedAddress", "StreetName", "City", "SubdivisionName", "PublicRemarks"))
_PLACES = (("city", SLOT["City"]), ("postalCode", SLOT["PostalCode"]), ("subdivision", SLOT["SubdivisionName"]))
_KINDS = {COLUMNS[slot].api: kind for kind, slot in _PLACES}
_CACHE_LIMIT = 50_000  # about 10 MB

Term = tuple[str, str]


def listing_terms(listing: NormalListing) -> set[Term]:
    """The terms of one listing: pairs of kind and text."""
    values = listing.values
    text = " ".join(str(values[slot]) for slot in _TEXTS if values[slot])
    terms = _to_word_terms(text)
    terms.update((kind, str(values[slot])) for kind, slot in _PLACES if values[slot])
    return terms


def to_terms(texts: Iterable[tuple[str, str]]) -> set[Term]:
    """The terms of some texts, each with its field's path in the API (`address.city`)."""
    terms: set[Term] = set()
    for field, text in texts:
        terms |= _to_word_terms(text)
        if (kind := _KINDS.get(field)) is not None:
            terms.add((kind, text))
    return terms


def _to_word_terms(text: str) -> set[Term]:
    return {("word", word) for word in to_words(text) if _MIN_LENGTH <= len(word) <= _MAX_LENGTH and word.isalnum()}


class TermCache:
    """The terms a run has stored, so that a page sends only new ones; emptied beyond 50,000 and a page's.

    It lives no longer than its run: a term that an erasure deletes, here or in another process, is stored again by the
    next run that meets it.
    """

    def __init__(self) -> None:
        self._stored: set[Term] = set()

    def find_new(self, listings: Iterable[NormalListing]) -> set[Term]:
        """The terms of some listings that are not in the cache."""
        terms: set[Term] = set()
        for listing in listings:
            terms |= listing_terms(listing)
        return terms - self._stored

    def add(self, terms: set[Term]) -> None:
        """Add stored terms; to be called after the commit that stored them."""
        if len(self._stored) > _CACHE_LIMIT:
            self._stored.clear()
        self._stored |= terms

    def clear(self) -> None:
        """Empty the cache: listings were erased, and terms with them."""
        self._stored.clear()


async def add_terms(connection: WriteConnection, terms: set[Term]) -> None:
    """Store terms; those stored already cost little."""
    if terms:
        # In one order everywhere, so that two pages adding the same terms wait for one another and never deadlock.
        ordered = sorted(terms)
        params = {"kinds": [kind for kind, _ in ordered], "terms": [term for _, term in ordered]}
        await connection.run(Q.add_terms, params)


async def delete_unused_terms(connection: WriteConnection, terms: set[Term]) -> None:
    """Delete those of some terms that match no listing any more."""
    words = sorted(term for kind, term in terms if kind == "word")
    places = sorted((kind, term) for kind, term in terms if kind != "word")
    await connection.run(Q.delete_unused_words, {"words": words, "queries": [f"'{stem(word)}'" for word in words]})
    params = {"kinds": [kind for kind, _ in places], "places": [term for _, term in places]}
    await connection.run(Q.delete_unused_places, params)
