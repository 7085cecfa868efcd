"""The routes of listings: what they answer, whom they refuse, and why."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest

from platbook.connectors.contract import MediaRef
from platbook.db import Database, Query
from platbook.listings.listing import Origin
from platbook.listings.store import erase_listings, mark_removed
from tests.api.listings_client import ListingsClient, open_listings_client
from tests.listings.listing_rig import NOW, day, make_listing, price

_ORIGIN = Origin("board", "a run", NOW)
_NOBODYS = UUID(int=1)
_HOUSE: dict[str, object] = {
    "standardStatus": "Active",
    "propertyType": "Residential",
    "listPrice": 489000,
    "address": {"streetNumber": "12", "streetName": "Elm", "streetSuffix": "St", "city": "Waco", "state": "TX"},
    "bathrooms": {"total": 2},
    "fields": {"Roof": ["Slate"]},
}


@pytest.fixture
async def client(database: Database) -> AsyncGenerator[ListingsClient]:
    async with open_listings_client(database) as opened:
        yield opened


async def put_three(client: ListingsClient) -> None:
    await client.listing_rig.put(
        make_listing("1", City="Waco", ListPrice=price(1), OnMarketDate=day("2026-10-22")),
        make_listing("2", City="Waco", ListPrice=price(2), Latitude=31.5, Longitude=-97.1),
        make_listing("3", City="Austin", ListPrice=price(3)),
    )


def path_of(client: ListingsClient, key: str, rest: str = "") -> str:
    return f"/{client.listing_rig.ids[key]}{rest}"


async def test_a_list_has_rows_and_pagination(client: ListingsClient) -> None:
    await put_three(client)

    answer = await client.get("?city=waco&sortBy=listPrice&limit=1")
    cursor = cast("dict[str, str]", answer.data["pagination"])["nextCursor"]
    rest = await client.get(f"?city=waco&sortBy=listPrice&limit=1&cursor={cursor}")

    assert (answer.status, answer.keys, rest.keys) == (200, ["1"], ["2"])
    assert answer.json["success"] is True
    assert answer.rows[0]["daysOnMarket"] == 10
    assert answer.data["pagination"] == {
        "page": 1,
        "limit": 1,
        "nextCursor": cursor,
        "total": 2,
        "totalPages": 2,
        "totalIsEstimate": False,
    }


async def test_search_takes_a_query_and_a_body_alike(client: ListingsClient) -> None:
    await put_three(client)
    ring = [[-98, 31], [-97, 31], [-97, 32], [-98, 32], [-98, 31]]

    by_query = await client.get("/search?city=Waco&city=Austin&minPrice=2&sortBy=listPrice&facets=city")
    body = {"city": ["Waco", "Austin"], "minPrice": 2, "sortBy": "listPrice", "facets": ["city"]}
    by_body = await client.request("POST", "/search", body)
    inside = await client.request("POST", "/search", {"polygon": {"type": "Polygon", "coordinates": [ring]}})

    assert by_query.keys == ["2", "3"]
    assert by_query.content == by_body.content
    assert by_query.data["facets"] == {"city": [{"value": "Austin", "count": 1}, {"value": "Waco", "count": 1}]}
    assert inside.keys == ["2"]


async def test_a_total_that_is_not_asked_for_is_left_out(client: ListingsClient) -> None:
    answer = await client.get("?count=none")

    assert answer.data["pagination"] == {"page": 1, "limit": 20, "nextCursor": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("color=blue", "color"),
        ("minPrice=cheap", "minPrice"),
        ("limit=101", "limit"),
        ("limit=0", "limit"),
        ("page=0", "page"),
        ("cursor=abc", "cursor"),
        ("sortBy=raw", "sortBy"),
        ("bbox=1,2", "bbox"),
        ("near=30,-97&radiusMiles=-1", "radiusMiles"),
    ],
)
async def test_a_list_names_what_cannot_be(client: ListingsClient, query: str, field: str) -> None:
    for path in ("?", "/search?"):
        assert (await client.get(path + query)).error == (400, "VALIDATION_ERROR", [field])


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/suggest", "q"),
        ("/suggest?q=", "q"),
        ("/suggest?q=a&limit=21", "limit"),
        ("/featured?limit=0", "limit"),
        ("/featured?city=Waco", "city"),
        ("/by-key?providerId=board", "listingKey"),
        (f"/{_NOBODYS}/timeline?limit=101", "limit"),
        (f"/{_NOBODYS}?include=all", "include"),
        ("/no-id", "property_id"),
    ],
)
async def test_other_routes_name_what_cannot_be(client: ListingsClient, path: str, field: str) -> None:
    status, code, fields = (await client.get(path)).error

    assert (status, code) == (400, "VALIDATION_ERROR")
    assert fields == [field]


@pytest.mark.parametrize("body", [{"color": "blue"}, {"polygon": 7}, {"limit": 1000}])
async def test_a_search_by_body_names_what_cannot_be(client: ListingsClient, body: dict[str, object]) -> None:
    assert (await client.request("POST", "/search", body)).error == (400, "VALIDATION_ERROR", list(body))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("GET", "/search"), ("POST", "/search"), ("GET", "/stats"), ("GET", "/featured"),
        ("GET", "/suggest?q=a"), ("GET", "/by-key?providerId=a&listingKey=b"), ("GET", f"/{_NOBODYS}"),
        ("GET", f"/{_NOBODYS}/media"), ("GET", f"/{_NOBODYS}/timeline"), ("POST", ""), ("PUT", f"/{_NOBODYS}"),
        ("DELETE", f"/{_NOBODYS}"),
    ],
)  # fmt: skip
async def test_nobody_gets_in_without_a_token(client: ListingsClient, method: str, path: str) -> None:
    body: dict[str, object] | None = {} if method in {"POST", "PUT"} else None

    assert (await client.request(method, path, body, caller=None)).error[:2] == (401, "MISSING_TOKEN")


@pytest.mark.parametrize("rest", ["", "/media", "/timeline"])
async def test_what_does_not_exist_is_not_found(client: ListingsClient, rest: str) -> None:
    assert (await client.get(f"/{_NOBODYS}{rest}")).error[:2] == (404, "PROPERTY_NOT_FOUND")


async def test_a_list_that_did_not_change_answers_304(client: ListingsClient) -> None:
    await put_three(client)
    first = await client.get("?city=Waco")
    tag = first.headers["etag"]

    again = [await client.get("?city=Waco", if_none_match=tag) for _ in range(2)]
    other = await client.get("?city=Austin", if_none_match=tag)
    client.clock.advance(timedelta(minutes=1))
    later = await client.get("?city=Waco", if_none_match=tag)
    await client.listing_rig.put(make_listing("4", City="Waco"))
    changed = await client.get("?city=Waco", if_none_match=tag)

    assert [(one.status, one.content, one.headers["etag"]) for one in again] == [(304, b"", tag)] * 2
    assert (other.status, later.status, changed.status) == (200, 304, 200)
    assert changed.headers["etag"] != tag


async def test_a_list_changes_when_days_on_market_grow(client: ListingsClient) -> None:
    await client.listing_rig.put(make_listing("1", OnMarketDate=day("2026-10-22")))
    tag = (await client.get("")).headers["etag"]
    client.clock.advance(timedelta(hours=13))
    async with client.listing_rig.database.transaction() as connection:
        await connection.run(Query("live", "Let tokens live.", "SELECT 1"))

    answer = await client.get("", if_none_match=tag)

    assert answer.status == 401 or answer.rows[0]["daysOnMarket"] == 11


async def test_a_listing_answers_by_id_and_by_key_with_a_tag(client: ListingsClient) -> None:
    await put_three(client)

    by_id = await client.get(path_of(client, "1"))
    by_key = await client.get("/by-key?providerId=board&listingKey=1")
    again = await client.get(path_of(client, "1"), if_none_match=by_id.headers["etag"])

    assert by_id.data["address"]["city"] == "Waco"  # pyright: ignore[reportIndexIssue] - an object
    assert by_id.content == by_key.content
    assert (again.status, again.content) == (304, b"")


async def test_the_raw_record_is_for_admins_alone(client: ListingsClient) -> None:
    await put_three(client)

    whole = await client.get(path_of(client, "1", "?include=raw"))
    refused = await client.get(path_of(client, "1", "?include=raw"), caller="agent")
    plain = await client.get(path_of(client, "1"), caller="agent")

    assert whole.data["raw"] == {"source": 1}
    assert refused.error[:2] == (403, "FORBIDDEN")
    assert "raw" not in plain.data


async def test_a_removed_listing_answers_by_id_and_an_erased_one_is_gone(client: ListingsClient) -> None:
    await put_three(client)
    async with client.listing_rig.database.transaction() as connection:
        await mark_removed(connection, ["1"], _ORIGIN)
        await erase_listings(connection, [client.listing_rig.ids["2"]], _ORIGIN)

    removed = await client.get(path_of(client, "1"))

    assert (await client.get("")).keys == ["3"]
    assert (removed.status, removed.data["removedAt"]) == (200, "2026-11-01T12:00:00Z")
    assert (await client.get(path_of(client, "2"))).error[:2] == (410, "GONE")


async def test_media_and_timeline_are_told(client: ListingsClient) -> None:
    await client.listing_rig.put(
        make_listing("1", ListPrice=price(5)), media=[MediaRef("m1", 0, "https://p.example/1")]
    )

    media = await client.get(path_of(client, "1", "/media"))
    timeline = await client.get(path_of(client, "1", "/timeline"))
    beyond = await client.get(path_of(client, "1", "/timeline?page=2"))

    assert [(one["mediaKey"], one["order"], one["state"]) for one in media.data["media"]] == [("m1", 0, "waiting")]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType] - photos
    (entry,) = timeline.data["timeline"]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType] - entries
    assert entry["kind"] == "listed"
    assert {"field": "listPrice", "from": None, "to": 5} in entry["changes"]
    assert timeline.data["pagination"] == {"page": 1, "limit": 20, "total": 1, "totalPages": 1}
    assert beyond.data["timeline"] == []


async def test_stats_featured_and_suggestions_answer(client: ListingsClient) -> None:
    await put_three(client)
    await client.listing_rig.put(make_listing("4"), featured=True)

    stats = await client.get("/stats")
    featured = await client.get("/featured?limit=5")
    offers = await client.get("/suggest?q=wcao")

    assert (stats.data["total"], stats.data["byCity"]) == (4, {"Austin": 2, "Waco": 2})
    prices = {"lowerQuartile": 1.5, "median": 2, "upperQuartile": 2.5}
    assert (stats.data["price"], stats.data["sale"]) == (prices, {"total": 4, "price": prices})
    assert stats.data["byMonth"][0] == {  # pyright: ignore[reportIndexIssue] - a list
        "month": "2026-10",
        "sale": {"listed": 1, "medianListPrice": 1, "closed": 0, "medianClosePrice": None},
        "lease": {"listed": 0, "medianListPrice": None, "closed": 0, "medianClosePrice": None},
        "other": {"listed": 0, "medianListPrice": None, "closed": 0, "medianClosePrice": None},
    }
    assert (await client.get("/stats?city=WACO&minPrice=2")).data["total"] == 1
    assert featured.keys == ["4"]
    assert offers.data["suggestions"] == [{"kind": "city", "text": "Waco", "count": 2, "filter": {"city": "Waco"}}]


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [
        ({"full": 2, "half": 1}, {}, 3),
        ({"full": 2}, {}, 2),
        ({"half": 1}, {}, None),
        ({"full": 2, "half": 1, "total": 5}, {}, 5),
        ({"full": 2, "half": 1, "total": 5}, {"half": 2}, 4),
        ({"full": 2, "half": 1, "total": 5}, {"total": None}, 3),
        ({"total": 4}, {"full": 1}, 1),
    ],
)
async def test_a_local_listing_s_bathrooms_are_counted(
    client: ListingsClient, first: dict[str, int], second: dict[str, int], total: int | None
) -> None:
    made = await client.request("POST", "", {**_HOUSE, "bathrooms": first})
    changed = await client.request("PUT", f"/{made.data['id']}", {"listPrice": 5, "bathrooms": second})

    assert changed.data["bathrooms"]["total"] == total  # pyright: ignore[reportIndexIssue] - an object


async def test_a_local_listing_is_listed_the_day_it_was_made_unless_it_names_another(client: ListingsClient) -> None:
    made = await client.request("POST", "", _HOUSE)
    dated = await client.request("POST", "", {**_HOUSE, "listedAt": "2026-10-05", "listPrice": "489000.50"})

    assert (made.data["listedAt"], made.data["daysOnMarket"]) == ("2026-11-01", 0)
    assert (dated.data["listedAt"], dated.data["daysOnMarket"]) == ("2026-10-05", 27)
    assert dated.data["listPrice"] == 489000.5
    assert (await client.get("?sortBy=listedAt")).keys == [made.data["listingKey"], dated.data["listingKey"]]


async def test_a_full_address_that_was_written_stays_until_a_part_of_it_changes(client: ListingsClient) -> None:
    address = {"full": "Mill House, 12 Elm St", "streetNumber": "12", "streetName": "Elm", "streetSuffix": "St"}
    made = await client.request("POST", "", {**_HOUSE, "address": address}, caller="agent")
    path = f"/{made.data['id']}"
    cheaper = await client.request("PUT", path, {"listPrice": 450000}, caller="agent")
    moved = await client.request("PUT", path, {"address": {"unit": "7"}}, caller="agent")
    assert cheaper.data["address"]["full"] == "Mill House, 12 Elm St"  # pyright: ignore[reportIndexIssue] - an object
    assert moved.data["address"]["full"] == "12 Elm St #7"  # pyright: ignore[reportIndexIssue] - an object


async def test_a_local_listing_is_made_changed_and_removed(client: ListingsClient) -> None:
    made = await client.request("POST", "", {**_HOUSE, "providerId": "local"}, caller="agent")
    path = f"/{made.data['id']}"
    changed = await client.request("PUT", path, {"listPrice": 450000, "address": {"unit": "7"}}, caller="agent")
    read = await client.get(path)
    timeline = await client.get(f"{path}/timeline")
    removed = await client.request("DELETE", path, caller="agent")

    assert (made.status, made.headers["location"]) == (201, f"/api/v1/properties{path}")
    assert (made.data["isLocal"], made.data["providerId"], made.data["listPrice"]) == (True, "local", 489000)
    assert made.data["fields"] == {"Roof": ["Slate"]}
    assert read.content == changed.content
    assert (read.data["listPrice"], read.data["bathrooms"]["total"]) == (450000, 2)  # pyright: ignore[reportIndexIssue] - an object
    assert read.data["address"]["full"] == "12 Elm St #7"  # pyright: ignore[reportIndexIssue] - an object
    kinds = {one["kind"] for one in timeline.data["timeline"]}  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType] - entries
    assert kinds == {"listed", "price_changed", "changed"}
    assert (removed.status, removed.content) == (204, b"")
    assert (await client.get("")).keys == []


async def test_a_full_address_goes_with_the_street_that_it_was_built_of(client: ListingsClient) -> None:
    made = await client.request("POST", "", {**_HOUSE, "providerId": "local"}, caller="agent")
    path = f"/{made.data['id']}"

    async def change(**address: object) -> object:
        changed = await client.request("PUT", path, {"address": address}, caller="agent")
        return changed.data["address"]["full"]  # pyright: ignore[reportIndexIssue, reportUnknownVariableType] - an object

    assert await change(streetName=None) is None
    assert await change(streetName="Oak", full="The Old Mill") == "The Old Mill"
    assert await change(streetName=None) == "The Old Mill"


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"id": str(_NOBODYS)}, "id"),
        ({"listingKey": "7"}, "listingKey"),
        ({"media": []}, "media"),
        ({"daysOnMarket": 4}, "daysOnMarket"),
        ({"modifiedAt": "2026-01-01T00:00:00Z"}, "modifiedAt"),
        ({"color": "blue"}, "color"),
        ({"address": {"planet": "Mars"}}, "address.planet"),
        ({"address": "12 Elm"}, "address"),
        ({"fields": {"Colour": 1}}, "Colour"),
        ({"publicRemarks": "ding\a"}, "publicRemarks"),
        ({"fields": {"Roof": ["Slate\a"]}}, "Roof"),
        ({"listPrice": "a lot"}, "listPrice"),
        ({"listPrice": "450.000"}, "listPrice"),
        ({"listPrice": "$450,000"}, "listPrice"),
        ({"bedrooms": "4+"}, "bedrooms"),
        ({"bedrooms": 2.5}, "bedrooms"),
        ({"yearBuilt": True}, "yearBuilt"),
        ({"latitude": [30]}, "latitude"),
        ({"address": {"city": 5}}, "address.city"),
        ({"address": {"postalCode": 78701}}, "address.postalCode"),
        ({"address": {"city": ["Waco"]}}, "address.city"),
        ({"propertyType": 5}, "propertyType"),
        ({"features": {"view": "yes"}}, "features.view"),
        ({"features": {"view": 1}}, "features.view"),
        ({"listedAt": 20261001}, "listedAt"),
        ({"fields": {"Roof": [5]}}, "Roof"),
        ({"fields": {"Roof": 5}}, "Roof"),
        ({"listPrice": -1}, "listPrice"),
        ({"yearBuilt": 0}, "yearBuilt"),
        ({"isFeatured": "yes"}, "isFeatured"),
        ({"providerId": "board"}, "providerId"),
        ({"standardStatus": None}, "standardStatus"),
    ],
)
async def test_a_local_listing_s_words_are_refused_by_name(
    client: ListingsClient, extra: dict[str, object], field: str
) -> None:
    status, code, fields = (await client.request("POST", "", {**_HOUSE, **extra})).error

    assert (status, code) == (400, "VALIDATION_ERROR")
    assert field in fields


async def test_only_the_author_or_an_admin_changes_a_local_listing(client: ListingsClient) -> None:
    path = f"/{(await client.request('POST', '', _HOUSE, caller='agent')).data['id']}"

    refused = [
        await client.request("PUT", path, {"listPrice": 1}, caller="colleague"),
        await client.request("DELETE", path, caller="colleague"),
    ]
    by_admin = await client.request("PUT", path, {"listPrice": 1})

    assert [one.error[:2] for one in refused] == [(403, "FORBIDDEN")] * 2
    assert (by_admin.status, by_admin.data["listPrice"]) == (200, 1)


async def test_an_mls_s_listing_is_not_changed_here(client: ListingsClient) -> None:
    await put_three(client)

    answers = [
        await client.request("PUT", path_of(client, "1"), {"listPrice": 1}),
        await client.request("DELETE", path_of(client, "1")),
    ]

    assert [one.error[:2] for one in answers] == [(409, "CONFLICT")] * 2
    assert b"MLS" in answers[0].content
    assert (await client.request("PUT", f"/{_NOBODYS}", {"listPrice": 1})).error[:2] == (404, "PROPERTY_NOT_FOUND")
    assert (await client.request("DELETE", f"/{_NOBODYS}")).error[:2] == (404, "PROPERTY_NOT_FOUND")
