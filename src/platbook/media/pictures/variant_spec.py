"""The specification of a picture's variants: sizes, formats, quality."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """A format that variants are encoded in. The value is also the suffix of an object's name."""

    WEBP = "webp"
    JPEG = "jpeg"
    PNG = "png"


@dataclass(frozen=True, slots=True)
class Size:
    """A bounding box that a variant fits inside, in pixels."""

    name: str
    width: int
    height: int


SIZES = (Size("thumbnail", 200, 150), Size("medium", 800, 600), Size("large", 1920, 1440))


@dataclass(frozen=True, slots=True)
class VariantSpec:
    """Sizes and formats to make, `quality` 1 to 100 of the lossy ones, and WebP's `effort` 0 (fast) to 6 (small).

    Effort 2 is the best trade-off: 4 takes twice the time for the same bytes and half a decibel.
    """

    sizes: Sequence[Size] = SIZES
    formats: Sequence[Format] = (Format.WEBP,)
    quality: int = 90
    effort: int = 2


DEFAULT_SPEC = VariantSpec()
