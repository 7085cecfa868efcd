"""The words of a listing: what is stored of it, and that SQL and Python fold alike."""

import random
import sys
from unicodedata import ucd_3_2_0

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from platbook.base.folding import fold
from platbook.db import Database, Query, Tsvector
from platbook.listings.search.query_words import STOP_WORDS, split_keywords
from platbook.listings.words import WORDS_VERSION, stem, to_mls_key, to_mls_words, to_search_words, to_words
from platbook.reso.address_words import SPELLINGS
from tests.listings.listing_rig import make_listing

_TEXTS = [
    "", "Cañon City", "Coeur d’Alene", "MONTRÉAL", "Straße", "ẞ Æ æ Œ œ Þ þ", "øØłŁđĐðÐı", "112–14 — x", "İzmir",  # noqa: RUF001 - what is folded
    "½ mile №5", "日本 Москва", "e\u0301tude", "A-12 3_4/5.6#7", "ﬁne", "´x′", "ΟΔΟΣ Οδος", "Ǽ ǿ ǣ ″ ﹘",  # noqa: RUF001 - what is folded
]  # fmt: skip


# Of an old version of Unicode, so that Python and every server know them.
_CHARACTERS = [one for one in map(chr, range(1, sys.maxunicode + 1)) if ucd_3_2_0.category(one) not in {"Cn", "Cs"}]
_CHANCE = random.Random(43)  # noqa: S311 - a repeatable case
_RANDOM_TEXTS = ["".join(_CHANCE.choices(_CHARACTERS, k=_CHANCE.randint(1, 20))) for _ in range(20_000)]


_FOLD = Query(
    "fold_texts",
    "Texts as SQL folds them.",
    "SELECT text, fold_text(text) FROM unnest(%(texts)s::text[]) AS t (text)",
)
_MAKE_KEYS = Query(
    "make_keys",
    "MLS numbers as SQL makes their keys.",
    "SELECT number, mls_number_key(number) FROM unnest(%(numbers)s::text[]) AS n (number)",
)


async def test_sql_folds_as_python_does(database: Database) -> None:
    texts = [*_TEXTS, *_CHARACTERS, *_RANDOM_TEXTS]
    numbers = ["A-12345", "nwm 2024.0042", "#3_4/5", "12'3", "É-7"]
    async with database.read() as connection:
        folded = await connection.tuples(_FOLD, {"texts": texts})
        keys = await connection.tuples(_MAKE_KEYS, {"numbers": numbers})

    assert folded == [(text, fold(text)) for text in texts]
    assert keys == [(number, to_mls_key(number)) for number in numbers]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("washer/dryer", {"washer", "dryer"}),
        ("kitchen.Large", {"kitchen", "large"}),
        ("O’Brien's", {"obriens", "o", "brien", "s"}),  # noqa: RUF001 - a typographic apostrophe
        ("4-B", {"4b", "4", "b"}),
        ("12½", {"12", "1", "2"}),
        ("2.5", {"2.5", "2", "5"}),
        ("$1,200,000", {"1200000", "1", "200", "000"}),
        ("U.S.", {"us", "u", "s"}),
        ("N95W16888", {"n95w16888", "n95", "w16888"}),
        ("-- ' ... 🏠", set[str]()),
        ("x" * 101, set[str]()),
    ],
)
def test_a_text_is_split_into_words(text: str, words: set[str]) -> None:
    assert to_words(text) == words


def test_no_word_of_an_address_is_a_stop_word() -> None:
    assert not STOP_WORDS & set(SPELLINGS)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("A-12345", {"a12345", "12345", "a"}),
        ("NWM2024-0042", {"nwm20240042", "20240042", "nwm"}),
        ("RX-777", {"rx777", "rx"}),
        ("123-45678", {"12345678", "45678"}),
        ("--", set[str]()),
    ],
)
def test_five_digits_of_an_mls_number_stand_for_it(number: str, words: set[str]) -> None:
    assert to_mls_words(number) == words


@pytest.mark.parametrize(
    ("values", "address_key", "street_key"),
    [
        ({"UnparsedAddress": "12 N Maple Street Apt #4-B"}, "12 n maple st unit 4b", "maple st unit 4b"),
        ({"UnparsedAddress": "5th Avenue 7"}, "5th ave 7", "5th ave 7"),
        ({"UnparsedAddress": "112-14 Jamaica Ave"}, "112 14 jamaica ave", "jamaica ave"),
        ({"StreetNumber": "9", "StreetName": "Saint Croix", "StreetSuffix": "Drive"}, "9 st croix dr", "st croix dr"),
        ({"City": "Waco"}, None, None),
    ],
)
def test_an_address_is_kept_in_standard_abbreviations(
    values: dict[str, str], address_key: str | None, street_key: str | None
) -> None:
    words = to_search_words(make_listing("1", **values))

    assert (words.address_key, words.street_key) == (address_key, street_key)


def test_a_withheld_address_is_in_no_open_word() -> None:
    listing = make_listing(
        "1", UnparsedAddress="12 Elm St", StreetName="Elm", UnitNumber="7", City="Waco", PublicRemarks="A porch."
    )

    words = to_search_words(listing)

    assert words.open_lexemes == {"waco", "tx", "a", "porch"}
    assert words.lexemes - words.open_lexemes == {"12", "elm", "st", "7", "unit7"}


def test_stems_are_those_of_stored_words() -> None:
    """Other stems would find nothing that is stored: raise `WORDS_VERSION` with them."""
    words = ["gardens", "renovated", "renovation", "beautifully", "porches", "happily", "4b", "12345", "skies", "dying"]
    assert WORDS_VERSION == 2
    assert list(map(stem, words)) == [
        "garden", "renov", "renov", "beauti", "porch", "happili", "4b", "12345", "sky", "die",
    ]  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.text(alphabet="#e'-. ,4b/ST0ß", max_size=12)))
@example("#e")
def test_a_text_is_found_by_itself(text: str) -> None:
    stored = to_search_words(make_listing("1", UnparsedAddress=text)).lexemes

    for keyword in split_keywords(text):
        assert not keyword.alternatives or any(stored >= set(map(stem, words)) for words in keyword.alternatives)


async def test_lexemes_are_stored_as_postgresql_sorts_them(database: Database) -> None:
    lexemes = {"b", "ab", "a", "é", "日本", "2.5", "o'x", "back\\slash"}
    make = Query("make_words", "A table of words.", "CREATE TEMP TABLE word_sets (words tsvector, other tsvector)")
    look = Query(
        "look", "Stored words.", "SELECT words = %(text)s::tsvector, tsvector_to_array(words), other FROM word_sets"
    )
    async with database.transaction() as connection:
        await connection.run(make)
        rows = [(Tsvector(lexemes), None)]
        await connection.copy_in("word_sets", ["words", "other"], ["tsvector", "tsvector"], rows)
        found = await connection.tuples(look, {"text": str(Tsvector(lexemes))})

    assert found == [(True, sorted(lexemes), None)]
