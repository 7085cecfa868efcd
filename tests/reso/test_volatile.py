"""What moves by itself: counters by their names, and signatures of addresses."""

import pytest

from platbook.reso.volatile import is_volatile, strip_signatures


@pytest.mark.parametrize(
    "name",
    [
        *("DaysOnMarket", "CumulativeDaysOnMarket", "DOM", "CDOM", "cdom", "Days_On_Market", "Days On Market"),
        *("daysOnMkt", "DaysInMls", "SimpleDaysOnMarket", "ViewCount", "Number_Of_Views", "HitCount", "PageViews"),
    ],
)
def test_counters_are_known_by_their_names(name: str) -> None:
    assert is_volatile(name)


@pytest.mark.parametrize(
    "name", ["View", "ViewYN", "Views", "ListPrice", "ShowingDays", "Domestic", "ModificationTimestamp", "Hit", ""]
)
def test_other_fields_are_not_volatile(name: str) -> None:
    assert not is_volatile(name)


S3 = "https://photos.example.com/7/1.jpg?X-Amz-Date=20260101T000000Z&X-Amz-Signature=0a1b&v=3"


@pytest.mark.parametrize(
    ("text", "stable"),
    [
        (S3, "https://photos.example.com/7/1.jpg?v=3"),
        ("https://a.example/1.jpg?Expires=1&Signature=x~y&Key-Pair-Id=K", "https://a.example/1.jpg?"),
        ("https://a.example/1.jpg?sv=2024&se=2026-01-01&sr=b&sig=ab%3D&id=4", "https://a.example/1.jpg?id=4"),
        ("https://a.example/tour?token=7&expires=soon", "https://a.example/tour?token=7&expires=soon"),
        ("Signature=kitchen, by https://a.example/?token=7", "Signature=kitchen, by https://a.example/?token=7"),
        (
            '["https://a.example/?sig=1","https://b.example/?token=2"]',
            '["https://a.example/?","https://b.example/?token=2"]',
        ),
        ("A bright house.", "A bright house."),
    ],
)
def test_an_address_is_compared_without_its_signature(text: str, stable: str) -> None:
    assert strip_signatures(text.encode()).decode() == stable
