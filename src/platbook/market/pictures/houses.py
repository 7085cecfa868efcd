"""Fronts of houses and townhouses."""

from dataclasses import dataclass

from platbook.market.pictures.canvas import Canvas, Color, shade
from platbook.market.pictures.outdoors import (
    Scene,
    Season,
    draw_bush,
    draw_ground,
    draw_hills,
    draw_pine,
    draw_sky,
    draw_tree,
)
from platbook.market.seeded_random import SeededRandom

_WALLS: tuple[Color, ...] = (
    *((226, 220, 206), (188, 200, 206), (168, 182, 160), (214, 190, 158), (158, 96, 78), (238, 236, 230)),
    *((112, 132, 152), (196, 176, 160), (232, 214, 166), (134, 116, 104)),
)
_ROOFS: tuple[Color, ...] = ((84, 82, 86), (104, 86, 76), (66, 72, 82), (122, 78, 66))
_DOORS: tuple[Color, ...] = ((152, 46, 42), (38, 70, 104), (58, 92, 74), (92, 58, 40), (214, 166, 54), (40, 40, 44))
_BASE, _DOORWAY = 890, 90


@dataclass(frozen=True, slots=True)
class HouseStyle:
    """The style of a house, the same in all its photos."""

    wall: Color
    roof: Color
    door: Color
    trim: Color
    stories: int
    garage: int
    gabled: bool
    porch: bool
    shutters: bool
    chimney: bool


def pick_house_style(rng: SeededRandom, stories: int, garage: int) -> HouseStyle:
    """Choose colors and features."""
    return HouseStyle(
        *(rng.pick(_WALLS), rng.pick(_ROOFS), rng.pick(_DOORS), (248, 247, 243), stories, garage),
        gabled=rng.chance(0.5),
        porch=rng.chance(0.5),
        shutters=rng.chance(0.45),
        chimney=rng.chance(0.6),
    )


def draw_house(canvas: Canvas, scene: Scene, rng: SeededRandom, style: HouseStyle) -> None:
    """Draw a house from the street: sky, trees behind, lawn, drive, house, planting."""
    draw_sky(canvas, scene, rng, 720)
    draw_hills(canvas, scene, rng, 760, rng.spread(40, 190))
    for x in (rng.spread(40, 240), rng.spread(330, 700), rng.spread(900, 1250), rng.spread(1350, 1560)):
        if rng.chance(0.5):
            draw_pine(canvas, scene, x, 810, rng.spread(330, 520))
        else:
            draw_tree(canvas, scene, rng, x, 810, rng.spread(340, 540))
    draw_ground(canvas, scene, rng, 760)
    left, right = (300, 960) if style.garage else (430, 1170)
    if style.garage:
        _draw_garage(canvas, scene, style, right)
    _draw_body(canvas, scene, style, left, right)
    _draw_door(canvas, scene, style, left + 0.5 * (right - left))
    for x in range(round(left) + 20, round(right) - 10, 60):
        if abs(x - (left + right) / 2) > _DOORWAY:
            draw_bush(canvas, scene, rng, x, _BASE + 14, rng.spread(26, 46))
    if rng.chance(0.8):
        draw_tree(canvas, scene, rng, rng.pick((150, 190, 1460)), 1010, rng.spread(560, 720))


def _draw_body(canvas: Canvas, scene: Scene, style: HouseStyle, left: float, right: float) -> None:
    """Draw the main block with its roof and windows."""
    eaves = _BASE - 230 * style.stories
    ridge = eaves - ((right - left) * 0.31 if style.gabled else 170)
    canvas.shape([(left - 30, _BASE + 12), (right + 60, _BASE + 12), (right + 20, _BASE - 10)], (20, 30, 20, 60))
    if style.chimney:
        canvas.box(right - 170, ridge - 40, right - 110, eaves - 10, (142, 84, 70))
        canvas.box(right - 178, ridge - 52, right - 102, ridge - 34, (112, 66, 56))
    canvas.box(left, eaves, right, _BASE, style.wall)
    draw_roof = _draw_gable if style.gabled else _draw_hip
    draw_roof(canvas, scene, style, (left, right), (eaves, ridge))
    canvas.box(left, _BASE - 18, right, _BASE, shade(style.wall, 0.62))
    _draw_windows(canvas, scene, style, left, right)


def _draw_gable(
    canvas: Canvas, scene: Scene, style: HouseStyle, across: tuple[float, float], down: tuple[float, float]
) -> None:
    """Draw a roof with the gable facing the street; `across` is left and right, `down` eaves and ridge."""
    (left, right), (eaves, ridge) = across, down
    middle, half = (left + right) / 2, (right - left) / 2
    canvas.shape([(left, eaves + 2), (right, eaves + 2), (middle, ridge + 34)], style.wall)
    _draw_siding(canvas, left, right, eaves, _BASE)
    for edge, sign in ((left, -1), (right, 1)):
        slope = [(middle, ridge), (edge + sign * 46, eaves + 26), (edge + sign * 46, eaves + 58), (middle, ridge + 40)]
        canvas.shape(slope, _to_roof(scene, style))
        canvas.line([(middle, ridge + 42), (edge + sign * 40, eaves + 60)], 6, style.trim)
    _shade_gable(canvas, left, right, eaves, ridge)
    canvas.oval(middle, eaves - half * 0.2, 34, 34, style.trim)
    canvas.oval(middle, eaves - half * 0.2, 25, 25, _to_glass(scene))


def _draw_hip(
    canvas: Canvas, scene: Scene, style: HouseStyle, across: tuple[float, float], down: tuple[float, float]
) -> None:
    """Draw a roof that slopes towards the street; `across` is left and right, `down` eaves and ridge."""
    (left, right), (eaves, ridge) = across, down
    _draw_siding(canvas, left, right, eaves, _BASE)
    low = eaves + 16
    slope = [(left - 44, low), (right + 44, low), (right - 70, ridge), (left + 70, ridge)]
    canvas.shape(slope, _to_roof(scene, style))
    for row in range(1, 7):
        y = ridge + (low - ridge) * row / 7
        inset = 70 - 114 * row / 7
        canvas.line([(left + inset, y), (right - inset, y)], 2, (0, 0, 0, 40))
    canvas.box(left - 44, eaves + 14, right + 44, eaves + 30, style.trim)
    canvas.box(left, eaves + 30, right, eaves + 58, (0, 0, 0, 46))


def _to_roof(scene: Scene, style: HouseStyle) -> Color:
    return (238, 242, 247) if scene.season is Season.WINTER else style.roof


def _shade_gable(canvas: Canvas, left: float, right: float, eaves: float, ridge: float) -> None:
    """Throw the roof's shadow on the gable wall."""
    middle = (left + right) / 2
    canvas.shape([(left, eaves + 58), (middle, ridge + 44), (middle, ridge + 74), (left, eaves + 88)], (0, 0, 0, 40))
    canvas.shape([(right, eaves + 58), (middle, ridge + 44), (middle, ridge + 74), (right, eaves + 88)], (0, 0, 0, 40))


def _draw_siding(canvas: Canvas, left: float, right: float, top: float, bottom: float) -> None:
    y = bottom - 16
    while y > top:
        canvas.line([(left, y), (right, y)], 1, (0, 0, 0, 34))
        y -= 16


def _to_glass(scene: Scene) -> Color:
    return (255, 214, 130) if scene.dusk else (112, 142, 166)


def draw_window(canvas: Canvas, scene: Scene, trim: Color, x: float, top: float, wide: float, high: float) -> None:
    """Draw a window with frame, panes, sill and a reflection."""
    left, right, bottom = x - wide / 2, x + wide / 2, top + high
    canvas.box(left - 9, top - 9, right + 9, bottom + 9, trim)
    glass = _to_glass(scene)
    canvas.fade(top, bottom, shade(glass, 0.72), shade(glass, 1.18), left, right)
    canvas.shape(
        [(left, bottom), (left, bottom - high * 0.4), (left + wide * 0.6, top), (left + wide * 0.9, top)],
        (255, 255, 255, 44),
    )
    canvas.box(x - 3, top, x + 3, bottom, trim)
    canvas.box(left, top + high * 0.48, right, top + high * 0.48 + 5, trim)
    canvas.box(left - 16, bottom + 8, right + 16, bottom + 19, shade(trim, 0.86))


def _draw_windows(canvas: Canvas, scene: Scene, style: HouseStyle, left: float, right: float) -> None:
    span = right - left
    places = [left + span * share for share in (0.15, 0.34, 0.66, 0.85)]
    for story in range(style.stories):
        top = _BASE - 190 - story * 230
        row = [places[0], places[1], places[2], places[3]] if story == 0 else [places[0], left + span / 2, places[3]]
        for x in row:
            near_door = story == 0 and abs(x - (left + span / 2)) < span * 0.2
            wide = 66 if near_door else 92
            draw_window(canvas, scene, style.trim, x, top, wide, 118)
            if style.shutters and not near_door:
                for side in (-1, 1):
                    at = x + side * (wide / 2 + 26)
                    canvas.box(at - 14, top - 6, at + 14, top + 124, shade(style.door, 0.8))


def _draw_door(canvas: Canvas, scene: Scene, style: HouseStyle, x: float) -> None:
    path: Color = (206, 204, 198)
    canvas.shape([(x - 52, _BASE + 10), (x + 52, _BASE + 10), (x + 190, 1200), (x - 110, 1200)], path)
    canvas.box(x - 62, _BASE - 206, x + 62, _BASE, style.trim)
    canvas.box(x - 46, _BASE - 192, x + 46, _BASE, style.door)
    for row in (0, 1):
        for side in (-1, 1):
            canvas.box(
                x + side * 23 - 16,
                _BASE - 110 + row * 52,
                x + side * 23 + 16,
                _BASE - 70 + row * 52,
                shade(style.door, 0.8),
            )
    canvas.box(x - 34, _BASE - 180, x + 34, _BASE - 126, _to_glass(scene))
    canvas.oval(x + 35, _BASE - 94, 5, 5, (226, 196, 110))
    canvas.box(x - 82, _BASE, x + 82, _BASE + 16, (176, 172, 166))
    canvas.box(x - 100, _BASE + 14, x + 100, _BASE + 30, (196, 192, 186))
    canvas.oval(x + 84, _BASE - 156, 9, 14, (255, 224, 150) if scene.dusk else (70, 70, 72))
    if style.porch:
        for side in (-1, 1):
            canvas.box(x + side * 128 - 10, _BASE - 214, x + side * 128 + 10, _BASE + 12, style.trim)
        canvas.shape([(x - 168, _BASE - 212), (x + 168, _BASE - 212), (x, _BASE - 296)], style.roof)
        canvas.shape([(x - 128, _BASE - 216), (x + 128, _BASE - 216), (x, _BASE - 278)], shade(style.wall, 0.93))
        canvas.box(x - 168, _BASE - 216, x + 168, _BASE - 200, style.trim)


def _draw_garage(canvas: Canvas, scene: Scene, style: HouseStyle, left: float) -> None:
    right, eaves = left + 200 + 90 * min(style.garage, 3), _BASE - 216
    canvas.shape([(left + 40, _BASE), (right - 24, _BASE), (right + 190, 1200), (left + 20, 1200)], (186, 186, 186))
    canvas.line([((left + right) / 2 + 8, _BASE), ((left + right) / 2 + 105, 1200)], 3, (150, 150, 150))
    canvas.box(left, eaves, right, _BASE, style.wall)
    _draw_siding(canvas, left, right, eaves, _BASE)
    roof: Color = (238, 242, 247) if scene.season is Season.WINTER else shade(style.roof, 0.94)
    canvas.shape(
        [(left - 20, eaves + 14), (right + 36, eaves + 14), (right - 60, eaves - 110), (left - 20, eaves - 110)], roof
    )
    canvas.box(left, eaves + 12, right + 36, eaves + 26, style.trim)
    canvas.box(left, eaves + 26, right, eaves + 48, (0, 0, 0, 46))
    doors = 1 if style.garage == 1 else 2
    wide = (right - left - 70) / doors
    for door in range(doors):
        at = left + 40 + door * wide
        canvas.box(at - 6, _BASE - 160, at + wide - 14, _BASE, shade(style.trim, 0.86))
        canvas.box(at, _BASE - 154, at + wide - 20, _BASE, style.trim)
        for row in range(1, 4):
            canvas.line([(at, _BASE - 154 + row * 39), (at + wide - 20, _BASE - 154 + row * 39)], 2, (150, 150, 150))
        panes = 4
        for pane in range(panes):
            x = at + 10 + pane * (wide - 34) / panes
            canvas.box(x, _BASE - 146, x + (wide - 34) / panes - 8, _BASE - 124, _to_glass(scene))


def draw_townhouses(canvas: Canvas, scene: Scene, rng: SeededRandom, style: HouseStyle) -> None:
    """Draw a row of narrow houses that share walls."""
    draw_sky(canvas, scene, rng, 784)
    draw_hills(canvas, scene, rng, 780, rng.spread(40, 120))
    draw_ground(canvas, scene, rng, 780)
    units, wide = 4, 330
    for unit in range(units):
        left = 140 + unit * wide
        wall = style.wall if unit % 2 == 0 else shade(style.wall, 0.84)
        stories = 3
        eaves = _BASE - 190 * stories
        canvas.box(left, eaves, left + wide, _BASE, wall)
        _draw_siding(canvas, left, left + wide, eaves, _BASE)
        peak = [(left - 12, eaves + 8), (left + wide + 12, eaves + 8), (left + wide / 2, eaves - 130)]
        canvas.shape(peak, (238, 242, 247) if scene.season is Season.WINTER else style.roof)
        canvas.shape(
            [(left + 44, eaves + 8), (left + wide - 44, eaves + 8), (left + wide / 2, eaves - 84)], shade(wall, 1.1)
        )
        for story in range(1, stories):
            for share in (0.3, 0.7):
                draw_window(canvas, scene, style.trim, left + wide * share, _BASE - 150 - story * 190, 78, 104)
        canvas.box(left, _BASE - 196, left + wide, _BASE - 184, style.trim)
        canvas.box(left + 34, _BASE - 162, left + 126, _BASE, style.trim)
        canvas.box(left + 44, _BASE - 154, left + 116, _BASE, style.door if unit % 2 == 0 else shade(style.door, 1.25))
        canvas.oval(left + 104, _BASE - 74, 5, 5, (226, 196, 110))
        canvas.box(left + 164, _BASE - 140, left + wide - 24, _BASE, shade(style.trim, 0.92))
        for row in range(1, 4):
            y = _BASE - 140 + row * 35
            canvas.line([(left + 164, y), (left + wide - 24, y)], 2, (160, 160, 160))
        canvas.shape(
            [(left + 164, _BASE), (left + wide - 24, _BASE), (left + wide, 1010), (left + 150, 1010)], (190, 190, 188)
        )
        draw_bush(canvas, scene, rng, left + 20, _BASE + 16, 34)
    canvas.fade(1010, 1050, (206, 204, 198), (190, 188, 184))
    canvas.fade(1050, 1200, (92, 94, 98), (72, 74, 78))
    for x in range(40, 1600, 220):
        canvas.box(x, 1120, x + 110, 1130, (222, 206, 140))
    draw_tree(canvas, scene, rng, 90, 1010, 560)
    draw_tree(canvas, scene, rng, 1530, 1010, 520)
