"""Pictures: hostile bytes in, clean small variants out."""

from platbook.media.pictures.recipe import PLAIN, SIZES, Format, Recipe, Size
from platbook.media.pictures.studio import Studio
from platbook.media.pictures.variants import Picture, Variant, to_variants

__all__ = ["PLAIN", "SIZES", "Format", "Picture", "Recipe", "Size", "Studio", "Variant", "to_variants"]
