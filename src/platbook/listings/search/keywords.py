"""The words of a keyword search, and what is taken for a word that leads nowhere."""

import re
from collections.abc import Sequence

from platbook.base.actor import Surface
from platbook.db import ReadConnection, load_queries
from platbook.db.compose import SQL
from platbook.listings.search.columns import SEEN
from platbook.listings.search.spelling import nearest, one_edit_away
from platbook.listings.search.statement import Keywords, to_word_conditions

Q = load_queries(__package__ or "platbook.listings.search")

_MOST_WORDS = 12
_BETWEEN = re.compile(r"[\s,;]+")
_LETTERS = re.compile(r"[^\W\d_]{4,40}")


def split_words(text: str) -> tuple[tuple[str, ...], ...]:
    """The words of a text, each its own only spelling. A text without any word finds nothing, by a word none has."""
    words = [part.strip("._-'\"()[]{}!?:*&|<>#/\\") for part in _BETWEEN.split(text.lower())]
    kept = [word for word in words if word][:_MOST_WORDS]
    return tuple((word,) for word in dict.fromkeys(kept)) or (("",),)


async def correct_words(connection: ReadConnection, words: Keywords, surface: Surface) -> Keywords:
    """Keywords with each one that leads to no listing replaced by the nearest ones that listings have.

    Numbers are never corrected: another number is another thing.
    """
    return [await _correct(connection, spellings, surface) for spellings in words]


async def find_near_words(connection: ReadConnection, word: str) -> list[str]:
    """The nearest words that listings have, by slips and by shared letters; none, if none is near."""
    params = {"word": word, "edits": sorted(one_edit_away(word))}
    return nearest(word, await connection.column(str, Q.find_near_words, params))


async def _correct(connection: ReadConnection, spellings: Sequence[str], surface: Surface) -> Sequence[str]:
    word = spellings[0]
    if not _LETTERS.fullmatch(word) or await _leads_somewhere(connection, word, surface):
        return spellings
    return await find_near_words(connection, word) or spellings


async def _leads_somewhere(connection: ReadConnection, word: str, surface: Surface) -> bool:
    conditions = to_word_conditions([[word]], surface)
    statement = SQL("SELECT 1 FROM properties WHERE {} AND {} LIMIT 1").format(SEEN[surface], conditions.where)
    return await connection.value(int, statement, conditions.params) is not None
