"""The words of a listing as the keyword search and suggestions index them, and the splitting that queries share. Pure.

Words are made here and not in SQL, so that a query is split, folded and stemmed by the very functions that did it to
the stored text. PostgreSQL stores and compares the lexemes that come out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, cast

from Stemmer import Stemmer  # pyright: ignore[reportUnknownVariableType] - tells no types

from platbook.base.folding import fold
from platbook.listings.listing import NormalListing
from platbook.reso.address_words import DIRECTIONS, STANDARD, UNIT_WORDS
from platbook.reso.fields import SLOT

WORDS_VERSION = 1
"""Raised whenever stored words would come out differently, so that they are written anew. Stemming counts, too."""

_MAX_WORD_LENGTH = 100
_CACHE_SIZE = 20_000
_SEPARATORS = str.maketrans(
    {**dict.fromkeys('!"$%&()*+/:;<=>?@[\\]^_`{|}~⁄', " "), "#": " # "}  # noqa: RUF001 - the slash of ½
)
_PARTS = re.compile(r"[^\W_]+")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_DECIMAL = re.compile(r"\d+\.\d+")
_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])+")
_STOPS = re.compile(r"[.,]+")
_GRID_NUMBER = re.compile(r"([nsew]\d+)([nsew]\d+)")
_HOUSE_NUMBER = re.compile(r"\d+(?!\d*(?:st|nd|rd|th)$)[^\W_]*")
_MLS_PUNCTUATION = str.maketrans("", "", " -./_#")
_MIN_MLS_DIGITS = 5
_MIN_PREFIX = 3
_MLS_DIGITS = re.compile(rf"\d{{{_MIN_MLS_DIGITS},}}")
_LETTERS = re.compile(r"[^\W\d_]+")
_UNIT_ID = re.compile(r"[^\W_]{0,6}\d[^\W_]{0,6}|[^\W\d_]{1,2}")
UNIT_MARK = "unit"

_stem_word = cast("Callable[[str], str]", Stemmer("english", 0).stemWord)  # pyright: ignore[reportUnknownMemberType] - tells no types; without a cache several threads may call it

_STREET = tuple(
    SLOT[name] for name in ("StreetNumber", "StreetDirPrefix", "StreetName", "StreetSuffix", "StreetDirSuffix")
)
_STREET_NAME = tuple(SLOT[name] for name in ("StreetName", "StreetSuffix", "StreetDirSuffix"))
_OPEN_TEXTS = tuple(
    SLOT[name] for name in ("City", "StateOrProvince", "PostalCode", "SubdivisionName", "PublicRemarks")
)
_ADDRESS, _NAME, _UNIT, _NUMBER = (SLOT[name] for name in ("UnparsedAddress", "StreetName", "UnitNumber", "ListingId"))


class Token(NamedTuple):
    """A run of characters of a text: `whole` without punctuation (`obrien`), `parts` its words (`o`, `brien`)."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchWords:
    """What of a listing is indexed for searches.

    `open_lexemes`: those that do not reveal the address; None where the address is public. `address_key` and
    `street_key` are the address in standard abbreviations, from its number and from its street's name.
    """

    lexemes: frozenset[str]
    open_lexemes: frozenset[str] | None
    address_key: str | None
    street_key: str | None


def to_search_words(listing: NormalListing, *, shows_address: bool) -> SearchWords:
    """What searches index of a listing."""
    values = listing.values
    lexemes = _to_text_lexemes(" ".join([str(values[slot]) for slot in _OPEN_TEXTS if values[slot]]))
    if values[_NUMBER]:
        lexemes |= to_mls_words(str(values[_NUMBER]))
    open_lexemes = None if shows_address else frozenset(lexemes)
    street = " ".join([str(values[slot]) for slot in _STREET if values[slot]])
    address = split_text(str(values[_ADDRESS] or street))
    lexemes |= _to_address_lexemes(address)
    lexemes |= _to_text_lexemes(street)
    if values[_UNIT]:
        lexemes |= _to_unit_lexemes(str(values[_UNIT]))
    name = split_text(" ".join([str(values[slot]) for slot in _STREET_NAME if values[slot]])) if values[_NAME] else []
    from_name = _from_street_name(address, name)
    return SearchWords(frozenset(lexemes), open_lexemes, _to_key(address) or None, _to_key(from_name) or None)


def to_words(text: str) -> set[str]:
    """All words of a text, and its compounds written as one."""
    tokens = [token for run in set(_to_runs(text)) for token in _split_run(run)]
    return {token.whole for token in tokens}.union(*[token.parts for token in tokens])


def split_text(text: str) -> list[Token]:
    """The tokens of a text, in order; `#` is one."""
    tokens: list[Token] = []
    for run in _to_runs(text):
        if run == "#":
            tokens.append(Token("#", ()))
        else:
            tokens += _split_run(run)
    return tokens


def stem(word: str) -> str:
    """The stem of a word, which is what is stored of it."""
    return _stem_word(word)


def to_mls_key(number: str) -> str:
    """An MLS number in lower case, without punctuation, as `mls_number_key` of SQL (a test holds them equal)."""
    return number.translate(_MLS_PUNCTUATION).lower()


def to_mls_words(number: str) -> set[str]:
    """What finds a listing by its MLS number: the whole of it, its letters, and five digits or more in a row."""
    key = fold(to_mls_key(number))
    parts = {key, *_LETTERS.findall(key), *_MLS_DIGITS.findall(key), *_MLS_DIGITS.findall(number)}
    return {part for part in parts if part.isalnum()}


def is_mls_digits(text: str) -> bool:
    """Whether a text is digits enough to stand for an MLS number without its prefix."""
    return len(text) >= _MIN_MLS_DIGITS and text.isdigit()


def is_unit_id(text: str) -> bool:
    """Whether a text may be what follows a unit designator."""
    return _UNIT_ID.fullmatch(text) is not None


def is_unit_word(token: Token) -> bool:
    """Whether a token announces the number of a unit."""
    return token.whole == "#" or token.whole in UNIT_WORDS


def to_address_key(address: str) -> str:
    """An address in lower case and standard abbreviations (`12 maple st unit 4b`), for completion."""
    return _to_key(split_text(address))


def to_address_starts(typed: str) -> list[str]:
    """What the key of an address may begin with that somebody is typing; the last word may be unfinished."""
    tokens = split_text(typed)
    if not tokens:
        return []
    before, last = _to_key(tokens[:-1]), tokens[-1]
    ends = dict.fromkeys((last.whole, " ".join(last.parts), _to_key([last])))
    if len(last.whole) >= _MIN_PREFIX:
        ends.update(dict.fromkeys(short for long, short in STANDARD.items() if long.startswith(last.whole)))
    return [f"{before} {end}".strip() for end in ends if end not in {"", "#"}]


def _to_runs(text: str) -> list[str]:
    return fold(text).translate(_SEPARATORS).split()


def _to_text_lexemes(text: str) -> set[str]:
    return set[str]().union(*map(_to_run_lexemes, set(_to_runs(text))))


@lru_cache(_CACHE_SIZE)
def _to_run_lexemes(run: str) -> tuple[str, ...]:
    tokens = _split_run(run)
    return tuple({stem(word) for token in tokens for word in (token.whole, *token.parts)})


@lru_cache(_CACHE_SIZE)
def _split_run(run: str) -> tuple[Token, ...]:
    return tuple(_find_tokens(run))


def _find_tokens(run: str) -> Iterator[Token]:
    run = run.strip("'-.,")
    if len(run) > _MAX_WORD_LENGTH:
        return
    if run.isalnum():
        grid = _GRID_NUMBER.fullmatch(run)
        yield Token(run, tuple(grid.groups()) if grid else (run,))
    elif _THOUSANDS.fullmatch(run):
        yield Token(run.replace(",", ""), tuple(run.split(",")))
    elif _DECIMAL.fullmatch(run):
        yield Token(run, tuple(run.split(".")))
    elif _INITIALS.fullmatch(run):
        yield Token(run.replace(".", ""), tuple(run.split(".")))
    else:
        for piece in _STOPS.split(run):
            parts = tuple(_PARTS.findall(piece))
            if parts:
                yield Token("".join(parts), parts)


def _to_address_lexemes(tokens: Sequence[Token]) -> set[str]:
    lexemes: set[str] = set()
    is_unit = False
    for token in tokens:
        if is_unit and is_unit_id(token.whole):
            lexemes.add(UNIT_MARK + token.whole)
        is_unit = is_unit_word(token)
        lexemes.update(_to_run_lexemes(token.whole))
        lexemes.update(map(stem, token.parts))
    return lexemes


def _to_unit_lexemes(unit: str) -> set[str]:
    """`UnitNumber`: 4B, 4-B, #4B or Apt 4B."""
    tokens = [token for token in split_text(unit) if not is_unit_word(token)]
    joined = "".join(token.whole for token in tokens)
    mark = {joined, UNIT_MARK + joined} if is_unit_id(joined) else set[str]()
    return _to_text_lexemes(unit) | mark


def _to_key(tokens: Iterable[Token]) -> str:
    words: list[str] = []
    for token in tokens:
        if is_unit_word(token):
            if not words or words[-1] != UNIT_MARK:
                words.append(UNIT_MARK)
        elif len(token.parts) > 1 and "".join(token.parts).isdigit():
            words += token.parts
        else:
            words.append(STANDARD.get(token.whole, token.whole))
    return " ".join(words)


def _from_street_name(address: Sequence[Token], name: Sequence[Token]) -> Sequence[Token]:
    """An address from the name of its street on."""
    if name:
        return address[address.index(name[0]) :] if name[0] in address else name
    start = 0
    while start < len(address) and _HOUSE_NUMBER.fullmatch(address[start].whole):
        start += 1
    if start < len(address) and STANDARD.get(address[start].whole, address[start].whole) in DIRECTIONS:
        start += 1
    return address[start:]
