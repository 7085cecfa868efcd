"""Decodes untrusted bytes: an allow-list of loaders, limits checked from the header, and no damage overlooked."""

import logging
import threading
from dataclasses import dataclass
from typing import Any, cast

import pyvips

from platbook.base.errors import MediaRejected
from platbook.media.pictures.file_type import describe_content

MEBIBYTE = 1024 * 1024
MAX_MEMORY = 256 * MEBIBYTE
"""What decoding one picture may take, in bytes."""

_MAX_PIXELS = 100_000_000
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
_BYTES_PER_SAMPLE = {"uchar": 1, "char": 1, "ushort": 2, "short": 2, "uint": 4, "int": 4, "float": 4, "double": 8}
_BASE_MEMORY = 48 * MEBIBYTE
"""Memory of any picture, whatever its size: a few lines of the source, the variants, their encoders."""


class _Warnings(logging.Handler):
    """Remembers the last warning of libvips on each thread: those of libtiff are in no error."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._threads = threading.local()

    @property
    def last(self) -> str:
        """The last warning on this thread."""
        return getattr(self._threads, "last", "")

    @last.setter
    def last(self, text: str) -> None:
        self._threads.last = text

    def emit(self, record: logging.LogRecord) -> None:
        """Remember a warning."""
        self.last = record.getMessage().removeprefix("VIPS: ")


_WARNINGS = _Warnings()
logging.getLogger("pyvips").addHandler(_WARNINGS)


def _forbid_other_loaders() -> None:
    """For the whole process: block every loader of libvips but those listed."""
    pyvips.cache_set_max(0)  # every picture is processed once
    pyvips.voperation.concurrency_set(1)  # pictures are processed in parallel, each on a thread of its own
    pyvips.operation_block_set("VipsForeignLoad", state=True)
    for name in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{name}", state=False)


_forbid_other_loaders()


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """A picture's header, read before anything is decoded; `width` and `height` as stored, before rotation.

    `memory` estimates what decoding takes, in bytes; `is_multiscan`: a JPEG of several passes (progressive).
    """

    format: str
    width: int
    height: int
    orientation: int
    is_multiscan: bool
    memory: int

    @property
    def is_sideways(self) -> bool:
        """Whether it is stored on its side, by its EXIF orientation."""
        return self.orientation in _SIDEWAYS


def read_header(content: bytes) -> ImageHeader:
    """Read a picture's header without decoding it. MediaRejected: not an image, or too large or small for a photo."""
    if not content:
        raise MediaRejected("the photo is empty")
    try:
        image = decode(content)
    except pyvips.Error:
        raise MediaRejected(f"{describe_content(content)} is not a picture that can be read") from None
    if image.get_typeof("heif-compression") and image.get("heif-compression") != "av1":
        raise MediaRejected("HEIC is not a picture that can be read")  # its decoder is not in the library's wheel
    width, height = image.width, image.height
    if max(width, height) > _LONGEST_SIDE or width * height > _MAX_PIXELS:
        raise MediaRejected(f"{width} x {height} pixels are more than a photo may have")
    if min(width, height) < _SHORTEST_SIDE:
        raise MediaRejected(f"{width} x {height} pixels are too few for a photo")
    header = _to_header(image)
    if header.memory > MAX_MEMORY:
        raise MediaRejected(f"{width} x {height} pixels, encoded as they are, take too much memory to decode")
    return header


def decode(content: bytes, *, shrink: int = 1, fail_on: str = "warning") -> pyvips.Image:
    """Open for one pass from top to bottom; a JPEG may be decoded at a half, a quarter or an eighth.

    `thumbnail` and its kin are not used: they ignore `fail_on` and let cut JPEGs pass (libvips issue 5195).
    """
    pyvips.vips_lib.vips_error_clear()  # a pending error of another picture must not be blamed on this one
    _WARNINGS.last = ""
    options: dict[str, Any] = {"shrink": shrink} if shrink > 1 else {}
    source = pyvips.Source.new_from_memory(content)  # a buffer would be copied
    return pyvips.Image.new_from_source(source, "", access="sequential", fail_on=fail_on, **options)


def to_reason(error: pyvips.Error) -> str:
    """The library's error, in one line; where it has none, its last warning on this thread."""
    detail = [line.strip() for line in str(error.detail or "").splitlines() if line.strip()]
    if detail:
        return detail[0].partition(": ")[2] or detail[0]
    return _WARNINGS.last or str(error.message)


def _to_header(image: pyvips.Image) -> ImageHeader:
    format_name = _FORMATS[str(image.get("vips-loader"))]
    orientation = cast("int", image.get("orientation")) if image.get_typeof("orientation") else 1
    multiscan = bool(image.get_typeof("jpeg-multiscan") and image.get("jpeg-multiscan"))
    memory = _BASE_MEMORY + round(
        _bytes_per_pixel(image, format_name, multiscan=multiscan) * image.width * image.height
    )
    return ImageHeader(format_name, image.width, image.height, orientation, multiscan, memory)


def _bytes_per_pixel(image: pyvips.Image, format_name: str, *, multiscan: bool) -> float:
    """Bytes of memory a pixel of the source holds all through decoding (measured at 24 and 48 megapixels)."""
    if format_name == "jpeg":
        # Coefficients of two bytes are kept until the last pass; 4:2:0 has half as many as colours and brightness.
        sampled = 1.5 if str(image.get("jpeg-chroma-subsample")) == "4:2:0" else image.bands
        return 2.0 * sampled if multiscan else 0.0
    if format_name == "png" and not image.get_typeof("interlaced"):
        return 0.0
    if format_name in {"png", "tiff"}:  # a TIFF's strip may be all of it
        return float(image.bands * _BYTES_PER_SAMPLE.get(str(image.format), 8))
    return 16.0 if format_name == "avif" else 8.0
