"""Folding of text for comparisons: case, accents and typographic apostrophes and dashes. Pure.

`fold_text` of SQL does the same (migration 0043); a test holds the two equal, for every character.
"""

import re
import unicodedata

_LETTERS = str.maketrans(
    {
        **dict.fromkeys("’‘ʼʻ′", "'"),  # noqa: RUF001 - the apostrophes that people and programs write
        **dict.fromkeys("‐‑‒–—−", "-"),  # noqa: RUF001 - the dashes that people and programs write
        **dict.fromkeys("øØ", "o"),
        **dict.fromkeys("łŁ", "l"),
        **dict.fromkeys("đĐðÐ", "d"),
        "ı": "i",  # noqa: RUF001 - the Turkish letter
        **dict.fromkeys("ßẞ", "ss"),
        **dict.fromkeys("æÆ", "ae"),
        **dict.fromkeys("œŒ", "oe"),
        **dict.fromkeys("þÞ", "th"),
        **dict.fromkeys("ςΣ", "σ"),  # noqa: RUF001 - not every way to lower a text knows the one at a word's end
    }
)
"""What Unicode does not decompose."""

_ACUTE = "\u00b4"
"""An apostrophe to those who type it alone; Unicode decomposes it to a space."""

_ACCENTS = re.compile("[\u0300-\u036f]+")


def fold(text: str) -> str:
    """A text in lower case, without accents, with plain apostrophes and dashes. Other scripts stay."""
    if text.isascii():
        return text.lower()
    decomposed = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.replace(_ACUTE, "'")))
    return decomposed.translate(_LETTERS).lower()


def fold_label(text: str) -> str:
    """The letters and digits of a text, folded, so that every form of a name or a listed value is equal.

    `Active Under Contract` and `ActiveUnderContract`, `Sq. Ft.` and `sqft`.
    """
    return "".join(letter for letter in fold(text) if letter.isalnum())
