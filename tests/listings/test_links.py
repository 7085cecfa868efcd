"""Addresses of videos, documents and tours: staff see them, the public only what was meant for it."""

import pytest

from platbook.listings.links import is_signed, to_internal_link, to_public_link
from platbook.listings.listing import Photo

TOUR = "https://tours.example.com/1?lang=en"


def photo(url: str | None, category: str = "Video") -> Photo:
    return Photo("1", 1, category, None, ["Public"], None, "linked", source_address=url)


@pytest.mark.parametrize(
    ("url", "category", "shows_address", "internal", "public"),
    [
        (TOUR, "Video", True, TOUR, TOUR),
        (TOUR, "Document", True, TOUR, TOUR),
        (TOUR, "Unbranded Virtual Tour", True, TOUR, TOUR),
        (TOUR, "Branded Virtual Tour", True, TOUR, None),
        (TOUR, "Video", False, TOUR, None),
        (f"{TOUR}&X-Amz-Signature=1", "Video", True, f"{TOUR}&X-Amz-Signature=1", None),
        ("javascript:alert(1)", "Video", True, None, None),
        (None, "Video", True, None, None),
    ],
)
def test_staff_see_every_address_and_the_public_those_meant_for_it(
    url: str | None, category: str, internal: str | None, public: str | None, *, shows_address: bool
) -> None:
    one = photo(url, category)
    assert (to_internal_link(one), to_public_link(one, shows_address=shows_address)) == (internal, public)


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
