"""Rooms, seen straight on: a back wall, two side walls, floor and ceiling."""

from dataclasses import dataclass

from platbook.market.pictures.canvas import Canvas, Color, mix, shade
from platbook.market.pictures.outdoors import Scene
from platbook.market.seeded_random import SeededRandom

_LEFT, _TOP, _RIGHT, _FLOOR = 290, 210, 1310, 800
_PAINTS: tuple[Color, ...] = (
    *((236, 232, 222), (214, 222, 218), (226, 214, 198), (206, 214, 226), (240, 236, 226), (222, 226, 208)),
)
_WOODS: tuple[Color, ...] = ((176, 130, 88), (148, 104, 70), (200, 164, 122), (120, 86, 62))
_CLOTHS: tuple[Color, ...] = (
    (96, 118, 140),
    (152, 98, 84),
    (120, 134, 110),
    (180, 168, 150),
    (88, 92, 104),
    (190, 150, 88),
)
_CABINETS: tuple[Color, ...] = ((244, 242, 236), (72, 92, 108), (156, 116, 80), (186, 196, 182))


@dataclass(frozen=True, slots=True)
class InteriorColors:
    """The interior colors of one home."""

    paint: Color
    wood: Color
    cloth: Color
    accent: Color
    cabinet: Color


def pick_interior_colors(rng: SeededRandom) -> InteriorColors:
    """Choose a home's interior colors."""
    return InteriorColors(
        rng.pick(_PAINTS), rng.pick(_WOODS), rng.pick(_CLOTHS), rng.pick(_CLOTHS), rng.pick(_CABINETS)
    )


def draw_living(canvas: Canvas, scene: Scene, rng: SeededRandom, colors: InteriorColors) -> None:
    """Draw a living room: window, sofa, rug, low table, picture, lamp, plant."""
    _draw_shell(canvas, colors)
    _draw_side_window(canvas, scene)
    _draw_picture(canvas, rng, 800, 340, 220, 140)
    _draw_rug(canvas, colors.accent)
    _draw_lamp(canvas, 1190, _FLOOR + 40)
    canvas.oval(800, 888, 380, 26, (20, 16, 10, 90))
    canvas.pill(440, 560, 1160, 780, 40, colors.cloth)
    for cushion in range(3):
        canvas.pill(486 + cushion * 212, 590, 690 + cushion * 212, 740, 26, shade(colors.cloth, 1.1))
    canvas.pill(470, 716, 1130, 836, 26, shade(colors.cloth, 0.92))
    for seat in range(1, 3):
        canvas.line([(470 + seat * 220, 726), (470 + seat * 220, 830)], 3, shade(colors.cloth, 0.7))
    for x in (404, 1096):
        canvas.pill(x, 640, x + 100, 866, 34, shade(colors.cloth, 0.84))
    for x, turn in ((540, 8), (1000, -8)):
        canvas.shape([(x, 640), (x + 96, 640 + turn), (x + 92, 726), (x - 6, 720 - turn)], colors.accent)
    for x in (430, 1160):
        canvas.box(x, 862, x + 14, 890, (70, 52, 40))
    canvas.oval(800, 1092, 300, 26, (20, 16, 10, 80))
    for x in (590, 990):
        canvas.box(x, 980, x + 18, 1090, shade(colors.wood, 0.6))
    canvas.shape([(560, 950), (1040, 950), (1090, 1010), (510, 1010)], shade(colors.wood, 0.95))
    canvas.box(510, 1010, 1090, 1030, shade(colors.wood, 0.7))
    canvas.box(740, 932, 850, 962, (222, 214, 200))
    canvas.box(752, 920, 838, 934, colors.accent)
    _draw_plant(canvas, rng, 330, 880)


def draw_kitchen(canvas: Canvas, scene: Scene, rng: SeededRandom, colors: InteriorColors) -> None:
    """Draw a kitchen: cabinets, hood and range, sink under a window, fridge, island with stools, pendant lamps."""
    _draw_shell(canvas, colors)
    front, top = colors.cabinet, (232, 230, 226)
    for row, y in enumerate(range(440, 590, 30)):
        for x in range(_LEFT - 30 * (row % 2), _RIGHT, 60):
            canvas.box(max(x, _LEFT), y, min(x + 58, _RIGHT), y + 28, mix((246, 246, 244), colors.accent, 0.08))
    for left, right in ((300, 470), (1010, 1080)):
        _draw_doors(canvas, left, 240, right, 430, front, max(1, (right - left) // 80))
    canvas.box(490, 250, 650, 490, (250, 250, 248))
    canvas.fade(262, 478, (134, 182, 222), (206, 226, 210), 502, 638)
    canvas.box(567, 262, 573, 478, (250, 250, 248))
    _draw_doors(canvas, 668, 240, 748, 430, front, 1)
    canvas.shape([(770, 350), (990, 350), (960, 300), (960, 220), (800, 220), (800, 300)], (190, 194, 198))
    canvas.box(770, 350, 990, 372, (160, 164, 170))
    _draw_doors(canvas, 300, 620, 770, 800, front, 5)
    _draw_doors(canvas, 990, 620, 1080, 800, front, 1)
    canvas.box(290, 594, 1085, 622, top)
    canvas.box(290, 620, 1085, 628, (0, 0, 0, 50))
    canvas.line([(570, 594), (570, 556), (596, 556), (596, 570)], 7, (150, 156, 162))
    canvas.box(770, 590, 990, 800, (198, 202, 206))
    canvas.box(770, 584, 990, 598, (40, 42, 46))
    canvas.box(790, 668, 970, 776, (52, 56, 62))
    canvas.box(790, 646, 970, 654, (120, 126, 132))
    for knob in range(5):
        canvas.oval(806 + knob * 37, 622, 9, 9, (60, 62, 66))
    canvas.box(1090, 300, 1296, 812, (206, 210, 214), edge=(160, 166, 172))
    canvas.box(1190, 306, 1196, 806, (150, 156, 162))
    for x in (1174, 1204):
        canvas.box(x, 470, x + 8, 640, (120, 126, 132))
    _draw_island(canvas, rng, colors, top)
    for x in (620, 800, 980):
        canvas.line([(x, 0), (x, 250)], 3, (60, 60, 62))
        canvas.shape([(x - 46, 300), (x + 46, 300), (x + 16, 244), (x - 16, 244)], shade(colors.accent, 0.8))
        canvas.oval(x, 302, 40, 9, (255, 240, 200))
    del scene


def _draw_island(canvas: Canvas, rng: SeededRandom, colors: InteriorColors, top: Color) -> None:
    canvas.oval(800, 1160, 560, 34, (20, 16, 10, 90))
    canvas.box(330, 912, 1270, 1160, shade(colors.cabinet, 0.86))
    for panel in range(5):
        x = 350 + panel * 182
        canvas.box(x, 940, x + 164, 1140, shade(colors.cabinet, 0.95))
    canvas.shape([(360, 830), (1240, 830), (1330, 900), (270, 900)], top)
    canvas.box(270, 898, 1330, 922, shade(top, 0.8))
    canvas.oval(980, 862, 76, 20, (150, 108, 74))
    for _ in range(7):
        fruit: Color = rng.pick(((206, 60, 46), (232, 164, 48), (132, 166, 62)))
        canvas.oval(980 + rng.spread(-48, 48), 846 + rng.spread(-8, 6), 19, 18, fruit)
    for x in (470, 800, 1130):
        canvas.oval(x, 1000, 76, 20, shade(colors.wood, 0.8))
        canvas.oval(x, 994, 76, 18, colors.wood)
        for leg in (-52, 52):
            canvas.line([(x + leg * 0.7, 1008), (x + leg, 1190)], 11, shade(colors.wood, 0.55))
        canvas.line([(x - 46, 1110), (x + 46, 1110)], 8, shade(colors.wood, 0.55))


def draw_bedroom(canvas: Canvas, scene: Scene, rng: SeededRandom, colors: InteriorColors) -> None:
    """Draw a bedroom: bed with pillows, night tables with lamps, window with curtains, picture."""
    _draw_shell(canvas, colors)
    _draw_side_window(canvas, scene)
    _draw_picture(canvas, rng, 800, 300, 260, 130)
    _draw_rug(canvas, mix(colors.accent, (255, 255, 255), 0.5))
    for x in (420, 1180):
        canvas.oval(x, 806, 80, 14, (20, 16, 10, 80))
        canvas.box(x - 66, 660, x + 66, 804, colors.wood)
        canvas.box(x - 72, 652, x + 72, 668, shade(colors.wood, 0.8))
        canvas.line([(x - 50, 732), (x + 50, 732)], 3, shade(colors.wood, 0.6))
        canvas.oval(x, 704, 6, 6, (222, 196, 120))
        canvas.box(x - 6, 590, x + 6, 654, (200, 180, 130))
        canvas.oval(x, 560, 120, 84, (255, 240, 190, 60))
        canvas.shape([(x - 56, 600), (x + 56, 600), (x + 34, 520), (x - 34, 520)], (252, 240, 210))
    canvas.pill(500, 470, 1100, 800, 28, shade(colors.wood, 0.85))
    canvas.pill(522, 492, 1078, 800, 20, colors.wood)
    canvas.shape([(520, 690), (1080, 690), (1200, 1070), (400, 1070)], (246, 244, 240))
    for x in (550, 816):
        canvas.pill(x, 600, x + 234, 716, 44, (252, 251, 248))
        canvas.pill(x + 30, 640, x + 204, 730, 36, mix(colors.accent, (255, 255, 255), 0.15))
    canvas.shape([(490, 786), (1110, 786), (1214, 1090), (386, 1090)], colors.cloth)
    canvas.shape([(490, 786), (1110, 786), (1128, 838), (472, 838)], shade(colors.cloth, 1.3))
    canvas.box(386, 1088, 1214, 1150, shade(colors.cloth, 0.72))
    for fold in range(1, 9):
        x = 386 + fold * 92
        canvas.line([(x, 1092), (x, 1148)], 3, shade(colors.cloth, 0.55))
    canvas.shape([(452, 900), (1148, 900), (1186, 1010), (414, 1010)], mix(colors.accent, (255, 255, 255), 0.3))


def draw_bath(canvas: Canvas, scene: Scene, rng: SeededRandom, colors: InteriorColors) -> None:
    """Draw a bathroom: tiles, vanity with basin and mirror, bath tub, towel."""
    _draw_shell(canvas, colors)
    tile = mix((244, 248, 248), colors.accent, 0.12)
    for row, y in enumerate(range(430, _FLOOR, 46)):
        for x in range(_LEFT - 46 * (row % 2), _RIGHT, 92):
            canvas.box(max(x, _LEFT), y, min(x + 89, _RIGHT), y + 43, tile)
    canvas.fade(250, 404, (150, 196, 228), (222, 234, 232), 930, 1190)
    canvas.box(1056, 250, 1064, 404, (250, 250, 248))
    canvas.pill(360, 256, 660, 560, 18, (206, 214, 218))
    canvas.pill(374, 270, 646, 546, 12, (176, 206, 218))
    canvas.shape([(390, 546), (500, 270), (560, 270), (450, 546)], (255, 255, 255, 70))
    for x in (400, 510, 620):
        canvas.oval(x, 240, 17, 17, (255, 244, 210))
    _draw_doors(canvas, 320, 664, 700, 850, colors.cabinet, 4)
    canvas.box(308, 636, 712, 668, (240, 240, 238))
    canvas.oval(510, 636, 96, 16, (222, 228, 230))
    canvas.line([(510, 632), (510, 588), (536, 588), (536, 602)], 8, (160, 166, 172))
    canvas.oval(1060, 930, 330, 22, (20, 16, 10, 80))
    canvas.pill(760, 690, 1360, 930, 90, (252, 252, 250))
    canvas.oval(1060, 716, 292, 46, (226, 232, 234))
    canvas.oval(1060, 726, 270, 34, mix((170, 210, 224), (255, 255, 255), 0.3))
    canvas.line([(1290, 700), (1290, 610), (1244, 610), (1244, 630)], 11, (170, 176, 182))
    canvas.line([(770, 470), (900, 470)], 7, (160, 166, 172))
    canvas.box(780, 470, 890, 652, colors.cloth)
    canvas.box(780, 610, 890, 624, shade(colors.cloth, 1.3))
    canvas.shape([(420, 940), (760, 940), (820, 1070), (360, 1070)], mix(colors.accent, (255, 255, 255), 0.4))
    _draw_plant(canvas, rng, 1270, 700)
    del scene


def _draw_shell(canvas: Canvas, colors: InteriorColors) -> None:
    """Draw walls, ceiling and a board floor."""
    canvas.shape([(0, 0), (1600, 0), (_RIGHT, _TOP), (_LEFT, _TOP)], (250, 249, 246))
    canvas.shape([(0, 0), (_LEFT, _TOP), (_LEFT, _FLOOR), (0, 1120)], shade(colors.paint, 0.88))
    canvas.shape([(1600, 0), (_RIGHT, _TOP), (_RIGHT, _FLOOR), (1600, 1120)], shade(colors.paint, 0.8))
    canvas.fade(_TOP, _FLOOR, colors.paint, shade(colors.paint, 0.94), _LEFT, _RIGHT)
    canvas.shape([(0, 1120), (_LEFT, _FLOOR), (_RIGHT, _FLOOR), (1600, 1120), (1600, 1200), (0, 1200)], colors.wood)
    for board in range(-14, 31):
        near, far = board * 110.0 - 60, _LEFT + (board * 110.0 + 240) / 2080 * (_RIGHT - _LEFT)
        canvas.line([(far, _FLOOR), (near, 1230)], 2, (*shade(colors.wood, 0.7)[:3], 120))
    for y in (850, 930, 1050):
        canvas.line([(0, y), (1600, y)], 1, (*shade(colors.wood, 0.7)[:3], 60))
    canvas.shape([(0, 0), (_LEFT, _TOP), (_LEFT, _FLOOR), (0, 1120)], shade(colors.paint, 0.88))
    canvas.shape([(1600, 0), (_RIGHT, _TOP), (_RIGHT, _FLOOR), (1600, 1120)], shade(colors.paint, 0.8))
    white: Color = (252, 251, 248)
    canvas.box(_LEFT, _FLOOR - 20, _RIGHT, _FLOOR, white)
    canvas.shape([(0, 1092), (_LEFT, _FLOOR - 20), (_LEFT, _FLOOR), (0, 1120)], shade(white, 0.92))
    canvas.shape([(1600, 1092), (_RIGHT, _FLOOR - 20), (_RIGHT, _FLOOR), (1600, 1120)], shade(white, 0.86))


def _draw_side_window(canvas: Canvas, scene: Scene) -> None:
    """Draw a tall window in the left wall, with a curtain on each side and light on the floor."""
    sky: Color = (92, 110, 152) if scene.dusk else (150, 198, 232)
    canvas.shape([(62, 214), (218, 300), (218, 680), (62, 800)], (252, 251, 248))
    canvas.shape([(78, 240), (204, 312), (204, 660), (78, 770)], sky)
    canvas.shape([(78, 600), (204, 540), (204, 660), (78, 770)], scene.season.grass)
    canvas.shape([(136, 276), (146, 282), (146, 716), (136, 724)], (252, 251, 248))
    canvas.shape([(78, 500), (204, 484), (204, 492), (78, 512)], (252, 251, 248))
    curtain: Color = (238, 230, 214)
    canvas.shape([(24, 170), (74, 200), (66, 850), (20, 890)], curtain)
    canvas.shape([(206, 270), (246, 292), (246, 716), (210, 740)], shade(curtain, 0.94))
    canvas.line([(14, 170), (256, 296)], 7, (90, 76, 60))
    if not scene.dusk:
        canvas.shape([(250, 870), (560, 870), (470, 1080), (60, 1080)], (255, 248, 220, 50))


def _draw_picture(canvas: Canvas, rng: SeededRandom, x: float, y: float, wide: float, high: float) -> None:
    left, right, top, bottom = x - wide, x + wide * 0.98, y - high * 0.6, y + high * 0.8
    canvas.box(left, top, right, bottom, (70, 58, 48))
    canvas.box(left + 14, top + 14, right - 14, bottom - 14, (248, 246, 240))
    canvas.fade(top + 40, bottom - 40, (206, 222, 232), (240, 216, 190), left + 44, right - 44)
    base = bottom - 40
    for _ in range(4):
        peak, spread = rng.spread(left + 90, right - 90), rng.spread(40, 90)
        near, far = max(peak - spread, left + 44), min(peak + spread, right - 44)
        canvas.shape([(near, base), (far, base), (peak, base - rng.spread(30, 90))], rng.pick(_CLOTHS))


def _draw_rug(canvas: Canvas, color: Color) -> None:
    pale = mix(color, (255, 255, 255), 0.25)
    canvas.shape([(370, 880), (1230, 880), (1420, 1150), (180, 1150)], pale)
    canvas.shape([(410, 900), (1190, 900), (1360, 1126), (240, 1126)], mix(color, (255, 255, 255), 0.5))
    canvas.shape([(436, 914), (1164, 914), (1320, 1108), (280, 1108)], pale)


def _draw_lamp(canvas: Canvas, x: float, base: float) -> None:
    canvas.oval(x, base, 52, 10, (60, 56, 52))
    canvas.box(x - 5, 470, x + 5, base, (70, 66, 60))
    canvas.oval(x, 440, 150, 120, (255, 240, 190, 50))
    canvas.shape([(x - 78, 480), (x + 78, 480), (x + 50, 370), (x - 50, 370)], (252, 238, 204))


def _draw_plant(canvas: Canvas, rng: SeededRandom, x: float, base: float) -> None:
    for _ in range(16):
        lean, tall = rng.spread(-110, 110), rng.spread(120, 260)
        green = shade((70, 124, 76), rng.spread(0.7, 1.2))
        canvas.shape(
            [
                (x - 8, base - 80),
                (x + 8, base - 80),
                (x + lean, base - 80 - tall),
                (x + lean * 0.6 - 12, base - 60 - tall * 0.6),
            ],
            green,
        )
    canvas.shape([(x - 54, base - 96), (x + 54, base - 96), (x + 40, base), (x - 40, base)], (198, 128, 92))
    canvas.box(x - 60, base - 104, x + 60, base - 86, (214, 146, 110))


def _draw_doors(canvas: Canvas, left: float, top: float, right: float, bottom: float, color: Color, doors: int) -> None:
    """Draw cabinet fronts with knobs."""
    wide = (right - left) / doors
    canvas.box(left, top, right, bottom, shade(color, 0.8))
    for door in range(doors):
        x = left + door * wide
        canvas.box(x + 3, top + 3, x + wide - 3, bottom - 3, color)
        canvas.box(x + 14, top + 14, x + wide - 14, bottom - 14, shade(color, 0.94))
        canvas.oval(x + wide - 10, (top + bottom) / 2, 5, 5, (120, 112, 100))
