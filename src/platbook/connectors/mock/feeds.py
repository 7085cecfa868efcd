"""The records that MOCK serves, resource by resource: listings of the market, its agents and its offices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from platbook.base.times import to_iso_z
from platbook.connectors.contract import MediaRef, RawRecord, Scope
from platbook.connectors.mock.files import to_file_refs
from platbook.market import Market, MarketListing, MarketPhoto
from platbook.market.people import AGENTS_PER_OFFICE, Agent, Directory, Office

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class FeedRecord:
    """A record and when it was modified."""

    modified: datetime
    raw: RawRecord


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """Where in a feed to read: at which time, what changed at or after `since`, behind which record (keyset)."""

    at: datetime
    since: datetime | None
    by_key: bool
    key: str | None
    modified: datetime | None


class Feed(Protocol):
    """The records of one resource. Queries that are costly are for a thread."""

    def records(self, position: FeedPosition) -> Iterator[FeedRecord]:
        """The records from a position, in order of (modified, key), or of key alone."""
        ...

    def keys(self, at: datetime) -> list[str]:
        """Every key, in order."""
        ...

    def total(self, since: datetime | None, at: datetime) -> int | None:
        """How many records changed at or after `since`, as the source counts; None: it does not count."""
        ...

    def record(self, key: str, at: datetime) -> RawRecord | None:
        """One record, in scope or not."""
        ...


class ListingFeed:
    """The listings of a market within a scope. The source counts only where no scope narrows it.

    `photos_alone`: a change of photos does not move a record's own time. The order is by any change. `videos`: listings
    have videos, documents and tours, too.
    """

    def __init__(self, market: Market, scope: Scope, *, photos_alone: bool = False, videos: bool = False) -> None:
        self._market, self._scope, self._photos_alone, self._videos = market, scope, photos_alone, videos
        self._is_narrowed = bool(scope.statuses or scope.property_types or scope.closed_since)

    def records(self, position: FeedPosition) -> Iterator[FeedRecord]:
        """The listings from a position, built one at a time."""
        since = _before(position.since)
        if position.by_key:
            listings = self._market.listings(position.at, since=since, after=position.key)
        else:
            modified, key = position.modified, position.key
            after = (modified, key) if modified is not None and key is not None else None
            listings = self._market.changed(since, position.at, after=after)
        return (FeedRecord(one.modified, self._to_raw(one)) for one in listings if self._is_in_scope(one.record))

    def keys(self, at: datetime) -> list[str]:
        """Every key in scope."""
        if not self._is_narrowed:
            return self._market.keys(at)
        return [listing.key for listing in self._market.listings(at) if self._is_in_scope(listing.record)]

    def total(self, since: datetime | None, at: datetime) -> int | None:
        """The market's own count."""
        return None if self._is_narrowed else self._market.count_changed(_before(since), at)

    def record(self, key: str, at: datetime) -> RawRecord | None:
        """One listing."""
        listing = self._market.listing(key, at)
        return None if listing is None else self._to_raw(listing)

    def _to_raw(self, listing: MarketListing) -> RawRecord:
        raw = to_raw_listing(listing, videos=self._videos)
        if not self._photos_alone:
            return raw
        modified = to_iso_z(listing.record_modified)
        return replace(raw, fields={**raw.fields, "ModificationTimestamp": modified})

    def _is_in_scope(self, record: Mapping[str, object]) -> bool:
        scope = self._scope
        if scope.statuses and record["StandardStatus"] not in scope.statuses:
            return False
        if scope.property_types and record["PropertyType"] not in scope.property_types:
            return False
        closed = record["CloseDate"]
        return not (scope.closed_since and isinstance(closed, str) and closed < scope.closed_since[:10])


class DirectoryFeed:
    """Agents or offices. They are there from the market's start and never change; no scope applies to them."""

    def __init__(self, records: Mapping[str, Mapping[str, object]], started: datetime) -> None:
        self._started = started
        self._records = {key: to_raw_entry(key, records[key], started) for key in sorted(records)}

    def records(self, position: FeedPosition) -> Iterator[FeedRecord]:
        """The records from a position; all were modified at one time, so that either order is that of the key."""
        if position.since is not None and position.since > self._started:
            return iter(())
        after = position.key or ""
        return (FeedRecord(self._started, raw) for key, raw in self._records.items() if key > after)

    def keys(self, at: datetime) -> list[str]:
        """Every key."""
        del at
        return list(self._records)

    def total(self, since: datetime | None, at: datetime) -> int | None:
        """All of them, or none."""
        del at
        return 0 if since is not None and since > self._started else len(self._records)

    def record(self, key: str, at: datetime) -> RawRecord | None:
        """One agent or office."""
        del at
        return self._records.get(key)


def create_member_feed(directory: Directory, started: datetime) -> DirectoryFeed:
    """The agents of a market."""
    agents = (directory.agent(number) for number in range(directory.offices * AGENTS_PER_OFFICE))
    return DirectoryFeed({agent.key: _to_member(agent) for agent in agents}, started)


def create_office_feed(directory: Directory, started: datetime) -> DirectoryFeed:
    """The offices of a market."""
    offices = (directory.office(number) for number in range(directory.offices))
    return DirectoryFeed({office.key: _to_office(office) for office in offices}, started)


def to_raw_entry(key: str, fields: Mapping[str, object], modified: datetime) -> RawRecord:
    """The record of an agent or an office."""
    text = to_iso_z(modified)
    return RawRecord(key, {**fields, "ModificationTimestamp": text}, modified=text)


def to_raw_listing(listing: MarketListing, *, videos: bool) -> RawRecord:
    """The record of a listing, with its photos inline, and with `videos` its files."""
    photos = [to_media_ref(listing.key, photo) for photo in listing.photos]
    return RawRecord(
        key=listing.key,
        fields=listing.record,
        modified=to_iso_z(listing.modified),
        media=[*photos, *to_file_refs(listing)] if videos else photos,
    )


def to_media_ref(key: str, photo: MarketPhoto) -> MediaRef:
    """A photo. Its content is only a reference; the bytes come from `media`."""
    return MediaRef(
        media_key=photo.key,
        order=photo.order,
        content=f"mock:{key}/{photo.order}?v={photo.version}",
        caption=photo.caption,
        permission=("Public",),
        modified=to_iso_z(photo.modified),
        content_type="image/jpeg",
    )


def _before(since: datetime | None) -> datetime | None:
    """The market asks for "after", the contract for "at or after"; its times are whole seconds."""
    return None if since is None else since - _SECOND


def _to_member(agent: Agent) -> dict[str, object]:
    return {
        "MemberKey": agent.key,
        "MemberMlsId": agent.mls_id,
        "MemberFirstName": agent.first_name,
        "MemberLastName": agent.last_name,
        "MemberFullName": agent.full_name,
        "MemberEmail": agent.email,
        "MemberDirectPhone": agent.phone,
        "MemberStateLicense": agent.license,
        "MemberStatus": "Active",
        "MemberType": "Realtor",
        "OfficeKey": agent.office.key,
        "OfficeMlsId": agent.office.mls_id,
        "OfficeName": agent.office.name,
    }


def _to_office(office: Office) -> dict[str, object]:
    return {
        "OfficeKey": office.key,
        "OfficeMlsId": office.mls_id,
        "OfficeName": office.name,
        "OfficePhone": office.phone,
        "OfficeCity": office.town.name,
        "OfficeStateOrProvince": office.town.county.state,
        "OfficeStatus": "Active",
    }
