"""Responses about listings, joined from the texts of stored documents: nothing parses them on the way."""

import hashlib
import math
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import orjson

from platbook.base.times import to_iso_z
from platbook.listings.search import Listings, ListingSearch, Suggestion
from platbook.listings.search.stats import MarketStats, MonthStats, Prices
from platbook.listings.sparse import select_fields
from platbook.listings.timeline import Timeline, TimelineEntry
from platbook.media.photo_urls import WINDOW, PhotoUrls, to_expiry


class Envelope(NamedTuple):
    """What is before the rows of a list, and after them."""

    head: bytes
    tail: bytes


_HEAD = b'{"success":true,"data":{"properties":['


def to_featured_envelope(notices: str) -> Envelope:
    """The envelope of a list without pages."""
    return Envelope(_HEAD, b"]," + _to_meta(notices) + b"}}")


def to_envelope(listings: Listings, search: ListingSearch, notices: str) -> Envelope:
    """The envelope of a page."""
    tail = b'],"pagination":' + orjson.dumps(_pagination(listings, search)) + b"," + _to_meta(notices)
    if search.facets:
        tail += b',"facets":' + orjson.dumps(listings.facets)
    return Envelope(_HEAD, tail + b"}}")


def to_list_body(listings: Listings, envelope: Envelope, fields: tuple[str, ...] = ()) -> bytes:
    """The body of a list; with `fields`, of sparse listings."""
    texts = (row.text for row in listings.rows)
    rows = ",".join(select_fields(text, fields) for text in texts) if fields else ",".join(texts)
    return envelope.head + rows.encode() + envelope.tail


def with_notices(listings: Listings, notices: str) -> Listings:
    """The same page; its version includes the notices that are displayed with it, a JSON list."""
    digest = hashlib.blake2b(notices.encode(), digest_size=4).hexdigest()
    return replace(listings, version=listings.version + digest)


def with_photo_urls(listings: Listings, photo_urls: PhotoUrls, now: datetime) -> Listings:
    """The same page; its version includes what the URLs of its photos depend on."""
    documents = [row.document for row in listings.rows]
    version = listings.version + photo_urls.to_version(documents, now)
    return replace(listings, version=version, fresh_until=min(listings.fresh_until, to_expiry(now) - WINDOW))


def to_one_body(document: str, raw: str | None = None) -> bytes:
    """The body of one listing; with `raw`, the source's record is added."""
    if raw is not None:
        document = f'{document[:-1]},"raw":{raw}}}'
    return b'{"success":true,"data":' + document.encode() + b"}"


def to_suggestions(suggestions: list[Suggestion]) -> list[dict[str, object]]:
    """Suggestions as JSON."""
    return [{"kind": one.kind, "text": one.text, "count": one.count, "filter": one.filter} for one in suggestions]


def _to_meta(notices: str) -> bytes:
    return b'"meta":{"notices":' + notices.encode() + b"}"


def to_stats(stats: MarketStats) -> dict[str, object]:
    """Statistics of the market as JSON."""
    return {
        "total": stats.total,
        "byStatus": stats.by_status,
        "byType": stats.by_type,
        "byCity": stats.by_city,
        "price": _prices(stats.offers["sale"].prices),
        **{name: {"total": one.total, "price": _prices(one.prices)} for name, one in stats.offers.items()},
        "byMonth": [
            {"month": f"{month:%Y-%m}", **{name: _month(one) for name, one in offers.items()}}
            for month, offers in stats.by_month.items()
        ],
    }


def _prices(prices: Prices) -> dict[str, float | None]:
    return {
        "lowerQuartile": prices.lower_quartile,
        "median": prices.median,
        "upperQuartile": prices.upper_quartile,
    }


def _month(month: MonthStats) -> dict[str, object]:
    return {
        "listed": month.listed,
        "medianListPrice": month.median_list_price,
        "closed": month.closed,
        "medianClosePrice": month.median_close_price,
    }


def _pagination(listings: Listings, search: ListingSearch) -> dict[str, object]:
    pagination: dict[str, object] = {"page": search.page, "limit": search.limit, "nextCursor": listings.next_cursor}
    if listings.total is not None:
        pagination["total"] = listings.total
        pagination["totalPages"] = math.ceil(listings.total / search.limit)
        pagination["totalIsEstimate"] = listings.total_is_estimate
    return pagination


def to_timeline(timeline: Timeline) -> list[dict[str, object]]:
    """A timeline as JSON; for public readers it has no source and run."""
    return [_entry(entry) for entry in timeline.entries]


def _entry(entry: TimelineEntry) -> dict[str, object]:
    fields: dict[str, object] = {
        "at": to_iso_z(entry.at),
        "recordedAt": to_iso_z(entry.recorded_at),
        "kind": entry.kind,
        "changes": entry.changes,
    }
    return fields if entry.source is None else {**fields, "source": entry.source, "syncId": entry.sync_id}
