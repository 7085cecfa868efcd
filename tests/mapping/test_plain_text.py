import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.mapping.plain_text import to_plain_text

TEXTS = [
    ("Bed &amp; bath.<br/>It&#39;s&nbsp;nice", "Bed & bath.\nIt's nice"),
    ("<p>One</p><p>Two</p>", "One\n\nTwo"),
    ("<ul><li>pool</li><li>spa</li></ul>", "- pool\n\n- spa"),
    ("<a href='https://x.test/?a=1&b=2'>link</a>", "link"),
    ("Fl<B>oo</B>r<BR>up", "Floor\nup"),
    ("<script>track(1)</script>ok <!-- seen by nobody -->", "ok"),
    ("&lt;br&gt; 5 &gt; 4", "<br> 5 > 4"),
    ("caf&eacute; &#x2014; &#189;", "café — ½"),
    ("nul &#0; bell &#7;", "nul \ufffd bell"),
    ("<br/>", None),
]
KEPT = [
    "AT&T, R&D, B&B",
    "lot < 1 acre, a<b and c>d",
    "<must see> <a must see> <3",
    "&copy 2026, Living&region, &bogus; &amp",
    "<style>never ended",
    "<!-- never ended",
    "two  spaces\n\n\n\nand lines",
]


@pytest.mark.parametrize(("html", "text"), TEXTS)
def test_html_becomes_the_text_it_stands_for(html: str, text: str | None) -> None:
    assert to_plain_text(html) == text


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_html_stays_as_it_is(text: str) -> None:
    assert to_plain_text(text) == text


@given(st.text(st.characters(exclude_characters="&<")))
def test_a_text_without_html_is_never_changed(text: str) -> None:
    assert to_plain_text(text) == text


PIECES = ["<", ">", "/", "b", "br", "p", " ", "&", "amp", ";", "#", "3", "!--", "-->", "x", "\n"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_becomes_text(html: str) -> None:
    plain = to_plain_text(html)
    assert plain != "" or html == ""
    assert plain is None or len(plain) <= len(html) + html.count("<") * 2
