"""The store of RESO's Property resource: the tables of `listings`, with documents, timeline, photos and terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from platbook.base.times import to_iso_z
from platbook.connectors.contract import MediaRef, MediaSource, RawRecord, Resource, Scope
from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.listings import store
from platbook.listings.listing import NormalListing, Origin
from platbook.listings.photos import FETCHED_BY_DEFAULT, limit_photos
from platbook.listings.store import ExistingRow, IncomingListing
from platbook.listings.terms import Term, TermCache, add_terms
from platbook.mapping.faults import ValueFaults
from platbook.mapping.mapping import FieldMapping
from platbook.mapping.provider_mapping import plan_provider_mapping
from platbook.mapping.storable import may_need_repair, repair_fields, repair_photo
from platbook.providers.display_rules import ProviderRules
from platbook.providers.finding import FindingKind, ValueFinding, to_finding
from platbook.providers.media import MediaSettings
from platbook.providers.sessions import Source
from platbook.reso.fields import SLOT
from platbook.reso.numbers import INT32
from platbook.reso.volatile import VOLATILE_FIELDS
from platbook.sync.clock_ahead import is_ahead
from platbook.sync.keys import find_key_fault
from platbook.sync.resources.store import MissingKey, MissingKeys, ResourceErasure, ResourceStore, SweepKeys

Q = load_queries(__package__ or "platbook.sync.resources")

_TYPE = SLOT["PropertyType"]
_CLOSED = SLOT["CloseDate"]


class PropertyErasure(ResourceErasure):
    """Erasing removed listings."""

    async def find_providers_to_erase(self, connection: ReadConnection) -> Sequence[str]:
        """Providers under retention `erase` that still have removed listings with their content."""
        return await store.find_providers_to_erase(connection)

    async def find_removed(
        self, connection: WriteConnection, provider_id: str, *, after: str, limit: int
    ) -> Sequence[tuple[UUID, str]]:
        """Ids and keys of removed listings that are not erased, locked."""
        return await store.find_removed(connection, provider_id, after=after, limit=limit)

    async def erase(self, connection: WriteConnection, ids: Sequence[UUID], origin: Origin) -> None:
        """Leave tombstones; terms, photos and the timeline's values go with the content."""
        await store.erase_listings(connection, ids, origin)


@dataclass(slots=True)
class PropertyStore(PropertyErasure, ResourceStore[IncomingListing]):
    """Listings under a provider's mapping, scope and display rules."""

    mapping: FieldMapping
    scope: Scope
    rules: ProviderRules
    photos_per_status: Mapping[str, int] = field(default_factory=dict[str, int])
    volatile: frozenset[str] = VOLATILE_FIELDS
    """RESO fields that move by themselves: a change of them is no entry of the timeline."""
    photos_elsewhere: bool = False
    """Records do not list their photos: they are requested when they are fetched."""
    media_rules: MediaSettings = FETCHED_BY_DEFAULT
    _terms: TermCache = field(default_factory=TermCache)
    _uncommitted_terms: set[Term] = field(default_factory=set[Term])

    @property
    def mapping_version(self) -> str:
        """The field mapping's version."""
        return self.mapping.version

    def hash_version(self, source_class: str | None) -> str:
        """The mapping, the class where it has a mapping of its own, and how many photos of each status are stored."""
        photos = ",".join(f"{status}={most}" for status, most in sorted(self.photos_per_status.items()))
        version = f"{self.mapping.version};{photos}"
        return f"{version};{source_class}" if source_class in self.mapping.classes else version

    @property
    def targets(self) -> Mapping[str, Sequence[str]]:
        """The RESO fields of each source field that the mapping names, for all classes of the source."""
        targets: dict[str, list[str]] = {}
        for name, source in _find_sources(self.mapping):
            targets.setdefault(source, []).append(name)
        return targets

    @property
    def key_field(self) -> str:
        """What the mapping or the settings name, else RESO's own name."""
        return self.mapping.key_field or "ListingKey"

    def normalise(self, record: RawRecord, content_hash: bytes) -> IncomingListing:
        """A record as a listing with the photos to be stored. RecordRejected names the field at fault."""
        faults = ValueFaults()
        record, raw = _repair(record, faults)
        media = None if record.media is None else _take_photos(record.media, faults)
        listing = self.mapping.of_class(record.source_class).normalise(record, faults)
        if media is not None and not record.media and self._counts_photos(listing):
            media = None
        if media is not None:
            media = limit_photos(media, self.photos_per_status.get(listing.standard_status or ""))
        return IncomingListing(
            listing,
            raw,
            content_hash,
            media,
            photos_elsewhere=self.photos_elsewhere,
            media_rules=self.media_rules,
        )

    def _counts_photos(self, listing: NormalListing) -> bool:
        """Whether a listing may have photos by its count: an empty list beside it says nothing of them."""
        if count := listing.value("PhotosCount"):
            return isinstance(count, int) and count > 0
        source = self.mapping.sources.get("PhotosCount", "PhotosCount")
        return any(one.finding.field == source for one in listing.findings)

    def is_in_scope(self, record: IncomingListing) -> bool:
        """Whether status, property type and close date are in the provider's scope."""
        listing, scope = record.listing, self.scope
        if scope.statuses and listing.standard_status not in scope.statuses:
            return False
        if scope.property_types and listing.values[_TYPE] not in scope.property_types:
            return False
        closed = listing.values[_CLOSED]
        if scope.closed_since and listing.standard_status == "Closed":
            return closed is not None and str(closed) >= scope.closed_since
        return True

    async def find_differing(
        self, connection: ReadConnection, provider_id: str, hashes: Mapping[str, bytes]
    ) -> Mapping[str, ExistingRow]:
        """The rows that are missing, changed or hidden."""
        return await store.find_differing(connection, provider_id, hashes)

    async def write(
        self,
        connection: WriteConnection,
        new: Sequence[IncomingListing],
        changed: Mapping[UUID, IncomingListing],
        origin: Origin,
    ) -> None:
        """Insert and update listings with their documents, timeline, photos and terms."""
        new = [self._note_time_ahead(one, origin.stored_at) for one in new]
        changed = {row: self._note_time_ahead(one, origin.stored_at) for row, one in changed.items()}
        await store.insert_listings(connection, new, origin, self.rules)
        await store.update_listings(connection, changed, origin, self.rules, self.volatile)
        terms = self._terms.find_new(one.listing for one in (*new, *changed.values()))
        await add_terms(connection, terms)
        self._uncommitted_terms |= terms

    def _note_time_ahead(self, one: IncomingListing, now: datetime) -> IncomingListing:
        """A listing with a finding where its modification time is ahead of the clock."""
        if one.modified is None or not is_ahead(one.modified, now):
            return one
        field = self.mapping.sources.get("ModificationTimestamp", "ModificationTimestamp")
        finding = to_finding(FindingKind.CLOCK_AHEAD, field, "is ahead of the clock")
        found = ValueFinding(finding, to_iso_z(one.modified))
        return replace(one, listing=replace(one.listing, findings=(*one.listing.findings, found)))

    async def mark_returned(self, connection: WriteConnection, ids: Sequence[UUID], origin: Origin) -> int:
        """Show listings again; how many were hidden."""
        return len(await store.mark_returned(connection, ids, origin))

    async def mark_out_of_scope(self, connection: WriteConnection, keys: Sequence[str], origin: Origin) -> None:
        """Hide listings that left the scope."""
        await store.mark_out_of_scope(connection, keys, origin)

    async def mark_scope_narrowed(self, connection: WriteConnection, origin: Origin) -> None:
        """Hide every stored listing outside the scope."""
        scope = {
            "statuses": sorted(self.scope.statuses),
            "property_types": sorted(self.scope.property_types),
            "closed_since": self.scope.closed_since,
        }
        await store.mark_scope_narrowed(connection, scope, origin)

    async def mark_removed(self, connection: WriteConnection, keys: Sequence[str], origin: Origin) -> Sequence[UUID]:
        """Hide listings that the source no longer has."""
        return await store.mark_removed(connection, keys, origin)

    async def erase(self, connection: WriteConnection, ids: Sequence[UUID], origin: Origin) -> None:
        """Leave tombstones; terms, photos and the timeline's values go with the content."""
        if await store.erase_listings(connection, ids, origin):
            self._terms.clear()  # terms of erased listings may have been deleted with them

    async def find_unseen(self, connection: ReadConnection, sweep: SweepKeys) -> Sequence[str]:
        """Keys of listings that the sweep did not read."""
        return await connection.column(str, Q.find_unseen_listings, _sweep_params(sweep))

    async def find_missing(self, connection: ReadConnection, sweep: SweepKeys, limit: int) -> MissingKeys:
        """Keys that the sweep read of listings of which nothing is known."""
        params = {**_sweep_params(sweep), "resource": Resource.PROPERTY, "scope": sweep.scope, "limit": max(1, limit)}
        rows = await connection.all(MissingKey, Q.find_missing_listings, params)
        return MissingKeys([row.listing_key for row in rows[:limit]], rows[0].total if rows else 0)

    async def count_active(self, connection: ReadConnection, provider_id: str) -> int:
        """How many listings a sweep could remove."""
        return await store.count_active(connection, provider_id)

    async def erase_unseen_rejections(self, connection: WriteConnection, sweep: SweepKeys) -> None:
        """Erase what rejected records held that no longer exist at the source."""
        await connection.run(Q.erase_unseen_rejections, {**_sweep_params(sweep), "resource": Resource.PROPERTY})

    def settle(self, *, committed: bool) -> None:
        """Add the terms of committed pages to the cache."""
        if committed:
            self._terms.add(self._uncommitted_terms)
        self._uncommitted_terms = set()


def open_property_store(source: Source) -> PropertyStore:
    """Compile a provider's rules. InvalidInput names the entry of the field mapping that cannot work."""
    provider, profile = source.provider, source.profile.resource(Resource.PROPERTY)
    mapping = plan_provider_mapping(provider.field_mapping, source.profile, Resource.PROPERTY)
    named = profile.volatile_fields
    mapped = {name for name, source_field in _find_sources(mapping) if source_field in named}
    return PropertyStore(
        mapping=mapping,
        volatile=VOLATILE_FIELDS | named | mapped,
        scope=provider.requested_scope,
        rules=provider.display_rules,
        photos_per_status=provider.photos_per_status,
        photos_elsewhere=profile.media in {MediaSource.OBJECT, MediaSource.RESOURCE},
        media_rules=provider.media_settings,
    )


def _find_sources(mapping: FieldMapping) -> set[tuple[str, str]]:
    """The RESO fields and their source fields of a mapping, and of those of its classes."""
    return {pair for one in (mapping, *mapping.classes.values()) for pair in one.sources.items()}


def _repair(record: RawRecord, faults: ValueFaults) -> tuple[RawRecord, bytes]:
    """A record without what cannot be stored, and its fields as JSON text."""
    try:
        raw = store.to_raw_json(record.fields)
        if not may_need_repair(raw):
            return record, raw
    except TypeError:  # half a character, an integer beyond 64 bits
        pass
    fields, repaired = repair_fields(record.fields)
    for name, reason in repaired:
        faults.add(FindingKind.SUSPICIOUS_VALUE, name, reason)
    return replace(record, fields=fields), store.to_raw_json(fields)


def _take_photos(media: Sequence[MediaRef], faults: ValueFaults) -> list[MediaRef]:
    """The photos that can be stored, with texts that can be."""
    taken: list[MediaRef] = []
    for ref in media:
        if find_key_fault(ref.media_key) is not None or not -INT32 <= ref.order < INT32:
            faults.add(FindingKind.UNREADABLE_VALUE, "Media", "photos left out whose key or order cannot be stored")
            continue
        photo, repaired = repair_photo(ref)
        for reason in repaired:
            faults.add(FindingKind.SUSPICIOUS_VALUE, "Media", reason)
        taken.append(photo)
    return taken


def _sweep_params(sweep: SweepKeys) -> dict[str, object]:
    return {
        "provider_id": sweep.provider_id,
        "sync_id": sweep.sync_id,
        "received_by": sweep.received_by,
        "began_at": sweep.began_at,
    }
