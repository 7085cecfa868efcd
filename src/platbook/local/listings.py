"""Listings made here.

Each write is a page of one record through the same commit as any other, so that documents, timeline and terms follow
in the same way.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import cast
from uuid import UUID

from platbook import audit
from platbook.accounts import get_ownership
from platbook.audit import AuditSubject
from platbook.base.actor import Actor, Role
from platbook.base.errors import Conflict, FieldProblem, Gone, InvalidInput, NotAllowed, NotFound, RecordRejected
from platbook.base.ids import new_id
from platbook.base.rights import Ownership, Right, record_access, require
from platbook.db import WriteConnection
from platbook.listings import store
from platbook.listings.listing import NormalListing, Origin
from platbook.listings.store import Incoming, StoredListing
from platbook.listings.terms import add_terms, listing_terms
from platbook.providers.display import DisplaySettings
from platbook.providers.providers import LOCAL
from platbook.reso.coercion import coerce
from platbook.reso.fields import COLUMNS, FIELDS, SLOT, Field

_FEATURED = "isFeatured"
_KEPT_BY_US = frozenset({"ModificationTimestamp", "OriginalEntryTimestamp", "PhotosCount", "PhotosChangeTimestamp"})
_STREET = ("StreetNumber", "StreetDirPrefix", "StreetName", "StreetSuffix", "StreetDirSuffix")

WORDS: Mapping[str, Field] = MappingProxyType(
    {field.api or field.name: field for field in FIELDS.values() if field.name not in _KEPT_BY_US | {"ListingKey"}}
)
"""What may be said of a local listing: the API's paths (`address.city`), and further fields by RESO name."""


async def create_local(
    connection: WriteConnection,
    actor: Actor,
    said: Mapping[str, object],
    at: datetime,
    *,
    author_id: UUID | None = None,
) -> UUID:
    """Make a listing of `author_id`, or else of whoever acts. `said` is flat, by `WORDS`.

    InvalidInput names what cannot be; NotAllowed where the actor may not write for that author.
    """
    author_id = await _find_author(connection, actor, author_id)
    values: list[object] = [None] * len(COLUMNS)
    values[SLOT["OriginalEntryTimestamp"]] = at
    listing = _apply(NormalListing(str(new_id()), tuple(values)), said, at)
    incoming = Incoming(listing, None, b"", is_featured=bool(said.get(_FEATURED)))
    origin = to_origin(actor, at, author_id)
    (property_id,) = await store.insert_listings(connection, [incoming], origin, DisplaySettings())
    await add_terms(connection, listing_terms(listing))
    await note_write(connection, actor, "listing added", property_id, at, author=author_id and str(author_id))
    return property_id


async def change_local(
    connection: WriteConnection, actor: Actor, property_id: UUID, said: Mapping[str, object], at: datetime
) -> None:
    """Change what is said and leave the rest. Conflict on an MLS's listing, NotAllowed on somebody else's."""
    before = await get_own(connection, actor, property_id)
    listing = _apply(before.listing, said, at)
    featured = bool(said[_FEATURED]) if _FEATURED in said else None
    incoming = Incoming(listing, None, b"", is_featured=featured)
    await store.update_listings(
        connection, {property_id: incoming}, to_origin(actor, at, before.author_id), DisplaySettings()
    )
    await add_terms(connection, listing_terms(listing))
    await note_write(connection, actor, "listing changed", property_id, at, fields=sorted(said))


async def remove_local(connection: WriteConnection, actor: Actor, property_id: UUID, at: datetime) -> None:
    """Take a listing of one's own off every list; its history stays."""
    before = await get_own(connection, actor, property_id)
    await store.mark_removed(connection, [before.listing.listing_key], to_origin(actor, at, before.author_id))
    await note_write(connection, actor, "listing removed", property_id, at)


async def note_write(
    connection: WriteConnection, actor: Actor, act: str, property_id: UUID, at: datetime, **details: object
) -> None:
    """Note a write of a local listing in the audit log; what it says is in the listing's timeline."""
    await audit.record(connection, actor, act, AuditSubject("listing", str(property_id)), at, details)


async def get_own(connection: WriteConnection, actor: Actor, property_id: UUID) -> StoredListing:
    """A local listing the actor may change, locked. NotFound, Conflict on an MLS's, Gone, NotAllowed."""
    require(actor, Right.WRITE_LISTINGS)
    stored = (await store.get_stored(connection, [property_id])).get(property_id)
    if stored is None:
        raise NotFound("there is no such listing", code="PROPERTY_NOT_FOUND")
    if not stored.is_local:
        raise Conflict("an MLS's listing is changed at the MLS; only listings made here can be changed here")
    if stored.removed:
        raise Gone("this listing was removed")
    author = Ownership() if stored.author_id is None else await get_ownership(connection, stored.author_id)
    if not record_access(actor, Right.WRITE_LISTINGS).holds(author):
        raise NotAllowed("this listing is somebody else's")
    return stored


async def _find_author(connection: WriteConnection, actor: Actor, author_id: UUID | None) -> UUID | None:
    """Whose a new listing is: an assistant's is their agent's."""
    require(actor, Right.WRITE_LISTINGS)
    if author_id is None and actor.role is Role.ASSISTANT:
        if len(actor.agents) != 1:
            raise InvalidInput.of("authorId", "is needed: say which of the agents you work for it is of")
        (author_id,) = actor.agents
    if author_id is None or author_id == actor.user_id:
        return actor.user_id
    author = await get_ownership(connection, author_id)
    if not record_access(actor, Right.WRITE_LISTINGS).holds(author) or author.owner is None:
        raise NotAllowed("you may not write listings of this user")
    return author_id


def _apply(before: NormalListing, said: Mapping[str, object], at: datetime) -> NormalListing:
    values, more = list(before.values), dict(before.more)
    problems: list[FieldProblem] = []
    for word, value in said.items():
        if word == _FEATURED:
            continue
        field = WORDS.get(word)
        if field is None:
            problems.append(FieldProblem(word, "is not a word that can be written"))
            continue
        try:
            read = coerce(field, value)
        except RecordRejected as error:
            problems.append(FieldProblem(word, error.reason))
            continue
        if field.column:
            values[SLOT[field.name]] = read
        elif read is None:
            more.pop(field.name, None)
        else:
            more[field.name] = read if isinstance(read, (str, int, float, bool, list)) else str(read)
    problems += _missing(values)
    if problems:
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems)
    values[SLOT["ModificationTimestamp"]] = at
    if values[SLOT["UnparsedAddress"]] is None or not {"address.full"} & said.keys():
        values[SLOT["UnparsedAddress"]] = _address(values) or values[SLOT["UnparsedAddress"]]
    return NormalListing(before.listing_key, tuple(values), more)


def _missing(values: list[object]) -> Iterator[FieldProblem]:
    for word in ("standardStatus", "propertyType"):
        if values[SLOT[WORDS[word].name]] is None:
            yield FieldProblem(word, "is required")


def _address(values: list[object]) -> str | None:
    street = " ".join(cast("str", values[SLOT[name]]) for name in _STREET if values[SLOT[name]])
    unit = values[SLOT["UnitNumber"]]
    return f"{street} #{unit}" if street and unit else street or None


def to_origin(actor: Actor, at: datetime, author_id: UUID | None) -> Origin:
    """Where a version of a local listing comes from."""
    return Origin(LOCAL, actor.name, at, author_id=author_id, is_local=True)
