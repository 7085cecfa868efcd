"""The words of a listing as the keyword search and suggestions index them, and the splitting that queries share. Pure.

Words are made here and not in SQL, so that a query is split, folded and stemmed by the very functions that did it to
the stored text. PostgreSQL stores and compares the lexemes that come out.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple, TypeVar, cast

from Stemmer import Stemmer  # pyright: ignore[reportUnknownVariableType] - tells no types

from platbook.base.folding import fold
from platbook.listings.listing import NormalListing
from platbook.reso.address_words import DIRECTIONS, STANDARD, UNIT_WORDS
from platbook.reso.fields import SLOT

WORDS_VERSION = 2
"""Raised whenever stored words would come out differently, so that they are written anew. Stemming counts, too."""

_MAX_WORD_LENGTH = 100
_CACHE_SIZE = 20_000
_SEPARATORS = str.maketrans(
    {**dict.fromkeys('!"$%&()*+/:;<=>?@[\\]^_`{|}~⁄', " "), "#": " # "}  # noqa: RUF001 - the slash of ½
)
_FRACTION = re.compile(r"(?<=\d)(?=[¼½¾⅐-⅞])")
_PARTS = re.compile(r"[^\W_]+")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_DECIMAL = re.compile(r"\d+\.\d+")
_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])+")
_STOPS = re.compile(r"[.,]+")
_GRID_NUMBER = re.compile(r"([nsew]\d+)([nsew]\d+)")
_NUMBER_AND_DIRECTION = re.compile(rf"^(?:\d(?!\d*(?:st|nd|rd|th)\b)\S* )+(?:(?:{'|'.join(DIRECTIONS)}) )?")
_MLS_PUNCTUATION = str.maketrans("", "", " -./_#")
_MIN_MLS_DIGITS = 5
_MIN_PREFIX = 3
_MLS_DIGITS = re.compile(rf"\d{{{_MIN_MLS_DIGITS},}}")
_LETTERS = re.compile(r"[^\W\d_]+")
UNIT_MARK = "unit"
_UNIT_ID = re.compile(r"[^\W_]{0,6}\d[^\W_]{0,6}|[^\W\d_]{1,2}")
_UNIT_IN_KEY = re.compile(rf"\b{UNIT_MARK} ({_UNIT_ID.pattern})\b")

# Without a cache of its own, several threads may call it.
_stem_word = cast("Callable[[str], str]", Stemmer("english", 0).stemWord)

_STREET_FIELDS = ("StreetNumber", "StreetDirPrefix", "StreetName", "StreetSuffix", "StreetDirSuffix")
_OPEN_FIELDS = ("City", "StateOrProvince", "PostalCode", "SubdivisionName", "PublicRemarks")
ADDRESS_KEY_FIELDS = frozenset({"UnparsedAddress", *_STREET_FIELDS})
"""RESO names of the fields that the keys of an address are made of."""
ADDRESS_WORD_FIELDS = ADDRESS_KEY_FIELDS | {"UnitNumber"}
"""RESO names of the fields whose words reveal the address."""
WORD_FIELDS = ADDRESS_WORD_FIELDS | {*_OPEN_FIELDS, "ListingId"}
"""RESO names of the fields whose words are indexed."""

_STREET = tuple(SLOT[name] for name in _STREET_FIELDS)
_STREET_NAME = tuple(SLOT[name] for name in ("StreetName", "StreetSuffix", "StreetDirSuffix"))
_OPEN_TEXTS = tuple(SLOT[name] for name in _OPEN_FIELDS)
_ADDRESS, _NAME, _UNIT, _NUMBER = (SLOT[name] for name in ("UnparsedAddress", "StreetName", "UnitNumber", "ListingId"))


T = TypeVar("T")


class Token(NamedTuple):
    """A run of characters of a text: `whole` without punctuation (`obrien`), `parts` its words (`o`, `brien`)."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchWords:
    """What of a listing is indexed for searches.

    `open_lexemes`: those that do not reveal the address. `address_key` and `street_key` are the address in standard
    abbreviations, from its number and from its street's name.
    """

    lexemes: AbstractSet[str]
    open_lexemes: AbstractSet[str]
    address_key: str | None
    street_key: str | None


def to_search_words(listing: NormalListing) -> SearchWords:
    """What searches index of a listing."""
    values = listing.values
    lexemes = _to_lexemes(_to_runs(" ".join([str(values[slot]) for slot in _OPEN_TEXTS if values[slot]])))
    if values[_NUMBER]:
        lexemes.update(map(stem, to_mls_words(str(values[_NUMBER]))))
    open_lexemes = frozenset(lexemes)
    street = " ".join([str(values[slot]) for slot in _STREET if values[slot]])
    address = str(values[_ADDRESS] or street)
    runs = _to_runs(address)
    lexemes |= _to_lexemes(runs)
    if street not in address:
        lexemes |= _to_lexemes(_to_runs(street))
    key = _to_key(runs)
    if UNIT_MARK in key:
        lexemes.update(stem(UNIT_MARK + unit) for unit in _UNIT_IN_KEY.findall(key))
    if values[_UNIT]:
        lexemes |= _to_unit_lexemes(str(values[_UNIT]))
    name = " ".join([str(values[slot]) for slot in _STREET_NAME if values[slot]]) if values[_NAME] else ""
    return SearchWords(lexemes, open_lexemes, key or None, _to_street_key(key, name) or None)


def to_words(text: str) -> set[str]:
    """All words of a text, and its compounds written as one."""
    tokens = [token for run in set(_to_runs(text)) for token in _run_tokens[run]]
    return {token.whole for token in tokens}.union(*[token.parts for token in tokens])


def split_text(text: str) -> list[Token]:
    """The tokens of a text, in order; `#` is one."""
    tokens: list[Token] = []
    for run in _to_runs(text):
        if run == "#":
            tokens.append(Token("#", ()))
        else:
            tokens += _run_tokens[run]
    return tokens


def fold_fractions_apart(text: str) -> str:
    """A text folded; a fraction that is one character (12½) stays apart from the number before it."""
    return fold(text if text.isascii() else _FRACTION.sub(" ", text))


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
    return _to_key(_to_runs(address))


def to_address_starts(typed: str) -> list[str]:
    """What the key of an address may begin with that somebody is typing; the last word may be unfinished."""
    runs = _to_runs(typed)
    if not runs:
        return []
    before, last = _to_key(runs[:-1]), runs[-1]
    ends = {_to_key([last]): None}
    for token in _run_tokens[last][-1:]:
        ends |= dict.fromkeys((token.whole, " ".join(token.parts)))
        if len(token.whole) >= _MIN_PREFIX:
            ends |= dict.fromkeys(short for long, short in STANDARD.items() if long.startswith(token.whole))
    return [f"{before} {end}".strip() for end in ends if end]


def _to_runs(text: str) -> list[str]:
    return fold_fractions_apart(text).translate(_SEPARATORS).split()


def _to_lexemes(runs: Iterable[str]) -> set[str]:
    return set(chain.from_iterable(map(_run_lexemes.__getitem__, runs)))


def _to_key(runs: Iterable[str]) -> str:
    words = " ".join(map(_run_keys.__getitem__, runs))
    return " ".join(words.split()).replace("unit unit", UNIT_MARK)


class _Cache(dict[str, T]):
    """What is made of the runs of texts, which repeat; emptied when it is full."""

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, run: str) -> T:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        made = self[run] = self._make(run)
        return made


def _make_tokens(run: str) -> tuple[Token, ...]:
    return tuple(_find_tokens(run))


def _make_lexemes(run: str) -> tuple[str, ...]:
    return tuple({stem(word) for token in _run_tokens[run] for word in (token.whole, *token.parts)})


def _make_key(run: str) -> str:
    if run == "#":
        return UNIT_MARK
    return " ".join(
        " ".join(token.parts) if len(token.parts) > 1 and "".join(token.parts).isdigit() else _to_standard(token.whole)
        for token in _run_tokens[run]
    )


_run_tokens = _Cache(_make_tokens)
_run_lexemes = _Cache(_make_lexemes)
_run_keys = _Cache(_make_key)


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


def _to_unit_lexemes(unit: str) -> set[str]:
    """`UnitNumber`: 4B, 4-B, #4B or Apt 4B."""
    runs = _to_runs(unit)
    joined = "".join(token.whole for run in runs for token in _run_tokens[run] if not is_unit_word(token))
    marks = (joined, UNIT_MARK + joined) if is_unit_id(joined) else ()
    return _to_lexemes(runs).union(map(stem, marks))


def _to_standard(word: str) -> str:
    return UNIT_MARK if word in UNIT_WORDS else STANDARD.get(word, word)


def _to_street_key(key: str, name: str) -> str:
    """The key of an address from the name of its street on."""
    if name:
        start = _to_key(_to_runs(name))
        _, found, rest = f" {key} ".partition(f" {start.partition(' ')[0]} ")
        return f"{found.strip()} {rest}".strip() if found else start
    return _NUMBER_AND_DIRECTION.sub("", key)
