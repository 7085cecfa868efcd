"""The spelling correction of keywords that match nothing (trigrams and edits)."""

from platbook.db import ReadConnection, load_queries
from platbook.db.compose import SQL
from platbook.listings.search.columns import SearchView
from platbook.listings.search.query_words import Keyword, Keywords, to_keyword
from platbook.listings.search.spelling import edits_of, is_correctable, rank_corrections
from platbook.listings.search.statement import to_keyword_conditions

Q = load_queries(__package__ or "platbook.listings.search")


async def correct_keywords(connection: ReadConnection, keywords: Keywords, view: SearchView) -> Keywords:
    """Replace each keyword that matches no listing by the most similar words that listings contain.

    Numbers are never corrected: another number means another thing.
    """
    return [await _correct(connection, keyword, view) for keyword in keywords]


async def find_similar_words(connection: ReadConnection, word: str) -> list[str]:
    """The most similar words that listings contain, by edit distance and shared trigrams; empty if none is similar."""
    params = {"word": word, "edits": sorted(edits_of(word))}
    return rank_corrections(word, await connection.column(str, Q.find_similar_words, params))


async def _correct(connection: ReadConnection, keyword: Keyword, view: SearchView) -> Keyword:
    word = keyword.word or ""
    if not is_correctable(word) or await _has_matches(connection, keyword, view):
        return keyword
    similar = await find_similar_words(connection, word)
    return to_keyword(similar) if similar else keyword


async def _has_matches(connection: ReadConnection, keyword: Keyword, view: SearchView) -> bool:
    conditions = to_keyword_conditions([keyword], view.surface)
    statement = SQL("SELECT 1 FROM properties WHERE {} AND {} LIMIT 1").format(view.rows, conditions.where)
    return await connection.value(int, statement, view.params | conditions.params) is not None
