"""Local listings: those made here, not replicated from an MLS.

They are written through the same store as replicated ones, so that documents, timeline and search terms follow.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TypedDict
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
from platbook.listings.listing import NormalListing, Origin, to_full_address
from platbook.listings.store import IncomingListing, StoredListing
from platbook.listings.terms import add_terms, listing_terms
from platbook.local.json_types import describe_wrong_type
from platbook.providers.local import LOCAL, LOCAL_RULES
from platbook.reso.coercion import coerce
from platbook.reso.fields import ADDRESS_PARTS, COLUMNS, FIELDS, SLOT, Field
from platbook.reso.limits import find_limit_fault
from platbook.reso.values import Value

_FEATURED = "isFeatured"
_FULL_ADDRESS = SLOT["UnparsedAddress"]
_SET_HERE = frozenset({"ModificationTimestamp", "OriginalEntryTimestamp", "PhotosCount", "PhotosChangeTimestamp"})

WRITABLE_FIELDS: Mapping[str, Field] = MappingProxyType(
    {field.api or field.name: field for field in FIELDS.values() if field.name not in _SET_HERE | {"ListingKey"}}
)
"""The fields of a local listing that can be written: by the API's path (`address.city`), further ones by RESO name."""


class ListingPatch(TypedDict, total=False):
    """Changes of a local listing. What is missing stays as it is."""

    fields: Mapping[str, object]
    """Values by the names of `WRITABLE_FIELDS`; None clears a field."""
    is_featured: bool


def to_listing_patch(fields: Mapping[str, object]) -> ListingPatch:
    """The patch of flat fields as the API names them, `isFeatured` among them."""
    patch = ListingPatch(fields={name: value for name, value in fields.items() if name != _FEATURED})
    if _FEATURED in fields:
        patch["is_featured"] = bool(fields[_FEATURED])
    return patch


async def create_local(
    connection: WriteConnection,
    actor: Actor,
    changes: ListingPatch,
    at: datetime,
    *,
    author_id: UUID | None = None,
) -> UUID:
    """Create a listing of `author_id`, or else of the actor.

    InvalidInput names the fields that are wrong or missing; NotAllowed where the actor may not write for that author.
    """
    author_id = await _find_author(connection, actor, author_id)
    values: list[object] = [None] * len(COLUMNS)
    values[SLOT["OriginalEntryTimestamp"]] = at
    values[SLOT["ListingContractDate"]] = at.date()
    listing = _apply(NormalListing(str(new_id()), tuple(values)), changes, at)
    incoming = IncomingListing(listing, None, b"", is_featured=changes.get("is_featured", False))
    origin = to_origin(actor, at, author_id)
    (property_id,) = await store.insert_listings(connection, [incoming], origin, LOCAL_RULES)
    await add_terms(connection, listing_terms(listing))
    await record_write(connection, actor, "listing added", property_id, at, author=author_id and str(author_id))
    return property_id


async def change_local(
    connection: WriteConnection, actor: Actor, property_id: UUID, changes: ListingPatch, at: datetime
) -> None:
    """Change a local listing. Errors: those of `get_own`; InvalidInput names the fields that are wrong."""
    before = await get_own(connection, actor, property_id)
    listing = _apply(before.listing, changes, at)
    incoming = IncomingListing(listing, None, b"", is_featured=changes.get("is_featured"))
    origin = to_origin(actor, at, before.author_id)
    await store.update_listings(connection, {property_id: incoming}, origin, LOCAL_RULES)
    await add_terms(connection, listing_terms(listing))
    names = [*changes.get("fields", ()), *([_FEATURED] if "is_featured" in changes else ())]
    await record_write(connection, actor, "listing changed", property_id, at, fields=sorted(names))


async def remove_local(connection: WriteConnection, actor: Actor, property_id: UUID, at: datetime) -> None:
    """Remove a local listing (soft delete); its timeline stays. Errors: those of `get_own`."""
    before = await get_own(connection, actor, property_id)
    await store.mark_removed(connection, [before.listing.listing_key], to_origin(actor, at, before.author_id))
    await record_write(connection, actor, "listing removed", property_id, at)


async def record_write(
    connection: WriteConnection, actor: Actor, act: str, property_id: UUID, at: datetime, **details: object
) -> None:
    """Record a write of a local listing in the audit log; the values are in the listing's timeline."""
    await audit.record(connection, actor, act, AuditSubject("listing", str(property_id)), at, details)


async def get_own(connection: WriteConnection, actor: Actor, property_id: UUID) -> StoredListing:
    """A local listing that the actor may change, locked.

    NotFound; Conflict: it is an MLS's; Gone: it was removed; NotAllowed: it is another author's.
    """
    require(actor, Right.WRITE_LISTINGS)
    stored = (await store.get_stored(connection, [property_id])).get(property_id)
    if stored is None:
        raise NotFound("there is no listing with this id", code="PROPERTY_NOT_FOUND")
    if not stored.is_local:
        raise Conflict("the listing belongs to an MLS and is changed there; only local listings can be changed here")
    if stored.removed:
        raise Gone("this listing was removed")
    author = Ownership() if stored.author_id is None else await get_ownership(connection, stored.author_id)
    if not record_access(actor, Right.WRITE_LISTINGS).holds(author):
        raise NotAllowed("the listing belongs to another user")
    return stored


async def _find_author(connection: WriteConnection, actor: Actor, author_id: UUID | None) -> UUID | None:
    """The author of a new listing: the actor, or the one agent that an assistant works for."""
    require(actor, Right.WRITE_LISTINGS)
    if author_id is None and actor.role is Role.ASSISTANT:
        if len(actor.agents) != 1:
            raise InvalidInput.of("authorId", "is required: name one of the agents you work for")
        (author_id,) = actor.agents
    if author_id is None or author_id == actor.user_id:
        return actor.user_id
    author = await get_ownership(connection, author_id)
    if not record_access(actor, Right.WRITE_LISTINGS).holds(author) or author.owner is None:
        raise NotAllowed("you may not write listings for this user")
    return author_id


def _apply(before: NormalListing, changes: ListingPatch, at: datetime) -> NormalListing:
    values, more = list(before.values), dict(before.more)
    problems: list[FieldProblem] = []
    fields = changes.get("fields", {})
    for name, value in fields.items():
        try:
            field, typed = _read(name, value)
        except RecordRejected as error:
            problems.append(FieldProblem(name, error.reason))
            continue
        if field.column:
            values[SLOT[field.name]] = typed
        elif typed is None:
            more.pop(field.name, None)
        else:
            more[field.name] = typed if isinstance(typed, (str, int, float, bool, list)) else str(typed)
    problems += _missing(values)
    if problems:
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems)
    values[SLOT["ModificationTimestamp"]] = at
    if fields.get("bathrooms.total") is None:
        after = NormalListing(before.listing_key, tuple(values), more)
        values[SLOT["BathroomsTotalInteger"]] = _count_bathrooms(before, after)
    if values[_FULL_ADDRESS] is None or ("address.full" not in fields and _has_moved(before.values, values)):
        built = values[_FULL_ADDRESS] == to_full_address(before.values)
        values[_FULL_ADDRESS] = to_full_address(values) or (None if built else values[_FULL_ADDRESS])
    return NormalListing(before.listing_key, tuple(values), more)


def _read(name: str, value: object) -> tuple[Field, Value]:
    """A field of a listing by its API name, and its value; RecordRejected says what is wrong with it."""
    field = WRITABLE_FIELDS.get(name)
    if field is None:
        raise RecordRejected("is not a field that can be written")
    if wrong := describe_wrong_type(field, value):
        raise RecordRejected(wrong)
    typed = coerce(field, value)
    if (fault := find_limit_fault(field.name, typed)) is not None:
        raise RecordRejected(f"is {fault}")
    return field, typed


def _has_moved(before: Sequence[object], after: Sequence[object]) -> bool:
    """Whether a part of the address is another one."""
    return any(before[SLOT[part]] != after[SLOT[part]] for part in ADDRESS_PARTS)


def _count_bathrooms(before: NormalListing, after: NormalListing) -> object:
    """The total, by RESO's definition the sum of the counts: where there is none yet, or a count has changed."""
    counts, total = _bathrooms(after), after.value("BathroomsTotalInteger")
    if counts[0] is None or (total is not None and counts == _bathrooms(before)):
        return total
    return sum(count for count in counts if isinstance(count, int))


def _bathrooms(listing: NormalListing) -> list[object]:
    columns = (listing.value(name) for name in ("BathroomsFull", "BathroomsHalf"))
    return [*columns, *(listing.more.get(name) for name in ("BathroomsThreeQuarter", "BathroomsOneQuarter"))]


def _missing(values: list[object]) -> Iterator[FieldProblem]:
    for name in ("standardStatus", "propertyType"):
        if values[SLOT[WRITABLE_FIELDS[name].name]] is None:
            yield FieldProblem(name, "is required")


def to_origin(actor: Actor, at: datetime, author_id: UUID | None) -> Origin:
    """The origin of a local listing's version."""
    return Origin(LOCAL, actor.name, at, author_id=author_id, is_local=True)
