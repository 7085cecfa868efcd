"""Makes a picture's variants: upright, in sRGB, without metadata (no location, no camera, no name)."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyvips

from platbook.base.errors import MediaRejected
from platbook.media.pictures.decode import ImageHeader, decode, read_header, to_reason
from platbook.media.pictures.placeholder import find_dominant_color, to_blurhash
from platbook.media.pictures.repair import RepairedImage, repair
from platbook.media.pictures.variant_spec import DEFAULT_SPEC, Format, Size, VariantSpec

_WHITE = 255.0
_WHITE_16 = 65535.0


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant: the name of its size, its format, its dimensions in pixels, its bytes."""

    size: str
    format: Format
    width: int
    height: int
    content: bytes


@dataclass(frozen=True, slots=True)
class ProcessedPicture:
    """A processed picture. `width` and `height` are the source's once upright, `format` the source's encoding.

    `color` is `#rrggbb`, `placeholder` a BlurHash, `flaw` the damage of the source that was repaired.
    """

    format: str
    width: int
    height: int
    color: str
    placeholder: str
    variants: Sequence[Variant]
    flaw: str | None = None


def to_variants(content: bytes, spec: VariantSpec = DEFAULT_SPEC) -> ProcessedPicture:
    """Decode a picture and make every variant. Uses a core, and the memory that its header estimates: see `ImagePool`.

    MediaRejected, with the reason, for anything that is not a complete image.
    """
    return process(content, read_header(content), spec)


def process(content: bytes, header: ImageHeader, spec: VariantSpec) -> ProcessedPicture:
    """As `to_variants`, with a header that was read before."""
    try:
        return _process(RepairedImage(content, "warning", ""), header, spec)
    except pyvips.Error as error:
        reason = to_reason(error)
    repaired = repair(content, header, reason)
    if repaired is not None:
        with contextlib.suppress(pyvips.Error):
            return replace(_process(repaired, header, spec), flaw=repaired.flaw)
    raise MediaRejected(f"cannot be decoded: {reason}")


def _process(source: RepairedImage, header: ImageHeader, spec: VariantSpec) -> ProcessedPicture:
    """Every variant from the largest down, each from the one before."""
    sizes = sorted(spec.sizes, key=lambda size: -size.width)
    image = _read_at(source, header, sizes[0])
    variants: list[Variant] = []
    for size in sizes:
        image = _fit(image, size.width, size.height).copy_memory()
        for format_ in spec.formats:
            made = _write(image, format_, spec)
            variants.append(Variant(size.name, format_, image.width, image.height, made))
    shown = image.colourspace("srgb")
    upright = (header.height, header.width) if header.is_sideways else (header.width, header.height)
    return ProcessedPicture(header.format, *upright, find_dominant_color(shown), to_blurhash(shown), variants)


def _read_at(source: RepairedImage, header: ImageHeader, size: Size) -> pyvips.Image:
    """The picture fitted into a size, upright, opaque, 8 bits a band in sRGB or grey."""
    width, height = (size.height, size.width) if header.is_sideways else (size.width, size.height)
    # A large JPEG is decoded small; the library's own thumbnail would stay at full size until four times too large.
    shrink = _find_shrink(header, width, height) if header.format == "jpeg" else 1
    image = _flatten(decode(source.content, shrink=shrink, fail_on=source.fail_on))
    image = _to_srgb(_fit(image, width, height)).copy_memory()
    # Rotation needs random access to pixels, so it comes after the one sequential pass, on the small picture.
    return image if header.orientation == 1 else image.autorot()


def _find_shrink(header: ImageHeader, width: int, height: int) -> int:
    scale = min(width / header.width, height / header.height)
    return next((shrink for shrink in (8, 4, 2) if scale <= 1 / shrink), 1)


def _fit(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    scale = min(width / image.width, height / image.height)
    return image if scale >= 1 else image.resize(scale)


def _flatten(image: pyvips.Image) -> pyvips.Image:
    """Flatten transparency on white."""
    if not image.hasalpha():
        return image
    if image.interpretation not in {"srgb", "b-w", "rgb16", "grey16"}:
        image = image.colourspace("srgb")
    white = _WHITE_16 if image.interpretation in {"rgb16", "grey16"} else _WHITE
    return image.flatten(background=[white])


def _to_srgb(image: pyvips.Image) -> pyvips.Image:
    if image.get_typeof("icc-profile-data"):  # one that does not fit the picture is ignored by the library
        image = image.icc_transform("srgb", embedded=True, black_point_compensation=True)
    elif image.interpretation not in {"srgb", "b-w"}:
        image = image.colourspace("srgb")
    return image if image.format == "uchar" else image.colourspace("srgb").cast("uchar")


def _write(image: pyvips.Image, format_: Format, spec: VariantSpec) -> bytes:
    options: Mapping[Format, Mapping[str, object]] = {
        Format.WEBP: {"Q": spec.quality, "effort": spec.effort},
        Format.JPEG: {"Q": spec.quality, "optimize_coding": True, "interlace": True},
        Format.PNG: {"compression": 6},
    }
    return image.write_to_buffer(f".{format_}", keep="none", **options[format_])
