"""A person's name in one column: first and last name. Pure."""

import re

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "v", "md", "phd", "esq", "cpa", "dds"})
_COMPANIES = frozenset({"inc", "llc", "ltd", "corp", "lp", "llp", "co"})
_PARTICLES = frozenset(
    {
        "van", "von", "der", "den", "de", "del", "della", "di", "da", "das", "dos", "du", "la", "le", "ter", "ten",
        "zu", "bin", "al", "el", "st", "san", "santa", "vander", "y",
    }
)  # fmt: skip
_DOTS = re.compile(r"[.,]")


def split_name(text: str) -> tuple[str, str]:
    """First and last name: of `Smith, John`, `Mary van der Berg Jr.`, or one word, which is a first name."""
    before, comma, after = (part.strip() for part in text.partition(","))
    if not comma:
        return _split_words(text.split())
    if _is(after, _COMPANIES):
        return "", f"{before}, {after}"
    if _is(after.split(" ")[0], _SUFFIXES) or not before:
        return _split_words(f"{before} {after}".split())
    words = after.replace(",", " ").split()
    suffixes = _take_suffixes(words)
    return " ".join(words), " ".join([before, *suffixes])


def _split_words(words: list[str]) -> tuple[str, str]:
    words = list(words)
    suffixes = _take_suffixes(words)
    start = max(len(words) - 1, 1)
    while start > 1 and _is(words[start - 1], _PARTICLES):
        start -= 1
    return " ".join(words[:start]), " ".join([*words[start:], *suffixes])


def _take_suffixes(words: list[str]) -> list[str]:
    """Remove the suffixes from the end of a name that has other words."""
    suffixes: list[str] = []
    while len(words) > 1 and _is(words[-1], _SUFFIXES):
        suffixes.insert(0, words.pop())
    return suffixes


def _is(word: str, words: frozenset[str]) -> bool:
    return _DOTS.sub("", word).lower() in words
