"""Settings and credentials of a RETS provider."""

from collections.abc import Mapping
from typing import Annotated, Literal, cast
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic.alias_generators import to_camel

from platbook.connectors.rets.criteria import SearchCriterion
from platbook.connectors.rets.presets import PRESETS
from platbook.protocols.rets.query import all_of
from platbook.protocols.rets.user_agent import UserAgentCredentials, UserAgentForm


def _must_be_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError) as error:
        raise ValueError(f"{name} is not a time zone, such as America/Denver") from error
    return name


def _must_be_preset(name: str | None) -> str | None:
    if name is not None and name not in PRESETS:
        raise ValueError(f"there is no preset {name[:40]}; the presets are {', '.join(PRESETS)}")
    return name


class ClassFields(BaseModel):
    """The columns of one class that have other names than the settings say.

    `photosModifiedField` may be null: the class has none.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    key_field: str | None = None
    key_query_field: str | None = None
    modified_field: str | None = None
    modified_query_field: str | None = None
    photos_count_field: str | None = None
    photos_modified_field: str | None = None
    photos_modified_query_field: str | None = None


class RetsSettings(BaseModel):
    """How to talk to one RETS server. `classes` may be missing until discovery has proposed them."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    login_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+([/?#]\S*)?$", max_length=2000)]
    trusted_hosts: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,253}$")], ...], Field(max_length=20)
    ] = ()
    """Further hosts that the login reply may name, and that credentials are sent to."""
    preset: Annotated[str | None, AfterValidator(_must_be_preset)] = None
    """A vendor's name: its settings apply where the provider has none of its own."""

    resource: str = "Property"
    classes: tuple[str, ...] = ()
    key_field: str = "ListingKey"
    key_query_field: str | None = None
    """The field that queries name, where it is not the column."""
    modified_field: str = "ModificationTimestamp"
    modified_query_field: str | None = None
    class_fields: dict[str, ClassFields] = {}
    """Classes whose columns have other names, and these names."""
    time_zone: Annotated[str, AfterValidator(_must_be_zone)] = "UTC"

    rets_version: Annotated[str, Field(pattern=r"^RETS/1\.\d(\.\d)?$")] = "RETS/1.7.2"
    """The version to begin with; if the source requires or answers with another one, that is used."""
    auth: Literal["digest", "basic"] = "digest"
    """The scheme to choose of several challenges; `basic` is also sent without a challenge."""
    user_agent_form: UserAgentForm = UserAgentForm.STANDARD
    send_request_id: bool = False
    broker_code: Annotated[str, Field(max_length=100)] = ""
    method: Literal["GET", "POST"] = "GET"
    accept: Annotated[str, Field(max_length=200)] = "*/*"
    encoding: Annotated[str | None, Field(max_length=40)] = None
    """The encoding of replies that do not name theirs."""
    sessions: Annotated[int, Field(ge=1, le=16)] = 1
    """Sessions the source allows at once for this login."""
    slot_wait_seconds: Annotated[float, Field(ge=0, le=900)] = 60
    """How long to wait for the login's only session (reply 20022)."""

    format: Literal["COMPACT-DECODED", "COMPACT", "STANDARD-XML"] = "COMPACT-DECODED"
    query_type: Literal["DMQL", "DMQL2"] | None = None
    """The language of queries; by default DMQL2, or DMQL in RETS 1.0, and the other where the source refuses it."""
    page_size: Annotated[int, Field(ge=1, le=50_000)] = 1000
    paging: Literal["auto", "offset", "key", "time"] = "auto"
    """The paging mode: by Offset, by key lists, by time slices; `auto` begins with Offset and falls back."""
    columns: tuple[str, ...] = ()
    """The columns to request; empty: all of them."""
    columns_per_request: Annotated[int, Field(ge=3, le=10_000)] | None = None
    """How many columns a search may select; a record is joined from as many searches as needed."""
    keys_per_request: Annotated[int, Field(ge=1, le=5000)] = 200
    overlap_seconds: Annotated[int, Field(ge=0, le=86_400)] = 300
    restricted_indicator: Annotated[str, Field(pattern=r"^[!-~]{0,9}$")] = ""
    """What the source is asked to send in place of a restricted value; stored as null."""
    query: Annotated[str, Field(max_length=4000)] = ""
    """A further DMQL2 criterion that narrows every search."""
    criteria: Annotated[tuple[SearchCriterion, ...], Field(max_length=100)] = ()
    """As `query`, with typed values that are formatted as DMQL2 requires; all must match."""
    all_query: Annotated[str, Field(max_length=4000)] = ""
    """The query that matches everything; by default one is found that leaves no record out (`everything`)."""
    deleted_field: str | None = None
    deleted_value: str = "1"
    """A record whose `deletedField` has this value is deleted."""

    volatile_fields: tuple[str, ...] = ()
    """Further fields that change without a change of the record, by the source's name or RESO's."""

    metadata_format: Literal["COMPACT", "STANDARD-XML"] = "COMPACT"
    """The format to request first; the other is requested where the source refuses it."""
    metadata_at_once: bool = False
    """Whether to request all metadata in one reply, rather than level by level."""

    photo_type: Annotated[str, Field(min_length=1, max_length=64)] | None = "Photo"
    """The object type of photos; null: photos are not fetched."""
    photo_location: bool = False
    """Whether to request URLs in place of bytes."""
    photos_per_request: Annotated[int, Field(ge=1, le=500)] = 20
    """How many records one request for photos names."""
    photos_count_field: str = "PhotosCount"
    photos_modified_field: str | None = "PhotosChangeTimestamp"
    """When a record's photos changed; an incremental run asks for it too. Null: the source has no such field."""
    photos_modified_query_field: str | None = None

    max_page_bytes: Annotated[int, Field(ge=100_000, le=2**40)] = 24 * 2**20
    """How large a reply may be whose rows are held in memory at once; one with a Limit is broken off there."""
    max_row_bytes: Annotated[int, Field(ge=10_000, le=7 * 2**20)] = 4 * 2**20
    """How large one row may be."""
    max_reply_rows: Annotated[int, Field(ge=1, le=10**9)] = 2_000_000
    """How many rows one reply may have, such as a list of all keys."""
    max_class_rows: Annotated[int, Field(ge=1, le=10**9)] = 5_000_000
    """How many rows all replies of one walk through a class may have, those that come twice included."""
    max_photo_bytes: Annotated[int, Field(ge=1000, le=60 * 2**20)] = 60 * 2**20
    """How large one photo may be that comes as bytes."""
    max_listing_photos: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """How many photos one reply may have of one listing."""
    max_listing_photo_bytes: Annotated[int, Field(ge=1000, le=2**40)] = 128 * 2**20
    """How large the photos of one listing in one reply may be together."""
    max_metadata_bytes: Annotated[int, Field(ge=10_000, le=2**40)] = 32 * 2**20
    """How large the metadata may be, over all requests of one discovery."""
    max_metadata_values: Annotated[int, Field(ge=1000, le=10**9)] = 1_500_000
    """How many values the metadata may have."""

    @model_validator(mode="before")
    @classmethod
    def _begin_with_preset(cls, raw: object) -> object:
        if not isinstance(raw, Mapping):
            return raw
        own = dict(cast("Mapping[str, object]", raw))
        preset = PRESETS.get(str(own.get("preset")), {})
        own_names = {to_camel(name) for name in own}
        return {**{name: value for name, value in preset.items() if name not in own_names}, **own}

    def of_class(self, class_name: str) -> "RetsSettings":
        """The settings of one class: those of all, with the names of its own columns."""
        own = self.class_fields.get(class_name)
        if own is None:
            return self
        named = own.model_dump(exclude_none=True)
        if "photos_modified_field" in own.model_fields_set:
            named["photos_modified_field"] = own.photos_modified_field
        for field in ("key", "modified", "photos_modified"):  # a column of the class's own is queried by its own name
            if f"{field}_field" in named:
                named.setdefault(f"{field}_query_field", None)
        return self.model_copy(update=named)

    @property
    def narrowing(self) -> str:
        """What narrows every search, in DMQL2; empty where nothing does."""
        return all_of([self.query, *(one.to_dmql() for one in self.criteria)])

    @property
    def queried_key(self) -> str:
        """The key's name in queries."""
        return self.key_query_field or self.key_field

    @property
    def queried_modified(self) -> str:
        """The modification time's name in queries."""
        return self.modified_query_field or self.modified_field

    @property
    def queried_photos_modified(self) -> str:
        """The name of the photos' time in queries."""
        return self.photos_modified_query_field or self.photos_modified_field or ""


class RetsCredentials(BaseModel):
    """A RETS login. Some sources know clients by their User-Agent, which then is part of it, as is its password."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    username: Annotated[str, Field(min_length=1)]
    password: SecretStr
    user_agent: Annotated[str, Field(min_length=1, max_length=200)] = "Platbook/1.0"
    user_agent_password: SecretStr | None = None

    def to_user_agent(self, form: UserAgentForm) -> UserAgentCredentials | None:
        """The registered client; None without a password, since some sources refuse an unrequested proof."""
        password = self.user_agent_password.get_secret_value() if self.user_agent_password else ""
        return UserAgentCredentials(self.user_agent, password, form) if password else None
