"""Addresses of videos, documents and tours: staff see them, the public only what was meant for it."""

import pytest

from platbook.listings.links import is_signed, to_internal_link, to_public_link, to_public_tour
from platbook.listings.listing import Photo

TOUR = "https://tours.example.com/1?lang=en"


def photo(url: str | None) -> Photo:
    return Photo("1", 1, "Video", None, ["Public"], None, "linked", source_address=url)


@pytest.mark.parametrize(
    ("url", "internal", "public"),
    [
        (TOUR, TOUR, TOUR),
        (f"{TOUR}&X-Amz-Signature=1", f"{TOUR}&X-Amz-Signature=1", None),
        ("javascript:alert(1)", None, None),
        (None, None, None),
    ],
)
def test_staff_see_every_address_and_the_public_those_that_are_not_signed(
    url: str | None, internal: str | None, public: str | None
) -> None:
    one = photo(url)
    assert (to_internal_link(one), to_public_link(one)) == (internal, public)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        (TOUR, TOUR),
        ("tours.example.com/1", "tours.example.com/1"),
        ("tours.example.com:8080/1", "tours.example.com:8080/1"),
        (f"{TOUR}&token=1", None),
        ("https://agent:secret@tours.example.com/1", None),
        ("javascript:alert(1)", None),
        (" JavaScript:alert(1)", None),
        ("data:text/html,1", None),
        (None, None),
    ],
)
def test_the_address_of_a_tour_is_public_if_it_is_safe(url: str | None, public: str | None) -> None:
    assert to_public_tour(url) == public


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("https://v.example.com/1.mp4", False),
        ("https://v.example.com/watch?v=abc&t=10", False),
        ("https://v.example.com/1.mp4?Expires=1&Signature=x&Key-Pair-Id=y", True),
        ("https://v.example.com/1.mp4?sv=2020&se=2026&sig=x", True),
        ("https://v.example.com/1.mp4?access_token=x", True),
        ("https://v.example.com/1.mp4?hdnts=x", True),
        ("https://user:secret@v.example.com/1.mp4", True),
        ("https://[v.example.com/1.mp4", True),
    ],
)
def test_signed_addresses_are_recognised(url: str, *, signed: bool) -> None:
    assert is_signed(url) is signed
