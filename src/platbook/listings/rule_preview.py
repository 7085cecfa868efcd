"""What of a provider's stored listings other display rules would show, and what they would hide; nothing is written.

Only the listings that the changed rules can concern are read, in batches, and each is decided twice at one moment. What
was removed, erased or left the scope does not count.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from platbook.base.actor import Surface
from platbook.db import Database
from platbook.listings.display import Decision, decide
from platbook.listings.listing import NormalListing, Photo
from platbook.listings.rebuild.concerned import FIND_CONCERNED, to_concerned
from platbook.listings.store import StoredListing, find_photos, read_stored
from platbook.providers.display_rules import ProviderRules
from platbook.providers.rule_versions import RuleChange
from platbook.reso.fields import SLOT
from platbook.reso.public_fields import ATTRIBUTION_CONTACT, PUBLIC_FIELDS

_BATCH = 500
_EXAMPLES = 10
KINDS = ("listings", "addresses", "photos", "fields")
"""What is counted."""


@dataclass(frozen=True, slots=True)
class Example:
    """Something that would appear or vanish: a listing, or its address, a photo or a field of it.

    `name`: the photo's key, or the field's RESO name.
    """

    id: UUID
    listing_key: str
    name: str | None = None


@dataclass(slots=True)
class Counted:
    """How much would appear, or vanish, and ten examples of it, of as many listings as there are."""

    count: int = 0
    _firsts: list[Example] = field(default_factory=list[Example])
    _others: list[Example] = field(default_factory=list[Example])

    @property
    def examples(self) -> Sequence[Example]:
        """At most ten; the first of each listing before others of the same."""
        return [*self._firsts, *self._others][:_EXAMPLES]

    def add(self, listing: StoredListing, names: Iterable[str | None]) -> None:
        """Count these of one listing."""
        for number, name in enumerate(names):
            self.count += 1
            kept = self._others if number else self._firsts
            if len(kept) < _EXAMPLES:
                kept.append(Example(listing.id, listing.listing.listing_key, name))


@dataclass(slots=True)
class RulePreview:
    """What would appear and what would vanish in public, by what it is (`KINDS`)."""

    appear: Mapping[str, Counted] = field(default_factory=lambda: {kind: Counted() for kind in KINDS})
    vanish: Mapping[str, Counted] = field(default_factory=lambda: {kind: Counted() for kind in KINDS})


class _Shown(NamedTuple):
    """What of one listing is shown: each by its names, the listing and its address by one that says nothing."""

    listings: frozenset[str | None]
    addresses: frozenset[str | None]
    photos: frozenset[str | None]
    fields: frozenset[str | None]


_FIELDS = PUBLIC_FIELDS | {ATTRIBUTION_CONTACT}
_SOMETHING: frozenset[str | None] = frozenset({None})
_NOTHING: frozenset[str | None] = frozenset()


@dataclass(frozen=True, slots=True)
class _Difference:
    stored: StoredListing
    before: Decision
    after: Decision


async def preview_rules(
    database: Database, provider_id: str, before: ProviderRules, after: ProviderRules, change: RuleChange, now: datetime
) -> RulePreview:
    """Compare what is shown in public at a moment under a provider's rules and under others; `change` is between them.

    Memory does not grow with the number of listings.
    """
    preview = RulePreview()
    params = to_concerned(provider_id, change, Surface.PUBLIC)
    last = ""
    while True:
        async with database.read() as connection:
            found = await connection.tuples(FIND_CONCERNED, {**params, "after": last, "limit": _BATCH})
            ids = [UUID(str(property_id)) for property_id, _ in found]
            stored = await read_stored(connection, ids)
            differing = await asyncio.to_thread(_find_differing, stored, before, after, now)
            photos = await find_photos(connection, [one.stored.id for one in differing])
        await asyncio.to_thread(_count, preview, differing, photos)
        if len(found) < _BATCH:
            return preview
        last = str(found[-1][1])


def _find_differing(
    stored: Sequence[StoredListing], before: ProviderRules, after: ProviderRules, now: datetime
) -> list[_Difference]:
    """The listings of which not the same would be shown, or may not be, in the order of their keys."""
    decided = [
        _Difference(one, decide(one.listing, before, now), decide(one.listing, after, now))
        for one in sorted(stored, key=lambda one: one.listing.listing_key)
        if one.is_counted
    ]
    return [one for one in decided if _to_effect(one.before) != _to_effect(one.after)]


def _to_effect(decision: Decision) -> tuple[object, ...] | None:
    """What of a decision can make another thing shown."""
    if not decision.listing.shown or decision.rules is None:
        return None
    opens = decision.rules.open_permissions, decision.shows_photo(None)
    return (decision.address.shown, decision.hidden_fields, *opens)


def _count(preview: RulePreview, differing: Sequence[_Difference], photos: Mapping[UUID, Sequence[Photo]]) -> None:
    for one in differing:
        of_listing = photos.get(one.stored.id, ())
        shown = [_find_shown(one.stored.listing, of_listing, decision) for decision in (one.before, one.after)]
        for kind, old, new in zip(KINDS, *shown, strict=True):
            preview.appear[kind].add(one.stored, _sorted(new - old))
            preview.vanish[kind].add(one.stored, _sorted(old - new))


def _sorted(names: frozenset[str | None]) -> Iterator[str | None]:
    return iter(sorted(names, key=str))


def _find_shown(listing: NormalListing, photos: Sequence[Photo], decision: Decision) -> _Shown:
    if not decision.listing.shown:
        return _Shown(_NOTHING, _NOTHING, _NOTHING, _NOTHING)
    return _Shown(
        _SOMETHING,
        _SOMETHING if decision.address.shown else _NOTHING,
        frozenset(one.media_key for one in photos if decision.shows_media(one.category, one.permission)),
        frozenset(name for name in _FIELDS - decision.hidden_fields if _has_value(listing, name)),
    )


def _has_value(listing: NormalListing, name: str) -> bool:
    return (listing.value(name) if name in SLOT else listing.more.get(name)) is not None
