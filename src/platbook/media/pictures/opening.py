"""Opening bytes nobody vouches for: few loaders, limits from the header, and no damage overlooked."""

from dataclasses import dataclass
from typing import Any, cast

import pyvips

from platbook.base.errors import MediaRejected

_MOST_PIXELS = 100_000_000
_LONGEST_SIDE, _SHORTEST_SIDE = 20_000, 16

_LOADERS = ("Jpeg", "Png", "Webp", "Nsgif", "Heif", "Tiff")
_FORMATS = {
    "jpegload_buffer": "jpeg",
    "pngload_buffer": "png",
    "webpload_buffer": "webp",
    "gifload_buffer": "gif",
    "heifload_buffer": "avif",
    "tiffload_buffer": "tiff",
}
_SIDEWAYS = range(5, 9)


def _forbid_other_loaders() -> None:
    """For the whole process: everything that reads a file format is blocked but the list."""
    pyvips.cache_set_max(0)  # every picture is seen once
    pyvips.voperation.concurrency_set(1)  # pictures are what is done side by side, each on a thread of its own
    pyvips.operation_block_set("VipsForeignLoad", state=True)
    for name in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{name}", state=False)


_forbid_other_loaders()


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture says of itself before anything is decoded; `width` and `height` as stored, before turning."""

    format: str
    width: int
    height: int
    orientation: int

    @property
    def sideways(self) -> bool:
        """Whether it is stored lying on its side."""
        return self.orientation in _SIDEWAYS


def read_header(content: bytes) -> Header:
    """Look at a picture without decoding it. MediaRejected: not a picture, or too large or small to be a photo."""
    if not content:
        raise MediaRejected("no bytes at all")
    try:
        image = decode(content)
    except pyvips.Error as error:
        raise MediaRejected(f"not a picture that can be read: {to_reason(error)}") from None
    width, height = image.width, image.height
    if max(width, height) > _LONGEST_SIDE or width * height > _MOST_PIXELS:
        raise MediaRejected(f"{width} x {height} pixels are more than a photo may have")
    if min(width, height) < _SHORTEST_SIDE:
        raise MediaRejected(f"{width} x {height} pixels are too few for a photo")
    orientation = cast("int", image.get("orientation")) if image.get_typeof("orientation") else 1
    return Header(_FORMATS[str(image.get("vips-loader"))], width, height, orientation)


def decode(content: bytes, *, shrink: int = 1, fail_on: str = "warning") -> pyvips.Image:
    """Open for one pass from top to bottom; a JPEG may be decoded at a half, a quarter or an eighth."""
    options: dict[str, Any] = {"shrink": shrink} if shrink > 1 else {}
    return pyvips.Image.new_from_buffer(content, "", access="sequential", fail_on=fail_on, **options)


def to_reason(error: pyvips.Error) -> str:
    """What the library found wrong, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[1] if len(lines) > 1 else lines[0]
