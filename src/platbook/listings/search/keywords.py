"""The spelling correction of keywords that match nothing (trigrams and edits)."""

from collections.abc import Mapping, Sequence

from platbook.db import ReadConnection, load_queries
from platbook.db.compose import SQL
from platbook.listings.search.columns import SearchView
from platbook.listings.search.query_words import Keyword, Keywords, to_keyword
from platbook.listings.search.spelling import edits_of, is_correctable, rank_corrections
from platbook.listings.search.statement import to_keyword_conditions, to_word_condition
from platbook.listings.words import WORD_FIELDS, stem

Q = load_queries(__package__ or "platbook.listings.search")

_SHOWN_WORDS = SQL(
    "SELECT asked.word FROM unnest(%(asked_words)s::text[], %(queries)s::text[]) AS asked (word, query)"
    " WHERE EXISTS (SELECT FROM properties WHERE {rows} AND {words})"
)


async def correct_keywords(connection: ReadConnection, keywords: Keywords, view: SearchView) -> Keywords:
    """Replace each keyword that matches no listing by the most similar words that listings contain.

    Numbers are never corrected: another number means another thing.
    """
    return [await _correct(connection, keyword, view) for keyword in keywords]


async def find_similar_words(connection: ReadConnection, word: str, view: SearchView) -> list[str]:
    """The most similar words that listings contain, by edit distance and shared trigrams; empty if none is similar."""
    params = {"word": word, "edits": sorted(edits_of(word))}
    similar = await connection.column(str, Q.find_similar_words, params)
    if similar and view.shows(WORD_FIELDS) is not None:
        # A word that no listing shows must not be told from others by what it is corrected to.
        similar = await find_shown_words(connection, {one: f"'{stem(one)}'" for one in similar}, view)
    return rank_corrections(word, similar)


async def find_shown_words(connection: ReadConnection, queries: Mapping[str, str], view: SearchView) -> Sequence[str]:
    """Those of some words, each with its tsquery, that a listing of the view shows."""
    statement = _SHOWN_WORDS.format(rows=view.rows, words=to_word_condition(view, SQL("asked.query")))
    params = {"asked_words": list(queries), "queries": list(queries.values())}
    return await connection.column(str, statement, view.params | params)


async def _correct(connection: ReadConnection, keyword: Keyword, view: SearchView) -> Keyword:
    word = keyword.word or ""
    if not is_correctable(word) or await _has_matches(connection, keyword, view):
        return keyword
    similar = await find_similar_words(connection, word, view)
    return to_keyword(similar) if similar else keyword


async def _has_matches(connection: ReadConnection, keyword: Keyword, view: SearchView) -> bool:
    conditions = to_keyword_conditions([keyword], view)
    statement = SQL("SELECT 1 FROM properties WHERE {} AND {} LIMIT 1").format(view.rows, conditions.where)
    return await connection.value(int, statement, view.params | conditions.params) is not None
