"""A canvas of 1600 by 1200, drawn at twice the size and downsampled for anti-aliasing."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

Color = tuple[int, int, int] | tuple[int, int, int, int]
Point = tuple[float, float]

WIDTH, HEIGHT = 1600, 1200
_FINE = 2
_QUALITY = 82


def mix(one: Color, other: Color, share: float) -> Color:
    """Interpolate between two colors."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one[:3], other[:3], strict=True))
    return red, green, blue


def shade(color: Color, light: float) -> Color:
    """Darken a color (below 1) or lighten it (above 1)."""
    return mix(color, (0, 0, 0), 1 - light) if light <= 1 else mix(color, (255, 255, 255), min(light - 1, 1))


class Canvas:
    """Shapes in coordinates from (0, 0), top left, to (1600, 1200). A color of four numbers has an alpha channel."""

    def __init__(self, background: Color) -> None:
        self._image = Image.new("RGB", (WIDTH * _FINE, HEIGHT * _FINE), background[:3])
        self._draw = ImageDraw.Draw(self._image, "RGBA")

    def box(
        self, left: float, top: float, right: float, bottom: float, fill: Color, *, edge: Color | None = None
    ) -> None:
        """Fill a rectangle, optionally with a thin outline."""
        corners = (left * _FINE, top * _FINE, max(left, right) * _FINE - 1, max(top, bottom) * _FINE - 1)
        self._draw.rectangle(corners, fill=fill, outline=edge, width=2 * _FINE if edge else 0)

    def pill(self, left: float, top: float, right: float, bottom: float, radius: float, fill: Color) -> None:
        """Fill a rectangle with round corners."""
        corners = (left * _FINE, top * _FINE, right * _FINE, bottom * _FINE)
        self._draw.rounded_rectangle(corners, radius * _FINE, fill=fill)

    def shape(self, points: Sequence[Point], fill: Color) -> None:
        """Fill a polygon."""
        self._draw.polygon([(x * _FINE, y * _FINE) for x, y in points], fill=fill)

    def oval(self, x: float, y: float, across: float, down: float, fill: Color) -> None:
        """Fill an ellipse, from its center and radii."""
        corners = ((x - across) * _FINE, (y - down) * _FINE, (x + across) * _FINE, (y + down) * _FINE)
        self._draw.ellipse(corners, fill=fill)

    def line(self, points: Sequence[Point], width: float, fill: Color) -> None:
        """Draw a line through points."""
        self._draw.line(
            [(x * _FINE, y * _FINE) for x, y in points], fill=fill, width=round(width * _FINE), joint="curve"
        )

    def fade(
        self, top: float, bottom: float, above: Color, below: Color, left: float = 0, right: float = WIDTH
    ) -> None:
        """Fill a rectangle with a vertical gradient."""
        steps = max(1, round((bottom - top) / 4))
        height = (bottom - top) / steps
        for step in range(steps):
            at = top + step * height
            self.box(left, at, right, at + height + 1, mix(above, below, step / steps))

    def text(self, x: float, y: float, label: str, size: float, fill: Color) -> None:
        """Draw text centered on a point."""
        font = ImageFont.load_default(size * _FINE)
        self._draw.text((x * _FINE, y * _FINE), label, fill=fill, font=font, anchor="mm")

    def to_jpeg(self) -> bytes:
        """Downsample to 1600 by 1200 and encode."""
        out = BytesIO()
        self._image.reduce(_FINE).save(out, "JPEG", quality=_QUALITY)
        return out.getvalue()
