"""Opening bytes nobody vouches for: few loaders, limits from the header, and no damage overlooked."""

from dataclasses import dataclass
from typing import Any, cast

import pyvips

from platbook.base.errors import MediaRejected
from platbook.media.pictures.file_type import name_content

MEBIBYTE = 1024 * 1024
MOST_MEMORY = 256 * MEBIBYTE
"""What decoding one picture may take, in bytes."""

_MOST_PIXELS = 100_000_000
_LONGEST_SIDE, _SHORTEST_SIDE = 20_000, 16

_LOADERS = ("Jpeg", "Png", "Webp", "Nsgif", "Heif", "Tiff")
_FORMATS = {
    "jpegload_source": "jpeg",
    "pngload_source": "png",
    "webpload_source": "webp",
    "gifload_source": "gif",
    "heifload_source": "avif",
    "tiffload_source": "tiff",
}
_SIDEWAYS = range(5, 9)
_BYTES_A_SAMPLE = {"uchar": 1, "char": 1, "ushort": 2, "short": 2, "uint": 4, "int": 4, "float": 4, "double": 8}
_WORKING = 48 * MEBIBYTE
"""What any picture takes beside what depends on its size: a few lines of the source, the variants, their encoders."""


def _forbid_other_loaders() -> None:
    """For the whole process: everything that reads a file format is blocked but the list."""
    pyvips.cache_set_max(0)  # every picture is seen once
    pyvips.voperation.concurrency_set(1)  # pictures are what is done side by side, each on a thread of its own
    pyvips.operation_block_set("VipsForeignLoad", state=True)
    for name in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{name}", state=False)


_forbid_other_loaders()


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a picture says of itself before anything is decoded; `width` and `height` as stored, before turning.

    `memory` is about what decoding it takes, in bytes; `multiscan`, whether a JPEG comes in several passes.
    """

    format: str
    width: int
    height: int
    orientation: int
    multiscan: bool
    memory: int

    @property
    def sideways(self) -> bool:
        """Whether it is stored lying on its side."""
        return self.orientation in _SIDEWAYS


def read_header(content: bytes) -> ImageHeader:
    """Look at a picture without decoding it. MediaRejected: not a picture, or too large or small to be a photo."""
    if not content:
        raise MediaRejected("there are no bytes")
    try:
        image = decode(content)
    except pyvips.Error:
        raise MediaRejected(f"{name_content(content)} is not a picture that can be read") from None
    if image.get_typeof("heif-compression") and image.get("heif-compression") != "av1":
        raise MediaRejected("HEIC is not a picture that can be read")  # its decoder is not in the library's wheel
    width, height = image.width, image.height
    if max(width, height) > _LONGEST_SIDE or width * height > _MOST_PIXELS:
        raise MediaRejected(f"{width} x {height} pixels are more than a photo may have")
    if min(width, height) < _SHORTEST_SIDE:
        raise MediaRejected(f"{width} x {height} pixels are too few for a photo")
    header = _to_header(image)
    if header.memory > MOST_MEMORY:
        raise MediaRejected(f"{width} x {height} pixels, encoded as they are, take too much memory to decode")
    return header


def decode(content: bytes, *, shrink: int = 1, fail_on: str = "warning") -> pyvips.Image:
    """Open for one pass from top to bottom; a JPEG may be decoded at a half, a quarter or an eighth.

    `thumbnail` and its kin are not used: they ignore `fail_on` and let cut JPEGs pass (libvips issue 5195).
    """
    pyvips.vips_lib.vips_error_clear()  # what was found wrong with another picture and told nobody is not of this one
    options: dict[str, Any] = {"shrink": shrink} if shrink > 1 else {}
    source = pyvips.Source.new_from_memory(content)  # a buffer would be copied
    return pyvips.Image.new_from_source(source, "", access="sequential", fail_on=fail_on, **options)


def to_reason(error: pyvips.Error) -> str:
    """What the library found wrong, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[min(1, len(lines) - 1)].partition(": ")[2] or lines[0]


def _to_header(image: pyvips.Image) -> ImageHeader:
    known = _FORMATS[str(image.get("vips-loader"))]
    orientation = cast("int", image.get("orientation")) if image.get_typeof("orientation") else 1
    multiscan = bool(image.get_typeof("jpeg-multiscan") and image.get("jpeg-multiscan"))
    memory = _WORKING + round(_weigh_pixel(image, known, multiscan=multiscan) * image.width * image.height)
    return ImageHeader(known, image.width, image.height, orientation, multiscan, memory)


def _weigh_pixel(image: pyvips.Image, known: str, *, multiscan: bool) -> float:
    """Bytes of memory a pixel of the source holds all through decoding (measured at 24 and 48 megapixels)."""
    if known == "jpeg":
        # Coefficients of two bytes are kept until the last pass; 4:2:0 has half as many as colours and brightness.
        sampled = 1.5 if str(image.get("jpeg-chroma-subsample")) == "4:2:0" else image.bands
        return 2.0 * sampled if multiscan else 0.0
    if known == "png" and not image.get_typeof("interlaced"):
        return 0.0
    if known in {"png", "tiff"}:  # a TIFF's strip may be all of it
        return float(image.bands * _BYTES_A_SAMPLE.get(str(image.format), 8))
    return 16.0 if known == "avif" else 8.0
