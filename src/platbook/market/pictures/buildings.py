"""Condominium towers, offices, stores and warehouses."""

from platbook.market.pictures.canvas import Canvas, Color, mix, shade
from platbook.market.pictures.outdoors import Scene, draw_bush, draw_ground, draw_hills, draw_sky, draw_tree
from platbook.market.seeded_random import SeededRandom

_FACADES: tuple[Color, ...] = ((206, 198, 186), (172, 110, 90), (188, 192, 196), (222, 216, 204), (146, 130, 118))
_SIGNS = ("MARKET", "BAKERY", "BOOKS", "CYCLES", "HARDWARE", "FLOWERS", "COFFEE", "PHARMACY")
_BRIGHT: tuple[Color, ...] = ((166, 54, 46), (42, 96, 86), (44, 74, 124), (190, 128, 44), (88, 58, 96))


def _draw_street(canvas: Canvas, top: float) -> None:
    """Draw a pavement and a street in front of a building."""
    canvas.fade(top, top + 60, (210, 207, 200), (192, 189, 184))
    canvas.box(0, top + 58, 1600, top + 68, (158, 156, 152))
    canvas.fade(top + 68, 1200, (96, 98, 102), (70, 72, 76))
    for x in range(-40, 1600, 240):
        y = (top + 1270) / 2
        canvas.shape([(x, y), (x + 130, y), (x + 120, y + 12), (x - 12, y + 12)], (226, 210, 150))


def _to_pane(scene: Scene, rng: SeededRandom) -> Color:
    if scene.dusk:
        return rng.pick(((255, 216, 140), (255, 226, 168), (70, 82, 106)))
    return mix((104, 138, 168), (172, 202, 222), rng.random())


def draw_tower(canvas: Canvas, scene: Scene, rng: SeededRandom, floors: int, color: int) -> None:
    """Draw a condominium building with balconies on the street side and a darker side wall."""
    draw_sky(canvas, scene, rng, 990)
    for _ in range(9):
        x, high = rng.spread(0, 1500), rng.spread(120, 330)
        canvas.box(x, 960 - high, x + rng.spread(90, 190), 960, (150, 164, 180, 150))
    base, high = 980, min(92, 820 / (floors + 1))
    left, right, side = 400, 1080, 1270
    top = base - high * (floors + 1)
    wall = _FACADES[color % len(_FACADES)]
    canvas.shape([(right, top), (side, top + 40), (side, base - 10), (right, base)], shade(wall, 0.66))
    canvas.box(left, top, right, base, wall)
    canvas.box(left - 14, top - 18, right + 8, top + 6, shade(wall, 0.8))
    canvas.shape(
        [(right + 8, top - 18), (side + 8, top + 26), (side + 8, top + 46), (right + 8, top + 6)], shade(wall, 0.55)
    )
    for floor in range(floors):
        y = top + 18 + floor * high
        for bay in range(4):
            x = left + 26 + bay * 164
            canvas.box(x, y, x + 62, y + high * 0.66, _to_pane(scene, rng), edge=(250, 250, 248))
            canvas.box(x + 72, y, x + 136, y + high * 0.8, _to_pane(scene, rng), edge=(250, 250, 248))
            canvas.box(x + 64, y + high * 0.46, x + 146, y + high * 0.82, (230, 236, 240, 150))
            canvas.box(x + 60, y + high * 0.8, x + 150, y + high * 0.88, shade(wall, 0.7))
            canvas.line([(x + 62, y + high * 0.46), (x + 148, y + high * 0.46)], 4, (70, 74, 80))
        for bay in range(3):
            x, drop = right + 24 + bay * 56, (24 + bay * 56) / (side - right) * 34
            near, far = y + drop, y + drop + high * 0.56
            canvas.shape([(x, near), (x + 34, near + 7), (x + 34, far + 4), (x, far)], shade(_to_pane(scene, rng), 0.7))
    _draw_lobby(canvas, left, right, base, high)
    _draw_street(canvas, base)
    for x in (120, 300, 1360, 1500):
        draw_tree(canvas, scene, rng, x, base + 34, rng.spread(260, 380))


def _draw_lobby(canvas: Canvas, left: float, right: float, base: float, high: float) -> None:
    canvas.box(left, base - high, right, base, (74, 78, 86))
    canvas.box(left + 20, base - high * 0.86, right - 20, base, (196, 214, 222))
    for x in range(round(left) + 20, round(right), 80):
        canvas.box(x - 3, base - high * 0.86, x + 3, base, (60, 64, 70))
    middle = (left + right) / 2
    canvas.box(middle - 66, base - high * 0.78, middle + 66, base, (255, 226, 170))
    canvas.box(middle - 3, base - high * 0.78, middle + 3, base, (60, 64, 70))
    canvas.box(middle - 110, base - high * 1.02, middle + 110, base - high * 0.84, (48, 52, 60))


def draw_office(canvas: Canvas, scene: Scene, rng: SeededRandom, stories: int, color: int, number: str) -> None:
    """Draw an office building: bands of glass, an entrance with its house number, a parking lot."""
    draw_sky(canvas, scene, rng, 840)
    draw_hills(canvas, scene, rng, 854, 90)
    draw_ground(canvas, scene, rng, 850)
    base, high = 920, 168
    left, right, top = 190, 1410, 920 - 168 * (stories + 0.25)
    wall = _FACADES[color % len(_FACADES)]
    canvas.box(left, top, right, base, wall)
    canvas.box(left - 16, top - 20, right + 16, top + 14, shade(wall, 0.72))
    for story in range(stories):
        y = base - high * (story + 1) + 30
        for pane in range(15):
            x = left + 34 + pane * 77
            canvas.fade(y, y + 104, _to_pane(scene, rng), (196, 216, 228), x, x + 70)
        canvas.box(left + 30, y - 8, right - 30, y, (70, 76, 84))
        canvas.box(left + 30, y + 104, right - 30, y + 112, (70, 76, 84))
    canvas.box(690, top + 30 if stories == 1 else base - high * 1.5, 910, base, shade(wall, 0.84))
    canvas.box(726, base - 150, 874, base, (176, 206, 222), edge=(60, 66, 74))
    canvas.box(797, base - 150, 803, base, (60, 66, 74))
    canvas.box(660, base - 186, 940, base - 160, (62, 68, 78))
    canvas.text(800, base - 206, number, 36, (62, 68, 78))
    for x in (*range(230, 660, 70), *range(960, 1400, 70)):
        draw_bush(canvas, scene, rng, x, base + 12, 30)
    canvas.fade(base + 22, 1200, (112, 114, 118), (84, 86, 90))
    for stall in range(9):
        x = 60 + stall * 185
        canvas.shape([(x, 960), (x + 6, 960), (x - 40, 1110), (x - 50, 1110)], (232, 232, 228))
    for x in (300, 1130):
        _draw_car(canvas, x, 1060, rng.pick(_BRIGHT))


def _draw_car(canvas: Canvas, x: float, base: float, color: Color) -> None:
    canvas.oval(x + 110, base + 4, 130, 14, (10, 10, 10, 110))
    canvas.pill(x, base - 62, x + 220, base - 10, 20, color)
    canvas.shape([(x + 44, base - 58), (x + 70, base - 104), (x + 156, base - 104), (x + 188, base - 58)], color)
    canvas.shape(
        [(x + 58, base - 60), (x + 78, base - 94), (x + 110, base - 94), (x + 110, base - 60)], (190, 214, 228)
    )
    canvas.shape(
        [(x + 118, base - 60), (x + 118, base - 94), (x + 150, base - 94), (x + 172, base - 60)], (190, 214, 228)
    )
    for wheel in (x + 52, x + 170):
        canvas.oval(wheel, base - 10, 23, 23, (34, 34, 36))
        canvas.oval(wheel, base - 10, 10, 10, (180, 182, 186))


def draw_store(canvas: Canvas, scene: Scene, rng: SeededRandom, color: int) -> None:
    """Draw a shop on a street: brick above, display windows, a striped awning and a sign."""
    draw_sky(canvas, scene, rng, 700)
    brick = (164, 96, 78) if color % 2 else (186, 150, 120)
    base, bright = 960, _BRIGHT[color % len(_BRIGHT)]
    for left, right, top, wall in ((0, 330, 400, (196, 186, 172)), (1270, 1600, 340, (150, 146, 150))):
        canvas.box(left, top, right, base, wall)
        for row in range(2):
            for x in range(left + 50, right - 60, 120):
                canvas.box(
                    x, top + 70 + row * 170, x + 66, top + 170 + row * 170, _to_pane(scene, rng), edge=(240, 240, 236)
                )
    canvas.box(330, 300, 1270, base, brick)
    for row, y in enumerate(range(312, base, 14)):
        canvas.line([(330, y), (1270, y)], 1, (255, 255, 255, 44))
        for x in range(330 + 18 * (row % 2), 1270, 36):
            canvas.line([(x, y), (x, y + 14)], 1, (255, 255, 255, 34))
    canvas.box(316, 280, 1284, 316, shade(brick, 0.7))
    for x in (430, 620, 890, 1080):
        canvas.box(x - 8, 366, x + 98, 522, (244, 240, 230))
        canvas.fade(374, 514, _to_pane(scene, rng), (206, 222, 230), x, x + 90)
        canvas.box(x + 42, 374, x + 48, 514, (244, 240, 230))
    canvas.box(370, 560, 1230, 640, bright)
    canvas.text(800, 600, rng.pick(_SIGNS), 58, (255, 252, 240))
    canvas.box(370, 640, 1230, base, shade(bright, 0.55))
    for left, right in ((396, 690), (910, 1204)):
        inside: Color = (255, 226, 160) if scene.dusk else (226, 214, 186)
        canvas.fade(690, 900, inside, shade(inside, 0.8), left, right)
        for shelf in range(9):
            x, tall = left + 16 + shelf * 31, rng.spread(34, 100)
            canvas.box(x, 892 - tall, x + 22, 892, mix(rng.pick(_BRIGHT), (255, 255, 255), 0.25))
        canvas.shape([(left, 900), (left + 60, 690), (left + 140, 690), (left + 80, 900)], (255, 255, 255, 50))
    canvas.box(734, 690, 866, base, (70, 56, 48))
    canvas.box(752, 712, 848, 880, (206, 222, 226))
    canvas.oval(842, 900, 7, 7, (226, 196, 110))
    for stripe in range(20):
        x = 360 + stripe * 44
        cloth: Color = (250, 246, 236) if stripe % 2 else bright
        canvas.shape([(x, 640), (x + 44, 640), (x + 44 + (stripe - 9) * 2, 716), (x + (stripe - 10) * 2, 716)], cloth)
    canvas.box(350, 716, 1250, 726, (0, 0, 0, 60))
    _draw_street(canvas, base)
    draw_tree(canvas, scene, rng, 200, base + 30, 520)


def draw_warehouse(canvas: Canvas, scene: Scene, rng: SeededRandom, color: int) -> None:
    """Draw a metal hall with loading docks and a lorry's trailer."""
    draw_sky(canvas, scene, rng, 820)
    draw_hills(canvas, scene, rng, 850, 60)
    draw_ground(canvas, scene, rng, 846)
    wall: Color = ((198, 204, 208), (176, 188, 182), (214, 206, 190))[color % 3]
    base, bright = 900, _BRIGHT[color % len(_BRIGHT)]
    canvas.shape([(120, 420), (1480, 420), (1480, base), (120, base)], wall)
    canvas.shape([(90, 424), (800, 352), (1510, 424), (1510, 446), (800, 376), (90, 446)], shade(wall, 0.7))
    canvas.shape([(120, 424), (800, 372), (1480, 424)], shade(wall, 0.94))
    for x in range(132, 1480, 15):
        canvas.line([(x, 440), (x, base)], 1, (0, 0, 0, 36))
    canvas.box(120, 500, 1480, 532, bright)
    for dock in range(4):
        x = 210 + dock * 262
        canvas.box(x - 14, 612, x + 194, base - 40, (60, 62, 66))
        canvas.box(x, 626, x + 180, base - 40, (236, 238, 238))
        for row in range(1, 6):
            canvas.line([(x, 626 + row * 39), (x + 180, 626 + row * 39)], 2, (170, 174, 178))
        canvas.text(x + 90, 586, str(dock + 1), 34, (50, 52, 56))
        canvas.box(x - 10, base - 40, x + 190, base, (92, 94, 98))
    canvas.box(1290, 690, 1400, base, (84, 90, 100))
    canvas.box(1306, 706, 1384, 780, (186, 208, 220))
    canvas.fade(base, 1200, (158, 158, 156), (120, 120, 120))
    for x in range(100, 1600, 262):
        canvas.shape([(x, base + 8), (x + 8, base + 8), (x - 90, 1200), (x - 104, 1200)], (230, 200, 80))
    canvas.oval(560, 1082, 250, 20, (20, 20, 20, 110))
    canvas.box(330, 820, 740, 1036, (248, 248, 246), edge=(190, 190, 190))
    canvas.box(330, 900, 740, 936, bright)
    canvas.pill(748, 880, 850, 1040, 16, bright)
    canvas.box(790, 900, 846, 956, (190, 214, 228))
    for wheel in (390, 460, 690, 800):
        canvas.oval(wheel, 1050, 34, 34, (34, 34, 36))
        canvas.oval(wheel, 1050, 14, 14, (190, 190, 190))
