"""Image processing: untrusted bytes in, clean small variants out."""

from platbook.media.pictures.image_pool import ImagePool
from platbook.media.pictures.variant_spec import DEFAULT_SPEC, SIZES, Format, Size, VariantSpec
from platbook.media.pictures.variants import ProcessedPicture, Variant, to_variants

__all__ = [
    "DEFAULT_SPEC",
    "SIZES",
    "Format",
    "ImagePool",
    "ProcessedPicture",
    "Size",
    "Variant",
    "VariantSpec",
    "to_variants",
]
