"""Pictures: hostile bytes in, clean small variants out."""

from platbook.media.pictures.image_pool import Studio
from platbook.media.pictures.variant_spec import PLAIN, SIZES, Format, Recipe, Size
from platbook.media.pictures.variants import Picture, Variant, to_variants

__all__ = ["PLAIN", "SIZES", "Format", "Picture", "Recipe", "Size", "Studio", "Variant", "to_variants"]
