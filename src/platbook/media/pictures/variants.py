"""From a source's picture to what is shown: turned upright, in sRGB, without a word on where it was taken."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyvips

from platbook.base.errors import MediaRejected
from platbook.media.pictures.decode import ImageHeader, decode, read_header, to_reason
from platbook.media.pictures.placeholder import find_dominant_colour, to_blurhash
from platbook.media.pictures.repair import RepairedImage, repair
from platbook.media.pictures.variant_spec import PLAIN, Format, Size, VariantSpec

_WHITE = 255.0
_WHITE_16 = 65535.0


@dataclass(frozen=True, slots=True)
class Variant:
    """One derived picture: the name of its size, its format, its pixels, its bytes."""

    size: str
    format: Format
    width: int
    height: int
    content: bytes


@dataclass(frozen=True, slots=True)
class ProcessedPicture:
    """What became of a source's picture. `width` and `height` are the source's once upright, `format` its encoding.

    `colour` is `#rrggbb`, `placeholder` a BlurHash, `flaw` what was wrong with the source without harm to the picture.
    """

    format: str
    width: int
    height: int
    colour: str
    placeholder: str
    variants: Sequence[Variant]
    flaw: str | None = None


def to_variants(content: bytes, recipe: VariantSpec = PLAIN) -> ProcessedPicture:
    """Decode a picture whole and make every variant. Takes a core for its time, and memory: see `Studio`.

    MediaRejected, with the reason, for anything that is not a whole picture.
    """
    return develop(content, read_header(content), recipe)


def develop(content: bytes, header: ImageHeader, recipe: VariantSpec) -> ProcessedPicture:
    """As `to_variants`, where the header has been read already."""
    try:
        return _develop(RepairedImage(content, "warning", ""), header, recipe)
    except pyvips.Error as error:
        reason = to_reason(error)
    mended = repair(content, header, reason)
    if mended is not None:
        with contextlib.suppress(pyvips.Error):
            return replace(_develop(mended, header, recipe), flaw=mended.flaw)
    raise MediaRejected(f"cannot be decoded: {reason}")


def _develop(source: RepairedImage, header: ImageHeader, recipe: VariantSpec) -> ProcessedPicture:
    """Every variant from the largest down, each from the one before."""
    sizes = sorted(recipe.sizes, key=lambda size: -size.width)
    image = _read_at(source, header, sizes[0])
    variants: list[Variant] = []
    for size in sizes:
        image = _fit(image, size.width, size.height).copy_memory()
        for form in recipe.formats:
            made = _write(image, form, recipe)
            variants.append(Variant(size.name, form, image.width, image.height, made))
    shown = image.colourspace("srgb")
    upright = (header.height, header.width) if header.sideways else (header.width, header.height)
    return ProcessedPicture(header.format, *upright, find_dominant_colour(shown), to_blurhash(shown), variants)


def _read_at(source: RepairedImage, header: ImageHeader, size: Size) -> pyvips.Image:
    """The picture inside a size, upright, opaque, 8 bits of sRGB or grey a band."""
    width, height = (size.height, size.width) if header.sideways else (size.width, size.height)
    # A large JPEG is decoded small; the library's own thumbnail would stay at full size until four times too large.
    shrink = _find_shrink(header, width, height) if header.format == "jpeg" else 1
    image = _flatten(decode(source.content, shrink=shrink, fail_on=source.fail_on))
    image = _to_srgb(_fit(image, width, height)).copy_memory()
    # Turning needs the pixels out of order, so it comes after the one pass, on the small picture.
    return image if header.orientation == 1 else image.autorot()


def _find_shrink(header: ImageHeader, width: int, height: int) -> int:
    scale = min(width / header.width, height / header.height)
    return next((shrink for shrink in (8, 4, 2) if scale <= 1 / shrink), 1)


def _fit(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    scale = min(width / image.width, height / image.height)
    return image if scale >= 1 else image.resize(scale)


def _flatten(image: pyvips.Image) -> pyvips.Image:
    """On white, where it is not opaque."""
    if not image.hasalpha():
        return image
    if image.interpretation not in {"srgb", "b-w", "rgb16", "grey16"}:
        image = image.colourspace("srgb")
    white = _WHITE_16 if image.interpretation in {"rgb16", "grey16"} else _WHITE
    return image.flatten(background=[white])


def _to_srgb(image: pyvips.Image) -> pyvips.Image:
    if image.get_typeof("icc-profile-data") and image.interpretation != "b-w":
        image = image.icc_transform("srgb", embedded=True, black_point_compensation=True)
    elif image.interpretation not in {"srgb", "b-w"}:
        image = image.colourspace("srgb")
    return image if image.format == "uchar" else image.colourspace("srgb").cast("uchar")


def _write(image: pyvips.Image, form: Format, recipe: VariantSpec) -> bytes:
    options: Mapping[Format, Mapping[str, object]] = {
        Format.WEBP: {"Q": recipe.quality, "effort": recipe.effort},
        Format.JPEG: {"Q": recipe.quality, "optimize_coding": True, "interlace": True},
        Format.PNG: {"compression": 6},
    }
    return image.write_to_buffer(f".{form}", keep="none", **options[form])
