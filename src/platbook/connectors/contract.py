"""The connector contract, version 2: what the sync engine requires of a source, and the errors a connector may raise.

This is the only module of Platbook that a third-party connector imports. A connector passes on records as the source
sent them; it does not normalise them. It is registered by its `name` under the entry-point group `platbook.connectors`.

Everything the engine has to know about a source is stated in its `SourceProfile`. Nothing outside the connector reads a
key of its settings. Version 2 replaced `capabilities` with `profile`, and the tuples of `Page.problems` with
`RecordProblem`.
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
    NeedsOperator,
    PlatbookError,
    ProviderMisconfigured,
    RateLimited,
    ReplyTooLarge,
    SourceBrokeProtocol,
    SourceTooSlow,
    SourceUnavailable,
)
from platbook.base.http_reply import HttpReply

__all__ = [
    "ByKey",
    "Clock",
    "Connector",
    "CredentialsRefused",
    "Cursor",
    "DeleteSignal",
    "Discovery",
    "HttpClient",
    "HttpReply",
    "KeyPage",
    "LoginSlotTaken",
    "MediaRef",
    "MediaSource",
    "NeedsOperator",
    "Page",
    "PlatbookError",
    "ProviderMisconfigured",
    "RateLimited",
    "RawRecord",
    "RecordProblem",
    "ReplyTooLarge",
    "Resource",
    "ResourceProfile",
    "Scope",
    "Session",
    "SourceBrokeProtocol",
    "SourceClass",
    "SourceField",
    "SourceLookup",
    "SourceProfile",
    "SourceResource",
    "SourceTooSlow",
    "SourceUnavailable",
    "SourceValue",
    "SupportsDiscovery",
    "SupportsRemarks",
]


Cursor = NewType("Cursor", str)
"""An opaque position in a source: written and read by its connector only."""


class Resource(StrEnum):
    """The resources that can be replicated, by their RESO names."""

    PROPERTY = "Property"
    MEMBER = "Member"
    OFFICE = "Office"
    OPEN_HOUSE = "OpenHouse"


class DeleteSignal(StrEnum):
    """How the deletion of a record is detected."""

    FLAG = "flag"
    """The record is sent once more, with a field that marks it as deleted (`RawRecord.visible` is False)."""
    SWEEP = "sweep"
    """The record is missing from the list of all keys: source and replica are reconciled by a key sweep."""
    DELETED_RESOURCE = "deleted_resource"
    """The source lists deleted keys in a resource of their own; the connector sends them as records not `visible`."""


class ByKey(StrEnum):
    """How many records a source can be asked for by their keys in one request."""

    MANY = "many"
    """Lists of keys (`records`)."""
    ONE = "one"
    """One key at a time (`record`)."""
    NONE = "none"
    """None: a record cannot be read by its key."""


class MediaSource(StrEnum):
    """Where a source keeps a listing's photos."""

    NONE = "none"
    INLINE = "inline"
    RESOURCE = "resource"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class MediaRef:
    """One photo or document of a listing. `content` is a URL to fetch, or the bytes themselves."""

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
    """One record as the source sent it.

    `fields` holds only JSON values (text, numbers, booleans, null, lists, objects). `visible` False:
    the source itself marks the record as deleted. `modified` is the modification time in the source's own text.
    `media` is the record's complete set of photos where the source sends them inline, None where it does not.
    `source_class` is the source's own subdivision that it is of, where that has a mapping of its own.
    """

    key: str
    fields: Mapping[str, object]
    visible: bool = True
    modified: str | None = None
    media: Sequence[MediaRef] | None = None
    source_class: str | None = None


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """A record that the connector received and could not read.

    `key` and `field` (the source's name) are None where they are not known; `sample` is the beginning of what was sent.
    """

    key: str | None
    field: str | None
    reason: str
    sample: str


@dataclass(frozen=True, slots=True)
class Page:
    """A batch of changed records.

    `checkpoint` is where this walk can be resumed after this page (None: a walk cut here starts again).
    `watermark` is where the next incremental run may start, as far as this walk has seen; the engine saves it when
    the walk is complete, or page by page where the connector is `time_ordered`.
    `complete`: the protocol proves that nothing follows. A walk that ends without such a page has failed.
    `problems` are the records that the connector could not read at all.
    """

    records: Sequence[RawRecord]
    checkpoint: Cursor | None = None
    watermark: Cursor | None = None
    total: int | None = None
    complete: bool = False
    problems: Sequence[RecordProblem] = ()


@dataclass(frozen=True, slots=True)
class KeyPage:
    """A batch of the keys a source holds now; the last one is `complete`: the protocol proves that nothing follows.

    `total` is how many records the source itself counts (a COUNT, an `@odata.count`), on any page, the last one counts.
    It is never a number of keys that the connector received: it is what they are compared with. A sweep is complete
    only when as many distinct keys were yielded. Where the source does not count, `total` is None, and a key that the
    source repeats is yielded as often as it came: one key twice means that paging has shifted, and another was skipped.
    Only rows that the connector itself requested twice, as an overlap of two pages, are left out.
    """

    keys: Sequence[str]
    complete: bool = False
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which listings of a source are replicated. An empty criterion allows all.

    A connector narrows its queries by it where the source can; the engine applies it again to what it receives.
    """

    statuses: frozenset[str] = frozenset()
    property_types: frozenset[str] = frozenset()
    closed_since: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceProfile:
    """How a source, with its present settings, serves one resource."""

    key_field: str | None = None
    """The source's field that holds the record's key; None: the key is not one of the fields."""
    incremental: bool = True
    """`changes` can start from a watermark. Otherwise every run reads the whole resource."""
    key_sweep: bool = True
    """`keys` can list every key of the resource."""
    time_ordered: bool = False
    """`changes` sends records in order of modification, so that each page's watermark can be saved."""
    deletes: frozenset[DeleteSignal] = frozenset({DeleteSignal.SWEEP})
    """How deletions are detected; empty: they are not."""
    media: MediaSource = MediaSource.NONE
    volatile_fields: frozenset[str] = frozenset()
    """Fields that change without meaning a change, by the source's names or RESO's, beyond those known by their names:
    counters of days and views, and signatures of addresses."""
    classes: Sequence[str] = ()
    """The source's own subdivisions of the resource that are replicated; empty: the whole resource."""
    by_key: ByKey = ByKey.ONE
    """How records can be read by their keys, as a sweep does with those it would remove and those it misses."""

    @property
    def needs_sweep(self) -> bool:
        """Whether deletions are detected only by comparing keys, and the source can list them."""
        return self.key_sweep and DeleteSignal.SWEEP in self.deletes

    @property
    def reports_deletions(self) -> bool:
        """Whether the source reports deletions itself, by a flag or in a resource of their own."""
        return bool(self.deletes - {DeleteSignal.SWEEP})


@dataclass(frozen=True, slots=True)
class SourceProfile:
    """What the engine has to know about a source, with its present settings."""

    resources: Mapping[Resource, ResourceProfile]
    """The resources that are replicated; a resource without an entry is not asked for."""
    time_zone: str = "UTC"
    """The IANA name of the zone of timestamps that carry no offset."""
    max_concurrency: int = 1
    """How many sessions the source allows at the same time for one login."""
    base_urls: Sequence[str] = ()
    """The URLs in the settings that requests begin with. Requests go to their hosts and to `trusted_hosts` alone, and
    never from https to http. Empty: the host of the session's first request is taken."""
    trusted_hosts: Sequence[str] = ()
    """Further hosts that the settings allow what the source sends to name."""

    def resource(self, resource: Resource) -> ResourceProfile:
        """The profile of one resource; ProviderMisconfigured where the source does not serve it."""
        profile = self.resources.get(resource)
        if profile is None:
            raise ProviderMisconfigured(f"the source does not serve {resource}")
        return profile


class HttpClient(Protocol):
    """The client a session is given: every request passes the provider's rate limit, seats, log and retry.

    Transient failures (no connection, time-out, 5xx but 501, 429) are retried inside with backoff; those that remain
    raise SourceUnavailable or RateLimited. Every other status is for the connector to judge. A body that stops short of
    its Content-Length raises SourceBrokeProtocol while it is read, one that is too slow or too large for the limits of
    the process SourceTooSlow or ReplyTooLarge. The connector handles cookies itself.

    A request to a host that the profile's `base_urls` and `trusted_hosts` do not name, or by http after https, is not
    sent: SourceBrokeProtocol.
    """

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> AbstractAsyncContextManager[HttpReply]:
        """Send one request and yield its reply. `url` is sent as it is: nothing is re-encoded or appended."""
        ...


class Session(Protocol):
    """A logged-in session with one source. Raises only errors of `platbook.base.errors`."""

    def changes(self, resource: Resource, since: Cursor | None, resume: Cursor | None) -> AsyncIterator[Page]:
        """Walk what changed since the watermark `since` (None: everything), or go on from a checkpoint."""
        ...

    def keys(self, resource: Resource) -> AsyncIterator[KeyPage]:
        """Walk every key the source holds in scope."""
        ...

    async def record(self, resource: Resource, key: str) -> RawRecord | None:
        """Read one record by its key; None: the source has none. Not called where the profile's `by_key` is NONE."""
        ...

    def records(self, resource: Resource, keys: Sequence[str]) -> AsyncIterator[RawRecord]:
        """Read records by their keys, each once, in any order; keys that the source does not have are absent.

        A key that is absent may be removed. So a reply that may be truncated, or a list of keys that the source does
        not honour, is an error or is requested in another way. Called only where the profile's `by_key` is MANY, with
        at most 100 keys; a connector without it stands.
        """
        ...

    async def count(self, resource: Resource) -> int | None:
        """Count the records in scope; None: the source cannot count them."""
        ...

    def media(self, listing_keys: Sequence[str]) -> AsyncIterator[tuple[str, MediaRef]]:
        """Read the photos of listings, with fresh URLs; pairs of listing key and photo."""
        ...


@runtime_checkable
class SupportsRemarks(Protocol):
    """Optional for a session: remarks for an operator about a session that went well."""

    def remarks(self) -> Sequence[str]:
        """Sentences such as which paging mode the source needed, or how many characters were repaired."""
        ...


@dataclass(frozen=True, slots=True)
class SourceValue:
    """One value of a lookup: `value` as coded in records, and its label."""

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
    """One field of a source. `standard_name` is its name in the standard, where the source states one."""

    name: str
    label: str | None = None
    standard_name: str | None = None
    data_type: str | None = None
    """The source's own type name, such as Character, Int, DateTime."""
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
    """One resource of a source. `objects` are the kinds of photos and documents it has."""

    name: str
    label: str | None = None
    standard_name: str | None = None
    key_field: str | None = None
    classes: Sequence[SourceClass] = ()
    lookups: Sequence[SourceLookup] = ()
    objects: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Discovery:
    """A source's description of itself.

    `mark` changes whenever the description does. `settings` are those that the connector proposes.
    `listing_resource` names the one of `resources` that holds the listings; None: the connector found none.
    `classes` are those of its classes that can be synced; empty: all. `remarks` are sentences for an operator, such as
    why a class is not among them.
    """

    resources: Sequence[SourceResource]
    mark: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    listing_resource: str | None = None
    classes: Sequence[str] = ()
    remarks: Sequence[str] = ()


class Connector(Protocol):
    """One way of talking to an MLS."""

    name: str
    """The `providerType`."""
    settings_model: type[BaseModel]
    """Validates a provider's `settings` (no secrets)."""
    credentials_model: type[BaseModel]
    """Validates a provider's `credentials`; every field of it is treated as secret."""

    def profile(self, settings: BaseModel) -> SourceProfile:
        """How a source with these settings is replicated; pure."""
        ...

    def connect(
        self, settings: BaseModel, credentials: BaseModel, *, scope: Scope, http: HttpClient, clock: Clock
    ) -> AbstractAsyncContextManager[Session]:
        """Log in, yield the session, log out."""
        ...


@runtime_checkable
class SupportsDiscovery(Protocol):
    """Optional for a connector: reading a source's metadata."""

    async def discover(
        self, settings: BaseModel, credentials: BaseModel, *, http: HttpClient, clock: Clock, last_mark: str | None
    ) -> Discovery | None:
        """Read a source's resources, classes, fields and lookups; None: its mark is still `last_mark`.

        Raises only errors of `platbook.base.errors`. Settings that only discovery can supply may be missing.
        """
        ...
