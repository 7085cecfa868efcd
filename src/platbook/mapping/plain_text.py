"""Remarks as text: HTML entities and tags of the source become what they mean.

Only what is certainly HTML is read as such: an entity that ends in a semicolon, a tag that HTML has. A lone `&` and a
`<` that begins no tag stay as they are, since people write "AT&T", "lot < 1 acre" and "a<b".
"""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final

from platbook.reso.coercion import Coercer, Value
from platbook.reso.text import CONTROL_CHARACTERS

_BLOCKS: Final = frozenset(
    {
        "address", "article", "blockquote", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
        "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
    }
)  # fmt: skip
_INLINE: Final = frozenset(
    {
        "a", "abbr", "b", "big", "body", "br", "center", "code", "col", "colgroup", "del", "em", "font", "head",
        "html", "i", "img", "ins", "label", "mark", "q", "s", "small", "span", "strike", "strong", "sub", "sup",
        "tbody", "td", "tfoot", "th", "thead", "tt", "u", "wbr",
    }
)  # fmt: skip
_NAMES: Final = "|".join(sorted(_BLOCKS | _INLINE, key=len, reverse=True))
_ATTRIBUTES: Final = r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))*\s*"""
_COMMENT: Final = "!--[^<>]*-->"
_NO_TAG: Final = re.compile(rf"<(?!/?(?:{_NAMES}){_ATTRIBUTES}/?>|{_COMMENT})", re.IGNORECASE)
_UNSEEN: Final = re.compile(rf"<(script|style){_ATTRIBUTES}>[^<]*</\1\s*>", re.IGNORECASE)
_NO_ENTITY: Final = re.compile(r"&(?!(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)", re.ASCII)
_MARK: Final = re.compile("<|&[#A-Za-z]")
_SPACES: Final = re.compile(r"[ \t\xa0]+")
_LINE_ENDS: Final = re.compile(r" *\n *")
_BLANK_LINES: Final = re.compile(r"\n{3,}")


class _TextOf(HTMLParser):
    """Collects the text of a piece of HTML; a block or a line break ends a line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in {"td", "th"}:
            self.parts.append(" ")
        elif tag == "br" or tag in _BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def to_plain_text(text: str) -> str | None:
    """The text that a reader of the HTML would see; None: there is none. A text without HTML stays as it is."""
    marked = _NO_ENTITY.sub("&amp;", _NO_TAG.sub("&lt;", _UNSEEN.sub(" ", text)))
    if "<" not in marked:
        plain = unescape(marked)
        return text if plain == text else _tidy(plain)
    parser = _TextOf()
    parser.feed(marked)
    parser.close()
    return _tidy("".join(parser.parts))


def plain_text_reader(read: Coercer) -> Coercer:
    """Read texts by `read`, without HTML."""

    def read_plain(value: object) -> Value:
        text = read(value)
        if isinstance(text, str) and ("&" in text or "<" in text) and _MARK.search(text) is not None:
            return to_plain_text(text)
        return text

    return read_plain


def _tidy(text: str) -> str | None:
    """Leave out what entities may stand for and no text holds, and the space that only HTML's layout needed."""
    lines = _LINE_ENDS.sub("\n", _SPACES.sub(" ", CONTROL_CHARACTERS.sub("", text)))
    return _BLANK_LINES.sub("\n\n", lines).strip() or None
