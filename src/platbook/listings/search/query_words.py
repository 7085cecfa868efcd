"""Reads the keywords of a search: split and folded as the stored text is, with every spelling of a street word. Pure.

Spellings are added to the query and not to the stored text, so that `st` finds Street and Saint, and `saint` no Street.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from platbook.listings.words import (
    UNIT_MARK,
    Token,
    is_mls_digits,
    is_unit_id,
    is_unit_word,
    split_text,
    stem,
)
from platbook.reso.address_words import DIRECTIONS, HIGHWAYS, SPELLINGS, STANDARD, UNIT_DESIGNATORS, UNIT_WORDS

_MAX_KEYWORDS = 12
_MAX_ALTERNATIVES = 40
_MAX_UNIT_LETTERS = 2
_MAX_PREFIX_LETTERS = 3
_PAIR = 2
_ROAD_NUMBER = re.compile(r"\d{1,4}[a-z]?")
_ROAD = re.compile(rf"({'|'.join(HIGHWAYS)})(\d{{1,4}}[a-z]?)")
_JOINED_UNIT = re.compile(rf"({'|'.join(sorted(UNIT_WORDS))})(\d[^\W_]{{0,6}})")
_MLS_NUMBER = re.compile(r"mls(\d+)")
_LETTER_AND_NUMBER = re.compile(r"(\d+)([a-z])|([a-z])(\d+)")
_MLS_WORDS = frozenset({"mls", "number", "no", "num", "id", "#"})
_ROADS = {tuple(name.split()): short for short, names in HIGHWAYS.items() for name in (short, *names)}
_LONGEST_NAME_FIRST = sorted(_ROADS, key=len, reverse=True)
_LETTERED = ("st", "ave")
"""The streets that have a letter for a name: A Street."""
_NUMBERED = ("us", "sh", "sr", "i")
"""The roads that people also just call highways."""

_STOP_TEXT = """
i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it
its itself they them their theirs themselves what which who whom this that these those am is are was were be been
being have has had having do does did doing a an the and but if or because as until while of at by for with about
against between into through during before after above below to from up down in out on off over under again further
then once here there when where why how all any both each few more most other some such no nor not only own same so
than too very can will just don should now
"""
STOP_WORDS = frozenset(_STOP_TEXT.split())
"""Words that say nothing beside others; a search for nothing else finds what has them."""

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keyword:
    """One keyword: any of the alternatives matches, by all of its words. Without any, nothing matches."""

    alternatives: tuple[Words, ...]

    @property
    def word(self) -> str | None:
        """The word, where it is a single one of one spelling."""
        return self.alternatives[0][0] if list(map(len, self.alternatives)) == [1] else None


Keywords = Sequence[Keyword]
"""All keywords must match."""


def split_keywords(text: str) -> tuple[Keyword, ...]:
    """The keywords of a text. A text without any becomes a keyword that matches nothing."""
    tokens = split_text(text)
    keywords: list[Keyword] = []
    at = 0
    while at < len(tokens):
        for read in (_skip_mls, _read_unit, _read_road, _read_pair):
            if taken := read(tokens, at):
                break
        else:
            taken = 1, [_read_token(tokens, at)]
        at += taken[0]
        keywords += taken[1]
    keywords = list(dict.fromkeys(_without_stop_words(keywords)))
    return tuple(keywords[:_MAX_KEYWORDS]) or (Keyword(()),)


def to_keyword(words: Iterable[str]) -> Keyword:
    """A keyword that any of some words matches, however it is spelled."""
    return _to_keyword(alternative for word in words for alternative in _alternatives(word))


def to_tsquery(keywords: Keywords) -> str:
    """The keywords as PostgreSQL reads a tsquery."""
    return " & ".join(f"({_any_of(keyword.alternatives)})" for keyword in keywords if keyword.alternatives)


def _any_of(alternatives: Iterable[Words]) -> str:
    return " | ".join(" & ".join(f"'{lexeme}'" for lexeme in dict.fromkeys(map(stem, words))) for words in alternatives)


_Taken = tuple[int, list[Keyword]]
"""How many tokens were read, and the keywords they make."""


def _skip_mls(tokens: Sequence[Token], at: int) -> _Taken | None:
    """`MLS #12345` is a number, the rest says what it is; `MLS12345` may be either."""
    if match := _MLS_NUMBER.fullmatch(tokens[at].whole):
        return 1, [_to_keyword([(match[0],), (match[1],)])]
    end = at
    while end < len(tokens) and tokens[end].whole in _MLS_WORDS:
        end += 1
    if tokens[at].whole == "mls" and end < len(tokens) and _has_digit(tokens[end]):
        return end - at + 1, [_read_token(tokens, end)]
    return None


def _read_unit(tokens: Sequence[Token], at: int) -> _Taken | None:
    """`Apt 4B`, `Apt4B`, `Unit 4-B` and `#4B` are the same unit."""
    first = tokens[at]
    if (match := _JOINED_UNIT.fullmatch(first.whole)) and not _ROAD.fullmatch(first.whole):
        return 1, [_to_unit(Token(match[1], (match[1],)), Token(match[2], (match[2],)))]
    if not is_unit_word(first):
        return None
    after = at + 1
    if after < len(tokens) and tokens[after].whole == "#":
        after += 1
    if after == len(tokens) or not _is_unit(tokens[after].whole):
        return (1, []) if first.whole == "#" else None
    return after - at + 1, [_to_unit(first, tokens[after])]


def _to_unit(designator: Token, unit: Token) -> Keyword:
    alternatives: list[Words] = [(UNIT_MARK + unit.whole,)]
    if designator.whole != "#":
        short = STANDARD.get(designator.whole, designator.whole)
        spellings = dict.fromkeys((designator.whole, short, *UNIT_DESIGNATORS.get(short, ())))
        alternatives += [(spelling + unit.whole,) for spelling in spellings]
        alternatives += [(spelling, *form) for spelling in spellings for form in _forms(unit)]
    elif is_mls_digits(unit.whole):
        alternatives.append((unit.whole,))
    if not unit.whole.isdigit() and _has_digit(unit):
        alternatives += _forms(unit)
    return _to_keyword(alternatives)


def _is_unit(text: str) -> bool:
    return is_unit_id(text) and (len(text) == 1 or text not in STOP_WORDS)


def _read_road(tokens: Sequence[Token], at: int) -> _Taken | None:
    """`I-80`, `I80` and `Interstate 80` are the same road."""
    token = tokens[at]
    if road := _ROAD.fullmatch(token.whole):
        return 1, [_to_road(road[1], road[2])]
    if len(token.parts) == _PAIR and _ROAD_NUMBER.fullmatch(token.parts[1]) and token.parts[:1] in _ROADS:
        return 1, [_to_road(_ROADS[token.parts[:1]], token.parts[1])]
    for names in _LONGEST_NAME_FIRST:
        end = at + len(names)
        if end < len(tokens) and all(token.whole == name for token, name in zip(tokens[at:end], names, strict=True)):
            if _ROAD_NUMBER.fullmatch(tokens[end].whole):
                return len(names) + 1, [_to_road(_ROADS[names], tokens[end].whole)]
            return None
    return None


def _to_road(short: str, number: str) -> Keyword:
    names = [tuple(name.split()) for name in (short, *HIGHWAYS[short])]
    joined = [short, *(_NUMBERED if short == "hwy" else ())]
    return _to_keyword([*((name + number,) for name in joined), *((*name, number) for name in names)])


def _read_pair(tokens: Sequence[Token], at: int) -> _Taken | None:
    """`4 B` may be 4B, `ML 100` the MLS number ML100, and `North West` Northwest."""
    if at + 1 == len(tokens) or any(len(token.parts) != 1 for token in tokens[at : at + 2]):
        return None
    one, other = (token.whole for token in tokens[at : at + 2])
    joined: list[str] = []
    is_unit = one.isdigit() and other.isalpha() and len(other) <= _MAX_UNIT_LETTERS
    is_number = one.isalpha() and other.isdigit() and len(one) <= _MAX_PREFIX_LETTERS and one not in STOP_WORDS
    if is_unit or is_number:
        joined = [one + other]
    else:
        direction = STANDARD.get(one, one) + STANDARD.get(other, other)
        if direction in DIRECTIONS and one != direction:
            joined = list(_spellings(direction))
    if not joined:
        return None
    pairs = product(_spellings(one), _spellings(other))
    return 2, [_to_keyword([*((word,) for word in joined), *pairs])]


def _read_token(tokens: Sequence[Token], at: int) -> Keyword:
    token = tokens[at]
    if len(token.parts) == 1 and (match := _LETTER_AND_NUMBER.fullmatch(token.whole)):
        return _to_keyword([(token.whole,), tuple(part for part in match.groups() if part)])
    if len(token.parts) == 1:
        return to_keyword([token.whole])
    return _to_keyword(_forms(token))


def _forms(token: Token) -> list[Words]:
    """A compound as one word, and as its words."""
    whole: list[Words] = [(spelling,) for spelling in _spellings(token.whole)] if token.whole else []
    if len(token.parts) < _PAIR:
        return whole
    return whole + list(islice(product(*map(_spellings, token.parts)), _MAX_ALTERNATIVES))


def _alternatives(word: str) -> Iterator[Words]:
    spellings = _spellings(word)
    yield from ((spelling,) for spelling in spellings)
    if len(STANDARD.get(word, word)) == _PAIR and STANDARD.get(word, word) in DIRECTIONS:
        yield tuple(DIRECTIONS[letter][0] for letter in STANDARD.get(word, word))


def _spellings(word: str) -> Words:
    return SPELLINGS.get(word, (word,))


def _to_keyword(alternatives: Iterable[Words]) -> Keyword:
    return Keyword(tuple(dict.fromkeys(alternatives))[:_MAX_ALTERNATIVES])


def _without_stop_words(keywords: Sequence[Keyword]) -> list[Keyword]:
    """Drop stop words beside other words; a letter before Street or Avenue is its name."""
    kept = [
        one
        for one, after in zip(keywords, [*keywords, None][1:], strict=True)
        if one.word not in STOP_WORDS or (after is not None and len(one.word or "") == 1 and _is_lettered(after))
    ]
    return kept or list(keywords)


def _is_lettered(keyword: Keyword) -> bool:
    word = keyword.alternatives[0][0]
    return STANDARD.get(word, word) in _LETTERED


def _has_digit(token: Token) -> bool:
    return any(letter.isdigit() for letter in token.whole)
