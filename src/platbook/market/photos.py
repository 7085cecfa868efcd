"""Photos of listings: which picture belongs to a photo, drawn in the light of the day it was taken."""

from collections.abc import Mapping

from platbook.market.dice import Dice
from platbook.market.listing import MarketListing, MarketPhoto, Subject
from platbook.market.pictures.buildings import draw_office, draw_store, draw_tower, draw_warehouse
from platbook.market.pictures.canvas import Canvas
from platbook.market.pictures.houses import draw_house, draw_townhouses, pick_look
from platbook.market.pictures.land import draw_lot, draw_yard
from platbook.market.pictures.outdoors import Scene, pick_scene
from platbook.market.pictures.rooms import draw_bath, draw_bedroom, draw_kitchen, draw_living, pick_taste

_LOOK, _PHOTO = 21, 22

_ROOMS = {
    Subject.LIVING: draw_living,
    Subject.KITCHEN: draw_kitchen,
    Subject.BEDROOM: draw_bedroom,
    Subject.BATH: draw_bath,
}


def draw_photo(listing: MarketListing, order: int) -> bytes:
    """Draw a listing's photo of that order (from 1) as a JPEG of 1600 by 1200; the same call gives the same bytes.

    Colours and parts stay the same in all photos of a listing; season and light are those of each photo. An order
    that the listing does not have is a ValueError.
    """
    for photo in listing.photos:
        if photo.order == order:
            return _draw(listing, photo)
    raise ValueError(f"listing {listing.key} has no photo {order}")


def _draw(listing: MarketListing, photo: MarketPhoto) -> bytes:
    look = Dice(listing.seed, listing.index, _LOOK)
    dice = Dice(listing.seed, listing.index, _PHOTO, photo.order, photo.version)
    scene = pick_scene(dice, photo.modified.month)
    canvas = Canvas((255, 255, 255))
    if photo.subject in _ROOMS:
        _ROOMS[photo.subject](canvas, scene, dice, pick_taste(look))
    elif photo.subject in {Subject.HOUSE, Subject.TOWNHOUSE, Subject.YARD}:
        _draw_home(canvas, scene, dice, look, listing.record, photo.subject)
    else:
        _draw_place(canvas, scene, dice, look, listing.record, photo.subject)
    return canvas.to_jpeg()


def _draw_home(
    canvas: Canvas, scene: Scene, dice: Dice, look: Dice, record: Mapping[str, object], subject: Subject
) -> None:
    seen = pick_look(look, _to_count(record.get("Stories"), 1), _to_count(record.get("GarageSpaces"), 0))
    if subject is Subject.HOUSE:
        draw_house(canvas, scene, dice, seen)
    elif subject is Subject.TOWNHOUSE:
        draw_townhouses(canvas, scene, dice, seen)
    else:
        draw_yard(canvas, scene, dice, seen)


def _draw_place(
    canvas: Canvas, scene: Scene, dice: Dice, look: Dice, record: Mapping[str, object], subject: Subject
) -> None:
    color = look.between(0, 29)
    if subject is Subject.TOWER:
        draw_tower(canvas, scene, dice, _to_count(record.get("StoriesTotal"), 5), color)
    elif subject is Subject.OFFICE:
        draw_office(canvas, scene, dice, _to_count(record.get("Stories"), 1), color, str(record["StreetNumber"]))
    elif subject is Subject.STORE:
        draw_store(canvas, scene, dice, color)
    elif subject is Subject.WAREHOUSE:
        draw_warehouse(canvas, scene, dice, color)
    else:
        draw_lot(canvas, scene, dice, f"{record['LotSizeAcres']} acres")


def _to_count(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise
