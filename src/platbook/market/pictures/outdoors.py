"""Surroundings of buildings: sky, hills, ground, trees, by season and time of day."""

from dataclasses import dataclass
from enum import Enum
from math import cos, pi, sin

from platbook.market.pictures.canvas import WIDTH, Canvas, Color, mix, shade
from platbook.market.seeded_random import SeededRandom


class Season(Enum):
    """The seasons, by the colors of foliage and grass."""

    SPRING = ((126, 172, 84), (138, 182, 92))
    SUMMER = ((74, 128, 62), (112, 158, 74))
    AUTUMN = ((206, 132, 52), (164, 158, 84))
    WINTER = ((126, 122, 118), (236, 240, 244))

    @property
    def foliage(self) -> Color:
        """The color of leaves."""
        return self.value[0]

    @property
    def grass(self) -> Color:
        """The color of the ground."""
        return self.value[1]


_BY_MONTH = (
    *(Season.WINTER, Season.WINTER, Season.SPRING, Season.SPRING, Season.SPRING, Season.SUMMER),
    *(Season.SUMMER, Season.SUMMER, Season.AUTUMN, Season.AUTUMN, Season.AUTUMN, Season.WINTER),
)
_SKIES: tuple[tuple[Color, Color], ...] = (
    ((92, 152, 214), (206, 228, 244)),
    ((112, 170, 224), (222, 236, 246)),
    ((136, 160, 188), (218, 224, 230)),
    ((74, 96, 150), (250, 196, 150)),
)
_DUSK = len(_SKIES) - 1


@dataclass(frozen=True, slots=True)
class Scene:
    """Season and light of a photo."""

    season: Season
    sky: int

    @property
    def dusk(self) -> bool:
        """Whether lamps are lit."""
        return self.sky == _DUSK


def pick_scene(rng: SeededRandom, month: int) -> Scene:
    """Choose the light; the season is the month's."""
    return Scene(_BY_MONTH[month - 1], rng.pick((0, 0, 1, 1, 2, 3)))


def draw_sky(canvas: Canvas, scene: Scene, rng: SeededRandom, horizon: float) -> None:
    """Draw the sky with a few clouds down to the horizon."""
    high, low = _SKIES[scene.sky]
    canvas.fade(0, horizon, high, low)
    for _ in range(rng.between(2, 5)):
        x, y, size = rng.spread(0, WIDTH), rng.spread(60, horizon * 0.55), rng.spread(40, 110)
        cloud = (255, 214, 190, 150) if scene.dusk else (255, 255, 255, 150)
        for puff in range(5):
            canvas.oval(x + (puff - 2) * size * 0.8, y - (puff % 2) * size * 0.22, size, size * 0.34, cloud)


def draw_hills(canvas: Canvas, scene: Scene, rng: SeededRandom, horizon: float, height: float) -> None:
    """Draw three rows of hills, the far ones paler."""
    haze = _SKIES[scene.sky][1]
    for row in range(3):
        base = mix(scene.season.foliage, (70, 90, 110), 0.45)
        color = mix(base, haze, 0.7 - row * 0.25)
        phase, waves = rng.spread(0, 6), rng.spread(1.5, 3.2) + row
        top = horizon - height * (1 - row * 0.3)
        points = [
            (
                x,
                top
                + height * 0.3 * (sin(phase + x / WIDTH * waves * pi) + 0.4 * sin(phase * 2 + x / WIDTH * waves * 7)),
            )
            for x in range(0, WIDTH + 40, 40)
        ]
        canvas.shape([(0, horizon + 4), *points, (WIDTH, horizon + 4)], color)


def draw_ground(canvas: Canvas, scene: Scene, rng: SeededRandom, horizon: float) -> None:
    """Draw grass (or snow) from the horizon to the bottom, with tufts."""
    grass = shade(scene.season.grass, 0.86) if scene.dusk else scene.season.grass
    canvas.fade(horizon, 1200, shade(grass, 1.12), shade(grass, 0.8))
    for _ in range(220):
        y = horizon + (1200 - horizon) * rng.random() ** 0.7
        size = 3 + (y - horizon) / (1200 - horizon) * 14
        x = rng.spread(0, WIDTH)
        canvas.line([(x, y), (x + rng.spread(-4, 4), y - size)], 2, (*shade(grass, 0.7)[:3], 90))


def draw_tree(canvas: Canvas, scene: Scene, rng: SeededRandom, x: float, base: float, height: float) -> None:
    """Draw a broad-leaved tree, bare in winter."""
    trunk: Color = (96, 74, 56)
    canvas.oval(x, base, height * 0.26, height * 0.03, (20, 30, 20, 70))
    canvas.shape(
        [(x - height * 0.035, base), (x + height * 0.035, base), (x + height * 0.015, base - height * 0.55)], trunk
    )
    canvas.shape(
        [
            (x - height * 0.035, base),
            (x + height * 0.015, base - height * 0.55),
            (x - height * 0.015, base - height * 0.55),
        ],
        trunk,
    )
    if scene.season is Season.WINTER:
        for _ in range(14):
            angle, reach = rng.spread(0.2, pi - 0.2), height * rng.spread(0.25, 0.45)
            start = base - height * rng.spread(0.35, 0.55)
            canvas.line([(x, start), (x + reach * cos(angle), start - reach * sin(angle))], height / 90, trunk)
        return
    leaf = mix(scene.season.foliage, (150, 90, 40), rng.spread(0, 0.2))
    for step in range(26):
        angle, reach = rng.spread(0, 2 * pi), rng.random() ** 0.6
        light = 0.8 + 0.4 * (step / 26)
        canvas.oval(
            x + cos(angle) * reach * height * 0.24 - step * 0.6,
            base - height * 0.68 + sin(angle) * reach * height * 0.24 - step * 0.8,
            *(height * rng.spread(0.08, 0.13), height * rng.spread(0.07, 0.11)),
            fill=shade(leaf, light),
        )


def draw_pine(canvas: Canvas, scene: Scene, x: float, base: float, height: float) -> None:
    """Draw a conifer, with snow on it in winter."""
    canvas.oval(x, base, height * 0.2, height * 0.025, (20, 30, 20, 70))
    canvas.box(x - height * 0.025, base - height * 0.15, x + height * 0.025, base, (88, 68, 52))
    for tier in range(5):
        low = base - height * (0.1 + tier * 0.16)
        wide = height * (0.24 - tier * 0.042)
        green: Color = shade((52, 92, 66), 0.9 + tier * 0.07)
        canvas.shape([(x - wide, low), (x + wide, low), (x, low - height * 0.28)], green)
        canvas.shape([(x, low), (x + wide, low), (x, low - height * 0.28)], (*shade(green, 0.7)[:3], 90))
        if scene.season is Season.WINTER:
            canvas.shape(
                [(x - wide, low), (x - wide * 0.2, low - height * 0.05), (x, low - height * 0.28)], (245, 248, 252)
            )


def draw_bush(canvas: Canvas, scene: Scene, rng: SeededRandom, x: float, base: float, size: float) -> None:
    """Draw a round shrub."""
    leaf: Color = (122, 132, 118) if scene.season is Season.WINTER else mix(scene.season.foliage, (50, 100, 50), 0.4)
    for step in range(9):
        canvas.oval(
            x + rng.spread(-0.7, 0.7) * size,
            base - size * 0.5 + rng.spread(-0.3, 0.3) * size,
            *(size * 0.45, size * 0.42),
            fill=shade(leaf, 0.8 + step * 0.045),
        )


def draw_sign(canvas: Canvas, x: float, base: float, lines: tuple[str, str], color: Color) -> None:
    """Draw a yard sign on a post, with two lines on it."""
    canvas.box(x - 8, base - 260, x + 8, base, (246, 246, 242))
    canvas.box(x - 8, base - 268, x + 190, base - 254, (246, 246, 242))
    canvas.box(x + 28, base - 236, x + 178, base - 116, color, edge=(255, 255, 255))
    canvas.line([(x + 50, base - 254), (x + 50, base - 236)], 3, (90, 90, 90))
    canvas.line([(x + 156, base - 254), (x + 156, base - 236)], 3, (90, 90, 90))
    canvas.text(x + 103, base - 192, lines[0], 28, (255, 255, 255))
    canvas.text(x + 103, base - 152, lines[1], 24, (255, 255, 255))
