"""Listings: both documents, raw records, and those made here."""

from dataclasses import replace

from platbook.base.actor import COMMAND_LINE, Surface
from platbook.base.rights import Ownership, Right
from platbook.local.listings import ListingPatch, create_local
from tests.leaks.table import allows
from tests.leaks.world import Caller, Marker, Probe, Target, World
from tests.listings.listing_rig import ListingRig, make_listing

_SHOWN = "shown listing marker"
_HIDDEN = "hidden listing marker"
_PRIVATE = "private remarks marker"


async def furnish(world: World) -> None:
    """A listing that the public is shown in part, and one it is not shown at all."""
    listing_rig = ListingRig(world.api.services.database)
    shown = make_listing("shown", PublicRemarks=_SHOWN, PrivateRemarks=_PRIVATE, City="Waco")
    hidden = make_listing("hidden", PublicRemarks=_HIDDEN, InternetEntireListingDisplayYN=False, City="Waco")
    await listing_rig.put(shown, replace(hidden, more={}))
    await world.api.run_sql("""UPDATE properties SET raw = '{"said": "raw listing marker"}'""")
    world.markers += [
        Marker(_SHOWN, lambda caller: allows(caller, Right.READ_LISTINGS)),
        Marker(_HIDDEN, _is_staff),
        Marker(_PRIVATE, _is_staff),
        Marker("raw listing marker", lambda caller: allows(caller, Right.READ_RAW)),
    ]


def _is_staff(caller: Caller) -> bool:
    return allows(caller, Right.READ_LISTINGS) and caller.surface is Surface.INTERNAL


async def _find(world: World, key: str) -> str:
    (row,) = await world.api.rows("SELECT id FROM properties WHERE listing_key = %(key)s", key=key)
    return str(row["id"])


async def _shown(world: World, _owner: Caller) -> Target:
    return Target({"property_id": await _find(world, "shown")}, Ownership())


async def _hidden(world: World, _owner: Caller) -> Target:
    return Target({"property_id": await _find(world, "hidden")}, Ownership(), is_public=False)


async def _own(world: World, owner: Caller) -> Target:
    """A listing made by somebody."""
    changes = ListingPatch(fields={"standardStatus": "Active", "propertyType": "Land"})
    now = world.api.clock.now()
    async with world.api.services.database.transaction() as connection:
        property_id = await create_local(connection, COMMAND_LINE, changes, now, author_id=owner.user_id)
    return Target({"property_id": str(property_id)}, owner.belonging)


def _new(_world: World, caller: Caller) -> object:
    author = min(caller.agents, default=caller.user_id)
    return {"standardStatus": "Active", "propertyType": "Land", "authorId": str(author)}


_READ = Right.READ_LISTINGS
_NO_PHOTO = {"url": "not an address"}

PROBES = [
    Probe("GET /properties", query="?limit=100&search=marker"),
    Probe("GET /properties", query="?limit=100&mine=true"),
    Probe("GET /properties", query="?facets=city,status&limit=100"),
    Probe("POST /properties", write=_new),
    Probe("GET /properties/search", query="?limit=100"),
    Probe("POST /properties/search", body={"limit": 100}),
    Probe("GET /properties/stats"),
    Probe("GET /properties/stats", query="?city=waco&mine=false"),
    Probe("GET /properties/featured", query="?limit=100"),
    Probe("GET /properties/suggest", query="?q=wac"),
    Probe("GET /properties/by-key", query="?providerId=board&listingKey=shown"),
    Probe("GET /properties/{property_id}", make=_shown, seen_by=_READ),
    Probe("GET /properties/{property_id}", make=_hidden, seen_by=_READ),
    Probe("GET /properties/{property_id}/media", make=_hidden, seen_by=_READ),
    Probe("GET /properties/{property_id}/timeline", make=_hidden, seen_by=_READ),
    Probe("GET /properties/{property_id}/explain", make=_hidden, seen_by=_READ),
    Probe("GET /properties/{property_id}/explain", make=_shown, query="?surface=internal", seen_by=_READ),
    Probe("PUT /properties/{property_id}", make=_own, seen_by=_READ, body={"listPrice": 5}),
    Probe("DELETE /properties/{property_id}", make=_own, seen_by=_READ),
    Probe("POST /properties/{property_id}/media", make=_own, seen_by=_READ, body=_NO_PHOTO, may_say=frozenset({400})),
    Probe("PUT /properties/{property_id}/media", make=_own, seen_by=_READ, body={"media": []}),
    Probe("DELETE /properties/{property_id}/media", make=_own, seen_by=_READ),
    Probe("DELETE /properties/{property_id}/media/{media_key}", make=_own, seen_by=_READ, may_say=frozenset({404})),
]
