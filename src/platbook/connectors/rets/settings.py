"""Settings and credentials of a RETS provider."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel


def _must_be_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError) as error:
        raise ValueError(f"{name} is not a time zone, such as America/Denver") from error
    return name


class RetsSettings(BaseModel):
    """How to talk to one RETS server. `classes` may be missing at first; its test and its syncs will say so."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    login_url: Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2000)]
    resource: str = "Property"
    classes: tuple[str, ...] = ()
    key_field: str = "ListingKey"
    modified_field: str = "ModificationTimestamp"
    time_zone: Annotated[str, AfterValidator(_must_be_zone)] = "UTC"
    rets_version: Annotated[str, Field(pattern=r"^RETS/1\.\d(\.\d)?$")] = "RETS/1.7.2"
    method: Literal["GET", "POST"] = "GET"
    format: Literal["COMPACT-DECODED", "COMPACT"] = "COMPACT-DECODED"
    page_size: Annotated[int, Field(ge=1, le=50_000)] = 1000
    overlap_seconds: Annotated[int, Field(ge=0, le=86_400)] = 300
    query: Annotated[str, Field(max_length=4000)] = ""
    """A further DMQL2 criterion that narrows every search."""
    all_query: Annotated[str, Field(max_length=4000)] = ""
    """What asks for everything; by default all records modified since 1950."""


class RetsCredentials(BaseModel):
    """A RETS login. Some sources know clients by their User-Agent, which then is part of it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    username: Annotated[str, Field(min_length=1)]
    password: SecretStr
    user_agent: str = "Platbook/1.0"
