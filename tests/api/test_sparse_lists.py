"""Lists of the fields that are asked for: a closed list of names, and nothing that the caller's document has not."""

from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import cast

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.base.actor import Surface
from platbook.db import Database, Query
from platbook.listings.documents import FIELD_NAMES
from platbook.listings.sparse import select_fields
from tests.api.listings_client import ListingsClient, open_listings_client
from tests.listings.listing_rig import make_listing

GROUPED = {name for names in FIELD_NAMES.values() for name in names if "." in name}


@pytest.fixture
async def client(database: Database) -> AsyncGenerator[ListingsClient]:
    async with open_listings_client(database) as opened:
        await opened.add_public_key()
        await opened.listing_rig.put(
            make_listing(
                "1", ListPrice=Decimal("489000.10"), PrivateRemarks="dog bites", Latitude=30.0, Longitude=-97.0
            ),
            featured=True,
        )
        yield opened


SHOWN: dict[str, dict[str, object]] = {
    "?fields=listPrice": {"listPrice": 489000.1},
    "?fields=id,listPrice&fields=address.city": {"listPrice": 489000.1, "address": {"city": "Austin"}},
    "?fields=listingKey,isLocal,media,fields": {"listingKey": "1", "isLocal": False, "media": [], "fields": {}},
    "?fields=daysOnMarket,removedAt,outOfScope": {"daysOnMarket": None, "removedAt": None, "outOfScope": False},
    "?fields=distance&near=30,-97": {"distance": 0},
    "?fields=distance": {},
    "/search?fields=listPrice": {"listPrice": 489000.1},
    "/featured?fields=listPrice": {"listPrice": 489000.1},
}

REFUSED = [
    ("admin", "listPrice,colour", "colour is not a field of a listing"),
    ("admin", "", " is not a field of a listing"),
    ("admin", "listprice", "listprice is not a field of a listing"),
    ("admin", "address.colour", "address.colour is not a field of a listing"),
    ("admin", "raw", "raw is not a field of a listing"),
    ("public", "privateRemarks", "privateRemarks is not public"),
    ("public", "listAgent.email,listPrice", "listAgent.email is not public"),
]


async def test_a_list_has_the_fields_that_are_asked_for(client: ListingsClient) -> None:
    for caller in ("admin", "public"):
        for path, row in SHOWN.items():
            answer = await client.get(path, caller)
            assert answer.rows == [{"id": str(client.listing_rig.ids["1"]), **row}], (path, caller)


async def test_a_search_by_body_takes_fields_too_and_every_digit_is_kept(client: ListingsClient) -> None:
    for fields in (["listPrice"], "listPrice", ["id", "listPrice"]):
        answer = await client.request("POST", "/search", {"fields": fields})
        assert answer.rows == [{"id": str(client.listing_rig.ids["1"]), "listPrice": 489000.1}]
        assert b'"listPrice":489000.10' in answer.content


async def test_a_whole_group_and_one_of_its_fields_is_the_group(client: ListingsClient) -> None:
    (whole,), (part,) = [
        (await client.get(f"?fields={fields}")).rows for fields in ("address", "address.city,address,address.state")
    ]
    assert whole == part
    assert len(cast("dict[str, object]", whole["address"])) > 5


async def test_a_name_that_is_no_field_is_refused_by_name(client: ListingsClient) -> None:
    for caller, fields, message in REFUSED:
        for path in ("?", "/search?", "/featured?"):
            answer = await client.get(f"{path}fields={fields}", caller)
            assert answer.error == (400, "VALIDATION_ERROR", ["fields"]), (caller, fields)
            assert message in str(answer.json)


async def test_a_sparse_list_has_a_tag_of_its_own(client: ListingsClient) -> None:
    whole, sparse = [(await client.get(path)).headers["etag"] for path in ("", "?fields=listPrice")]
    again = await client.get("?fields=listPrice", if_none_match=sparse)

    assert whole != sparse
    assert again.status == 304


async def test_the_names_are_those_of_each_surface_s_documents(client: ListingsClient) -> None:
    (row,) = await _read_documents(client)
    document = await client.client.get("/api/v1/openapi.json")
    schemas = document.json()["components"]["schemas"]

    for surface, text in zip((Surface.INTERNAL, Surface.PUBLIC), row, strict=True):
        stored = cast("dict[str, object]", orjson.loads(cast("str", text)))
        names = set(stored) | {"daysOnMarket", "removedAt", "outOfScope", "distance"}
        for group in {name.partition(".")[0] for name in GROUPED} & set(stored):
            names |= {f"{group}.{name}" for name in cast("dict[str, object]", stored[group])}
        assert set(FIELD_NAMES[surface]) == names
    assert schemas["ListingField"]["enum"] == sorted(FIELD_NAMES[Surface.INTERNAL])
    assert schemas["ListedRead"]["required"] == ["id"]


async def _read_documents(client: ListingsClient) -> list[tuple[object, ...]]:
    query = Query("look", "A test's look.", "SELECT internal_document, public_document FROM properties")
    async with client.listing_rig.database.read() as connection:
        return await connection.tuples(query)


@given(
    listing=st.dictionaries(
        st.sampled_from(["id", "a", "b", "group", "é"]),
        st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.text(), st.lists(st.text())),
    ),
    group=st.dictionaries(st.sampled_from(["a", "c"]), st.integers(0, 9)),
    names=st.lists(st.sampled_from(["id", "a", "b", "é", "group", "group.a", "group.c"]), min_size=1, unique=True),
)
def test_what_is_selected_is_as_it_was(listing: dict[str, object], group: dict[str, int], names: list[str]) -> None:
    listing = {**listing, "group": group}

    selected = orjson.loads(select_fields(orjson.dumps(listing, option=orjson.OPT_INDENT_2).decode(), tuple(names)))

    expected = {name: listing[name] for name in listing if name in {"id", *names}}
    members = {name.partition(".")[2] for name in names if "." in name}
    if members and "group" not in names:
        expected["group"] = {name: value for name, value in group.items() if name in members}
    assert selected == expected
