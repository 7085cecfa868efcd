"""How a provider's listings may be shown in public. What is not allowed is not shown."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

SHOWN_BY_DEFAULT = ("Active", "Active Under Contract", "Closed", "Coming Soon", "Pending")


class DisplaySettings(BaseModel):
    """A provider's display settings, part of the version of its documents."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    listing_display_when_null: bool = Field(
        default=False, description="what a missing InternetEntireListingDisplayYN means"
    )
    address_display_when_null: bool = Field(default=False, description="what a missing InternetAddressDisplayYN means")
    photo_display_when_null: bool = Field(
        default=False, description="whether a photo without a Permission may be shown in public"
    )
    hot_link: bool = Field(
        default=False, description="whether a photo that is not stored may be shown from the source's own URL"
    )
    statuses: tuple[str, ...] = Field(
        default=SHOWN_BY_DEFAULT, description="standard statuses that may be shown in public"
    )
    mls: str | None = Field(default=None, max_length=200, description="the MLS's name, as its rules want it displayed")
    copyright: str | None = Field(default=None, max_length=1000)
    disclaimer: str | None = Field(default=None, max_length=5000)
