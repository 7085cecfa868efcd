"""Placeholders of a picture while it loads: its dominant color, and a BlurHash that draws it blurred."""

import math
from collections.abc import Sequence
from functools import cache
from typing import cast

import pyvips

_BOXES = 16
_SAMPLES = (16, 12)
_WAVES = (4, 3)
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_HALF_BYTE = 8
_LINEAR_BELOW = 0.0031308
"""Light below this is linear in the level (IEC 61966-2-1), the levels 0 to 10."""

_Colour = tuple[float, float, float]


def find_dominant_color(image: pyvips.Image) -> str:
    """The middle of the fullest of 16 x 16 x 16 bins of the sRGB cube, as `#rrggbb`."""
    counts = image.hist_find_ndim(bins=_BOXES)
    _, red, green = counts.maxpos()
    along_blue = cast("Sequence[float]", counts.getpoint(red, green))
    blue = max(range(_BOXES), key=lambda box: along_blue[box])
    return "#" + "".join(f"{box * _BOXES + _HALF_BYTE:02x}" for box in (red, green, blue))


def to_blurhash(image: pyvips.Image) -> str:
    """The BlurHash of an sRGB picture, 28 characters of 4 by 3 components (the algorithm as blurha.sh publishes it)."""
    across, down = _WAVES
    waves = _transform(_sample(image), *_SAMPLES)
    steady, *moving = waves
    largest = max(abs(part) for wave in moving for part in wave)
    step = max(0, min(82, math.floor(largest * 166 - 0.5)))
    scale = (step + 1) / 166
    head = _to_digits(across - 1 + (down - 1) * 9, 1) + _to_digits(step, 1)
    return head + _to_digits(_pack_steady(steady), 4) + "".join(_to_digits(_pack_moving(w, scale), 2) for w in moving)


def _sample(image: pyvips.Image) -> list[_Colour]:
    """The picture as 16 x 12 colours of linear light, row by row."""
    width, height = _SAMPLES
    small = image.thumbnail_image(width, height=height, size="force")
    levels = bytes(small.write_to_memory())
    light = _light_of_levels()
    return [(light[levels[at]], light[levels[at + 1]], light[levels[at + 2]]) for at in range(0, 3 * width * height, 3)]


def _transform(colours: Sequence[_Colour], width: int, height: int) -> list[_Colour]:
    """The strength of each wave, steady light first, then along the rows."""
    across, down = _WAVES
    along = [
        [_weigh(colours[y * width : (y + 1) * width], _cosines(i, width)) for y in range(height)] for i in range(across)
    ]
    share = 1 / (width * height)
    waves: list[_Colour] = []
    for j in range(down):
        for i in range(across):
            red, green, blue = _weigh(along[i], _cosines(j, height))
            scale = share if i == j == 0 else 2 * share
            waves.append((red * scale, green * scale, blue * scale))
    return waves


def _weigh(colours: Sequence[_Colour], weights: Sequence[float]) -> _Colour:
    red = green = blue = 0.0
    for (r, g, b), weight in zip(colours, weights, strict=True):
        red += r * weight
        green += g * weight
        blue += b * weight
    return red, green, blue


def _pack_steady(colour: _Colour) -> int:
    red, green, blue = (_to_level(part) for part in colour)
    return (red << 16) + (green << 8) + blue


def _pack_moving(colour: _Colour, scale: float) -> int:
    packed = 0
    for part in colour:
        root = math.copysign(math.sqrt(abs(part / scale)), part)
        packed = packed * 19 + max(0, min(18, math.floor(root * 9 + 9.5)))
    return packed


def _to_digits(value: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        value, digit = divmod(value, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


@cache
def _cosines(wave: int, length: int) -> Sequence[float]:
    return [math.cos(math.pi * wave * at / length) for at in range(length)]


@cache
def _light_of_levels() -> Sequence[float]:
    """Linear light of each of sRGB's 256 levels (IEC 61966-2-1)."""
    parts = (level / 255 for level in range(256))
    return [part / 12.92 if part <= 12.92 * _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _to_level(light: float) -> int:
    part = max(0.0, min(1.0, light))
    return round(255 * (part * 12.92 if part <= _LINEAR_BELOW else 1.055 * part ** (1 / 2.4) - 0.055))
