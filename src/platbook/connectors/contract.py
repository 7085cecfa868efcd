"""The connector contract: what the sync engine asks of every source, and the errors a source may answer with.

This is the only module of Platbook a third-party connector imports. A connector hands over what the source said;
it does not normalise. It is registered under the entry-point group `platbook.connectors` by its `name`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType, Protocol, runtime_checkable

from pydantic import BaseModel

from platbook.base.clock import Clock
from platbook.base.errors import (
    CredentialsRefused,
    LoginSlotTaken,
    PlatbookError,
    ProviderMisconfigured,
    RateLimited,
    SourceBrokeProtocol,
    SourceUnavailable,
)
from platbook.base.http_reply import HttpReply

__all__ = [
    "Capabilities",
    "Clock",
    "Connector",
    "CredentialsRefused",
    "Cursor",
    "DeleteSignal",
    "Discovering",
    "Discovery",
    "HttpClient",
    "HttpReply",
    "KeyPage",
    "LoginSlotTaken",
    "MediaRef",
    "MediaSource",
    "Page",
    "PlatbookError",
    "ProviderMisconfigured",
    "RateLimited",
    "RawRecord",
    "Remarking",
    "Resource",
    "Scope",
    "Session",
    "SourceBrokeProtocol",
    "SourceClass",
    "SourceField",
    "SourceLookup",
    "SourceResource",
    "SourceUnavailable",
    "SourceValue",
]

Cursor = NewType("Cursor", str)
"""Opaque: written and read by its connector only."""


class Resource(StrEnum):
    """What can be replicated, by RESO's resource names."""

    PROPERTY = "Property"
    MEMBER = "Member"
    OFFICE = "Office"
    OPEN_HOUSE = "OpenHouse"


class DeleteSignal(StrEnum):
    """How a source tells that a record is gone."""

    FLAG = "flag"
    SWEEP = "sweep"
    DELETED_RESOURCE = "deleted_resource"


class MediaSource(StrEnum):
    """Where a source keeps a listing's photos."""

    NONE = "none"
    INLINE = "inline"
    RESOURCE = "resource"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class MediaRef:
    """One photo or document of a listing. `content` is an address to fetch, or the bytes themselves."""

    media_key: str
    order: int
    content: str | bytes
    category: str = "Photo"
    caption: str | None = None
    permission: Sequence[str] | None = None
    modified: str | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as the source said it.

    `fields` holds only JSON values (text, numbers, booleans, null, lists, objects). `visible` False is the source's
    own word that the record is gone. `modified` is the source's modification time in the source's own text.
    `media` is the record's whole set of photos where the source sends them inline, None where it does not.
    """

    key: str
    fields: Mapping[str, object]
    visible: bool = True
    modified: str | None = None
    media: Sequence[MediaRef] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A batch of changed records.

    `checkpoint` is where this walk can be resumed after this page (None: a walk cut here starts again).
    `watermark` is where the next incremental run may start, as far as this walk has seen; the engine saves it when
    the walk is complete, or page by page where the connector is `time_ordered`.
    `complete`: the protocol said that nothing follows. A walk that ends without it is a failed walk.
    `problems` are records the connector could not read at all: (key or None, field or None, reason, what it saw).
    """

    records: Sequence[RawRecord]
    checkpoint: Cursor | None = None
    watermark: Cursor | None = None
    total: int | None = None
    complete: bool = False
    problems: Sequence[tuple[str | None, str | None, str, str]] = ()


@dataclass(frozen=True, slots=True)
class KeyPage:
    """A batch of the keys a source holds now; the last one is `complete`: the protocol said that nothing follows.

    `total` is how many records the source itself counts (a COUNT, an `@odata.count`), on any page, the last one counts.
    It is never a number of keys that the connector received: it is what they are compared with. A sweep is complete
    only when as many distinct keys were given. Where the source does not count, `total` is None, and a key that the
    source repeats is given as often as it came: one key twice means that paging has shifted, and another was skipped.
    Only rows that the connector itself asked for twice, as an overlap of two pages, are left out.
    """

    keys: Sequence[str]
    complete: bool = False
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which listings of a source are wanted. Empty means all of that kind.

    A connector narrows its queries by it where the source can; the engine applies it again to what comes.
    """

    statuses: frozenset[str] = frozenset()
    property_types: frozenset[str] = frozenset()
    closed_since: str | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a source, so configured, can do."""

    incremental: bool
    key_sweep: bool
    time_ordered: bool = False
    deletes: frozenset[DeleteSignal] = frozenset({DeleteSignal.SWEEP})
    media: MediaSource = MediaSource.NONE
    volatile_fields: frozenset[str] = frozenset()
    """Source fields that change on every reading without meaning a change (signed addresses, view counts)."""
    max_concurrency: int = 1
    """Sessions the source allows at once for one login."""


class HttpClient(Protocol):
    """The lent client: every request passes the provider's quota, seats, log and retry.

    Transient trouble (no connection, time-out, 5xx but 501, 429) is retried inside; what is left raises
    SourceUnavailable or RateLimited. Every other status is the connector's to judge. A body that stops short of its
    Content-Length raises SourceBrokeProtocol while it is read. Cookies are the connector's own affair.
    """

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> AbstractAsyncContextManager[HttpReply]:
        """Send one request and lend its answer. `url` is sent as it stands: nothing is re-encoded or appended."""
        ...


class Session(Protocol):
    """A logged-in conversation with one source. Raises only errors of `platbook.base.errors`."""

    def changes(self, resource: Resource, since: Cursor | None, resume: Cursor | None) -> AsyncIterator[Page]:
        """Walk what changed since the watermark `since` (None: everything), from the checkpoint `resume` if given."""
        ...

    def keys(self, resource: Resource) -> AsyncIterator[KeyPage]:
        """Walk every key the source holds in scope."""
        ...

    async def record(self, resource: Resource, key: str) -> RawRecord | None:
        """Read one record by its key; None: the source says there is none."""
        ...

    async def count(self, resource: Resource) -> int | None:
        """Count the records in scope; None: the source cannot tell."""
        ...

    def media(self, listing_keys: Sequence[str]) -> AsyncIterator[tuple[str, MediaRef]]:
        """Read the photos of listings, addresses fresh; pairs of listing key and photo."""
        ...


@runtime_checkable
class Remarking(Protocol):
    """What a session may offer besides: what a person should know of it, though it went well."""

    def remarks(self) -> Sequence[str]:
        """Sentences such as which way of paging the source needed, or how many characters were repaired."""
        ...


@dataclass(frozen=True, slots=True)
class SourceValue:
    """One value of a lookup: `value` as records hold it coded, and its words."""

    value: str
    label: str
    short: str | None = None


@dataclass(frozen=True, slots=True)
class SourceLookup:
    """The values that a source allows in a field."""

    name: str
    values: Sequence[SourceValue]


@dataclass(frozen=True, slots=True)
class SourceField:
    """One field of a source. `standard_name` is the standard's word for it, where the source tells one."""

    name: str
    label: str | None = None
    standard_name: str | None = None
    data_type: str | None = None
    """The source's own word, such as Character, Int, DateTime."""
    max_length: int | None = None
    precision: int | None = None
    lookup: str | None = None
    is_multiple: bool = False
    is_searchable: bool = False


@dataclass(frozen=True, slots=True)
class SourceClass:
    """One kind of record of a resource, with fields of its own."""

    name: str
    label: str | None = None
    standard_name: str | None = None
    description: str | None = None
    fields: Sequence[SourceField] = ()


@dataclass(frozen=True, slots=True)
class SourceResource:
    """One resource of a source. `objects` are the kinds of photos and documents it keeps."""

    name: str
    label: str | None = None
    standard_name: str | None = None
    key_field: str | None = None
    classes: Sequence[SourceClass] = ()
    lookups: Sequence[SourceLookup] = ()
    objects: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a source says of itself. `mark` changes when it does; `settings` are the connector's own proposal."""

    resources: Sequence[SourceResource]
    mark: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict[str, object])


class Connector(Protocol):
    """One way of talking to an MLS."""

    name: str
    """The `providerType`."""
    settings_model: type[BaseModel]
    """Validates a provider's `settings` (no secrets)."""
    credentials_model: type[BaseModel]
    """Validates a provider's `credentials`; every field of it is treated as secret."""

    def capabilities(self, settings: BaseModel) -> Capabilities:
        """What a source so configured can do; pure."""
        ...

    def connect(
        self, settings: BaseModel, credentials: BaseModel, *, scope: Scope, http: HttpClient, clock: Clock
    ) -> AbstractAsyncContextManager[Session]:
        """Log in, lend the session, log out."""
        ...


@runtime_checkable
class Discovering(Protocol):
    """What a connector may offer besides: reading what a source says of itself."""

    async def discover(
        self, settings: BaseModel, credentials: BaseModel, *, http: HttpClient, clock: Clock, known: str | None
    ) -> Discovery | None:
        """Read a source's resources, classes, fields and lookups; None: its mark is still the `known` one.

        Raises only errors of `platbook.base.errors`. Settings that only a discovery can tell may be missing.
        """
        ...
