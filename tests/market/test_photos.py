"""Drawn photos: valid images, deterministic, and different for each listing and position."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from PIL import Image, ImageStat

from platbook.market import Market, MarketListing, PhotoSubject, draw_photo

STARTED = datetime(2026, 1, 1, tzinfo=UTC)


def examples() -> dict[PhotoSubject, tuple[MarketListing, int]]:
    by_subject: dict[PhotoSubject, tuple[MarketListing, int]] = {}
    for listing in Market(5, 200, STARTED).listings(STARTED + timedelta(days=180)):
        for photo in listing.photos:
            by_subject.setdefault(photo.subject, (listing, photo.order))
    return by_subject


@pytest.mark.parametrize("subject", list(PhotoSubject))
def test_every_subject_is_drawn_as_a_detailed_jpeg(subject: PhotoSubject) -> None:
    listing, order = examples()[subject]
    photo = draw_photo(listing, order)
    assert len(photo) < 300_000
    with Image.open(BytesIO(photo)) as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (1600, 1200), "RGB")
        assert min(ImageStat.Stat(image).stddev) > 15
        colors = {image.getpixel((x, y)) for x in range(100, 1600, 200) for y in range(100, 1200, 200)}
    assert len(colors) > 15
    assert draw_photo(listing, order) == photo


def test_listings_positions_and_versions_differ() -> None:
    market = Market(5, 60, STARTED)
    at = STARTED + timedelta(days=60)
    listings = list(market.listings(at))
    fronts = {draw_photo(listing, 1) for listing in listings[:6]}
    assert len(fronts) == 6
    assert len({draw_photo(listings[0], photo.order) for photo in listings[0].photos}) == len(listings[0].photos)
    for key in market.keys(STARTED):
        before, after = market.listing(key, STARTED), market.listing(key, at)
        if before and after:
            for old, new in zip(before.photos, after.photos, strict=False):
                if old.version != new.version:
                    assert draw_photo(before, old.order) != draw_photo(after, new.order)
                    return
    pytest.fail("no photo was replaced in sixty days")


def test_a_missing_photo_is_refused() -> None:
    listing = next(Market(5, 1, STARTED).listings(STARTED))
    with pytest.raises(ValueError, match="has no photo 99"):
        draw_photo(listing, 99)
