"""The keywords of a full-text search, and the spelling correction of those that match nothing (trigrams and edits)."""

import re
from collections.abc import Sequence

from platbook.base.actor import Surface
from platbook.db import ReadConnection, load_queries
from platbook.db.compose import SQL
from platbook.listings.search.columns import VISIBLE_ROWS
from platbook.listings.search.spelling import edits_of, rank_corrections
from platbook.listings.search.statement import Keywords, to_keyword_conditions

Q = load_queries(__package__ or "platbook.listings.search")

_MAX_KEYWORDS = 12
_SEPARATORS = re.compile(r"[\s,;]+")
_CORRECTABLE = re.compile(r"[^\W\d_]{4,40}")


def split_keywords(text: str) -> tuple[tuple[str, ...], ...]:
    """Split a text into keywords of one spelling each. A text without any becomes a keyword that matches nothing."""
    parts = [part.strip("._-'\"()[]{}!?:*&|<>#/\\") for part in _SEPARATORS.split(text.lower())]
    keywords = [part for part in parts if part][:_MAX_KEYWORDS]
    return tuple((keyword,) for keyword in dict.fromkeys(keywords)) or (("",),)


async def correct_keywords(connection: ReadConnection, keywords: Keywords, surface: Surface) -> Keywords:
    """Replace each keyword that matches no listing by the most similar words that listings contain.

    Numbers are never corrected: another number means another thing.
    """
    return [await _correct(connection, spellings, surface) for spellings in keywords]


async def find_similar_words(connection: ReadConnection, word: str) -> list[str]:
    """The most similar words that listings contain, by edit distance and shared trigrams; empty if none is similar."""
    params = {"word": word, "edits": sorted(edits_of(word))}
    return rank_corrections(word, await connection.column(str, Q.find_similar_words, params))


async def _correct(connection: ReadConnection, spellings: Sequence[str], surface: Surface) -> Sequence[str]:
    word = spellings[0]
    if not _CORRECTABLE.fullmatch(word) or await _has_matches(connection, word, surface):
        return spellings
    return await find_similar_words(connection, word) or spellings


async def _has_matches(connection: ReadConnection, word: str, surface: Surface) -> bool:
    conditions = to_keyword_conditions([[word]], surface)
    statement = SQL("SELECT 1 FROM properties WHERE {} AND {} LIMIT 1").format(VISIBLE_ROWS[surface], conditions.where)
    return await connection.value(int, statement, conditions.params) is not None
