"""Draws the photos of listings, by subject, season and time of day."""

from collections.abc import Mapping

from platbook.market.listing import MarketListing, MarketPhoto, PhotoSubject
from platbook.market.pictures.buildings import draw_office, draw_store, draw_tower, draw_warehouse
from platbook.market.pictures.canvas import Canvas
from platbook.market.pictures.houses import draw_house, draw_townhouses, pick_house_style
from platbook.market.pictures.land import draw_lot, draw_yard
from platbook.market.pictures.outdoors import Scene, pick_scene
from platbook.market.pictures.rooms import draw_bath, draw_bedroom, draw_kitchen, draw_living, pick_interior_colors
from platbook.market.seeded_random import SeededRandom

_STYLE, _PHOTO = 21, 22

_ROOMS = {
    PhotoSubject.LIVING: draw_living,
    PhotoSubject.KITCHEN: draw_kitchen,
    PhotoSubject.BEDROOM: draw_bedroom,
    PhotoSubject.BATH: draw_bath,
}


def draw_photo(listing: MarketListing, order: int) -> bytes:
    """Draw the listing's photo number `order` (from 1) as a JPEG of 1600 by 1200; the same call gives the same bytes.

    Colors and features are the same in all photos of a listing; season and light vary by photo. An order the
    listing does not have is a ValueError.
    """
    for photo in listing.photos:
        if photo.order == order:
            return _draw(listing, photo)
    raise ValueError(f"listing {listing.key} has no photo {order}")


def _draw(listing: MarketListing, photo: MarketPhoto) -> bytes:
    style_rng = SeededRandom(listing.seed, listing.index, _STYLE)
    rng = SeededRandom(listing.seed, listing.index, _PHOTO, photo.order, photo.version)
    scene = pick_scene(rng, photo.modified.month)
    canvas = Canvas((255, 255, 255))
    if photo.subject in _ROOMS:
        _ROOMS[photo.subject](canvas, scene, rng, pick_interior_colors(style_rng))
    elif photo.subject in {PhotoSubject.HOUSE, PhotoSubject.TOWNHOUSE, PhotoSubject.YARD}:
        _draw_home(canvas, scene, rng, style_rng, listing.record, photo.subject)
    else:
        _draw_exterior(canvas, scene, rng, style_rng, listing.record, photo.subject)
    return canvas.to_jpeg()


def _draw_home(
    canvas: Canvas,
    scene: Scene,
    rng: SeededRandom,
    style_rng: SeededRandom,
    record: Mapping[str, object],
    subject: PhotoSubject,
) -> None:
    style = pick_house_style(style_rng, _to_count(record.get("Stories"), 1), _to_count(record.get("GarageSpaces"), 0))
    if subject is PhotoSubject.HOUSE:
        draw_house(canvas, scene, rng, style)
    elif subject is PhotoSubject.TOWNHOUSE:
        draw_townhouses(canvas, scene, rng, style)
    else:
        draw_yard(canvas, scene, rng, style)


def _draw_exterior(
    canvas: Canvas,
    scene: Scene,
    rng: SeededRandom,
    style_rng: SeededRandom,
    record: Mapping[str, object],
    subject: PhotoSubject,
) -> None:
    color = style_rng.between(0, 29)
    if subject is PhotoSubject.TOWER:
        draw_tower(canvas, scene, rng, _to_count(record.get("StoriesTotal"), 5), color)
    elif subject is PhotoSubject.OFFICE:
        draw_office(canvas, scene, rng, _to_count(record.get("Stories"), 1), color, str(record["StreetNumber"]))
    elif subject is PhotoSubject.STORE:
        draw_store(canvas, scene, rng, color)
    elif subject is PhotoSubject.WAREHOUSE:
        draw_warehouse(canvas, scene, rng, color)
    else:
        draw_lot(canvas, scene, rng, f"{record['LotSizeAcres']} acres")


def _to_count(value: object, default: int) -> int:
    return value if isinstance(value, int) else default
