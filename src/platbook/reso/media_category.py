"""What a Media record is by its MediaCategory: an image, or a video, a document or a tour.

RESO's values are Video, Document, Branded Virtual Tour and Unbranded Virtual Tour beside those of images. Sources spell
them as one word, too (`BrandedVirtualTour`), in the plural, or with words before them (`Drone Video`).
"""

import re

_NO_IMAGE = re.compile(r"(?:tours?|videos?|documents?)\Z", re.IGNORECASE | re.ASCII)
_TOUR = re.compile(r"tours?\Z", re.IGNORECASE | re.ASCII)
_UNBRANDED = re.compile(r"unbranded", re.IGNORECASE | re.ASCII)


def is_image(category: str) -> bool:
    """Whether it is a photo or another image (floor plan, logo). This is `media_is_image` of migration 0072."""
    return _NO_IMAGE.search(category) is None


def may_be_branded(category: str) -> bool:
    """Whether it is a tour of which the source does not say that it is unbranded."""
    return _TOUR.search(category) is not None and _UNBRANDED.search(category) is None
