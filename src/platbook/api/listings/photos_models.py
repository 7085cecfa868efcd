"""Photos of a listing: bodies of changes, and responses as the OpenAPI document describes them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from platbook.api.models import ApiModel, RequestBody


class OpenModel(BaseModel):
    """A part of a listing's document, which may have more fields than these."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow")


class PhotoVariantRead(ApiModel):
    """A photo in one size and format. The URL of a private one is valid for at least an hour."""

    url: str
    width: int
    height: int
    bytes: int
    format: str = Field(examples=["webp"])


class StoredFileRead(ApiModel):
    """A video or document as it came. The URL of a private one is valid for at least an hour."""

    url: str
    bytes: int
    format: str = Field(examples=["mp4"])
    content_type: str = Field(examples=["video/mp4"])


class PhotoRead(OpenModel):
    """A photo, video, document or tour. Without variants, draw `color` or `placeholder` (a BlurHash)."""

    media_key: str
    order: int
    category: str
    caption: str | None = None
    state: str = Field(examples=["stored"], description="waiting, stored, failed, or linked: not fetched")
    width: int | None = None
    height: int | None = None
    color: str = Field(examples=["#a8b8c8"])
    placeholder: str | None = None
    variants: dict[str, PhotoVariantRead] = Field({}, description="by size: thumbnail, medium, large")
    file: StoredFileRead | None = Field(None, description="a stored video or document; left out where there is none")
    source_url: str | None = Field(None, description="the source's own URL, where it may be shown")
    reason: str | None = Field(None, description="why it could not be fetched; for staff")


class PhotoList(ApiModel):
    """A listing's photos."""

    media: list[PhotoRead]


class PhotoFromUrl(RequestBody):
    """The URL to fetch a photo from."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]


class PhotoOrderItem(RequestBody):
    """One photo in the new order. Omitted fields stay; an empty caption removes it."""

    media_key: Annotated[str, Field(min_length=1, max_length=200)]
    caption: Annotated[str, Field(max_length=1000)] | None = None
    is_public: bool | None = None


class PhotoOrderUpdate(RequestBody):
    """All photos of a listing, in their new order."""

    media: Annotated[list[PhotoOrderItem], Field(max_length=1000)]
