"""Lots and back yards."""

from platbook.market.pictures.canvas import Canvas, Color, shade
from platbook.market.pictures.houses import HouseStyle, draw_window
from platbook.market.pictures.outdoors import (
    Scene,
    Season,
    draw_bush,
    draw_ground,
    draw_hills,
    draw_pine,
    draw_sign,
    draw_sky,
    draw_tree,
)
from platbook.market.seeded_random import SeededRandom

_SIGN: Color = (168, 48, 44)
_ROADSIDE = 180


def draw_lot(canvas: Canvas, scene: Scene, rng: SeededRandom, acres: str) -> None:
    """Draw open land under hills: meadow, scattered trees, a track, a fence and a sign with its size."""
    horizon = 640
    draw_sky(canvas, scene, rng, horizon)
    draw_hills(canvas, scene, rng, horizon, rng.spread(150, 300))
    draw_ground(canvas, scene, rng, horizon)
    for _ in range(26):
        x = rng.spread(0, 1600)
        draw_pine(canvas, scene, x, horizon + rng.spread(4, 22), rng.spread(50, 95))
    bend = rng.spread(500, 1000)
    track: Color = (196, 178, 148) if scene.season is not Season.WINTER else (206, 204, 202)
    canvas.shape(
        [(bend, horizon + 6), (bend + 14, horizon + 6), (900, 860), (1120, 1200), (640, 1200), (820, 860)], track
    )
    trees = sorted((rng.spread(680, 860), rng.spread(40, 1560)) for _ in range(7))
    for base, x in trees:
        if abs(x - 860) > _ROADSIDE:
            high = (base - horizon) * rng.spread(1.0, 1.6) + 60
            draw_tree(canvas, scene, rng, x, base, high)
    _draw_rails(canvas, 0, 560, 930, 990)
    _draw_rails(canvas, 1180, 1600, 985, 940)
    draw_sign(canvas, 300, 1110, ("FOR SALE", acres), _SIGN)


def _draw_rails(canvas: Canvas, left: float, right: float, from_y: float, to_y: float) -> None:
    """Draw a split-rail fence from one side to another."""
    wood: Color = (128, 104, 82)
    posts = 5
    for rail in (34, 66):
        canvas.line([(left, from_y - rail), (right, to_y - rail)], 8, wood)
        canvas.line([(left, from_y - rail + 3), (right, to_y - rail + 3)], 3, shade(wood, 0.7))
    for post in range(posts + 1):
        x = left + (right - left) * post / posts
        y = from_y + (to_y - from_y) * post / posts
        canvas.box(x - 8, y - 86, x + 8, y + 8, shade(wood, 0.86))


def draw_yard(canvas: Canvas, scene: Scene, rng: SeededRandom, style: HouseStyle) -> None:
    """Draw the back of the house with a patio, lawn, board fence and trees."""
    draw_sky(canvas, scene, rng, 640)
    for x in range(-20, 1640, 150):
        draw_tree(canvas, scene, rng, x + rng.spread(-30, 30), 690, rng.spread(260, 400))
    wood: Color = (176, 142, 104)
    for board in range(54):
        x = board * 30
        canvas.box(x, 560, x + 27, 740, shade(wood, rng.spread(0.86, 1.06)))
    canvas.box(0, 590, 1600, 602, shade(wood, 0.7))
    draw_ground(canvas, scene, rng, 730)
    canvas.box(980, 180, 1600, 850, style.wall)
    for y in range(196, 850, 16):
        canvas.line([(980, y), (1600, y)], 1, (0, 0, 0, 34))
    canvas.shape([(940, 190), (1600, 190), (1600, 60), (1060, 60)], style.roof)
    canvas.box(940, 186, 1600, 204, style.trim)
    draw_window(canvas, scene, style.trim, 1110, 300, 110, 140)
    draw_window(canvas, scene, style.trim, 1420, 300, 110, 140)
    canvas.box(1180, 556, 1440, 850, style.trim)
    for pane in range(2):
        canvas.fade(572, 840, (116, 146, 170), (190, 208, 218), 1194 + pane * 120, 1306 + pane * 120)
    canvas.shape([(900, 850), (1600, 850), (1600, 1080), (760, 1080)], (196, 190, 182))
    for row in range(1, 4):
        y = 850 + row * 58
        canvas.line([(900 - row * 35, y), (1600, y)], 2, (160, 154, 148))
    _draw_table(canvas)
    for x in range(40, 940, 84):
        draw_bush(canvas, scene, rng, x, 764, rng.spread(28, 52))
    draw_tree(canvas, scene, rng, 250, 960, 640)


def _draw_table(canvas: Canvas) -> None:
    """Draw a table with chairs under a parasol."""
    canvas.oval(1120, 1020, 210, 32, (20, 20, 20, 70))
    canvas.box(1112, 690, 1128, 1000, (90, 70, 56))
    for x in (960, 1216):
        canvas.pill(x, 880, x + 70, 1010, 12, (70, 74, 80))
        canvas.pill(x - 4, 940, x + 74, 966, 10, (104, 108, 114))
    canvas.oval(1120, 936, 124, 30, (116, 86, 62))
    canvas.oval(1120, 930, 124, 28, (146, 110, 80))
    for stripe in range(6):
        x = 900 + stripe * 73.4
        cloth: Color = (196, 78, 62) if stripe % 2 else (246, 238, 224)
        canvas.shape([(1120, 620), (x, 726), (x + 74, 726)], cloth)
