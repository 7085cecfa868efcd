"""How a provider's photos are fetched: within which limits, with which headers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from platbook.reso.media_category import is_image

_MEGABYTE = 1024 * 1024
_NEVER_SET = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "range"})


class MediaSettings(BaseModel):
    """A provider's rules for photos, videos and documents. Budgets are shared by all workers; None: no separate one.

    A header's value may name a credential in braces: `{"User-Agent": "{token}"}`.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    fetch: bool = Field(default=True, description="whether photos are fetched at all")
    videos: Literal["link", "store"] = Field(
        default="link",
        description="whether videos, documents and tours are linked to, or fetched and stored as they are",
    )
    headers: dict[
        Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")], Annotated[str, Field(max_length=2000)]
    ] = Field(default={}, description="sent with every photo's request; {name} is replaced by that credential")
    header_hosts: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,253}$")], ...] = Field(
        default=(),
        max_length=20,
        description="the hosts that headers are sent to; if empty, the source's own host and its trusted ones",
    )
    max_bytes: int = Field(
        default=40 * _MEGABYTE,
        ge=1024,
        le=200 * _MEGABYTE,
        description="the maximum size of a photo, or of a stored video or document",
    )
    concurrency: int = Field(default=8, ge=1, le=256, description="concurrent downloads of all workers")
    requests_per_second: Annotated[float, Field(ge=0.001, le=1000)] | None = Field(
        default=None, description="a rate limit for photos, apart from the provider's own"
    )
    requests_per_hour: Annotated[int, Field(ge=1, le=3_600_000)] | None = None
    bytes_per_hour: Annotated[int, Field(ge=_MEGABYTE, le=2**50)] | None = None
    address_seconds: int = Field(
        default=3000, ge=5, le=7 * 86400, description="how long the URL of a photo is valid after the source sent it"
    )
    private_addresses: bool = Field(
        default=False, description="whether photos may be downloaded from loopback and private addresses"
    )

    @field_validator("headers")
    @classmethod
    def _must_be_allowed(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if name.lower() in _NEVER_SET:
                raise ValueError(f"{name} is set by Platbook; leave it out")
            if not value.isprintable() or not value.isascii():
                raise ValueError(f"the value of {name} contains characters that are not allowed in a header")
        return headers

    def fetches(self, category: str) -> bool:
        """Whether what is of a MediaCategory is fetched; if not, it is linked to."""
        return self.fetch and (is_image(category) or self.videos == "store")

    @property
    def fetched(self) -> tuple[bool, bool]:
        """Whether photos are fetched, and whether videos, documents and tours are."""
        return self.fetches("Photo"), self.fetches("Video")

    def fill_headers(self, credentials: dict[str, object]) -> dict[str, str]:
        """The headers with credentials put in; a name that is not a credential is left unchanged."""
        filled: dict[str, str] = {}
        for name, value in self.headers.items():
            for credential, secret in credentials.items():
                value = value.replace(f"{{{credential}}}", str(secret))  # noqa: PLW2901 - filled piece by piece
            filled[name] = value
        return filled
