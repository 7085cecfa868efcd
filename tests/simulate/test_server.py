"""The server without quirks: login, metadata, searches and photos as the standard says."""

import gzip
import hashlib
from email.utils import parsedate_to_datetime
from typing import cast
from xml.etree import ElementTree as ET

import httpx2 as httpx
import pytest

from platbook.market import Market, draw_photo
from platbook.simulate.rets.fields import LAND, RESIDENTIAL
from platbook.simulate.rets.formatting import get_formatter
from platbook.simulate.rets.lookups import LOOKUPS
from platbook.simulate.rets.quirks import Quirks
from platbook.simulate.rets.source import STARTED
from tests.simulate.conftest import SIZE
from tests.simulate.raw_client import RawRetsClient, get_code, get_count, parse_rows
from tests.simulate.served import AT, ServedRets

MARKET = {one.key: one for one in Market(3, SIZE, STARTED).listings(AT)}
HOMES = {key: one for key, one in MARKET.items() if one.record["PropertyType"] == "Residential"}


def expected(key: str) -> dict[str, str]:
    """A listing's cells, written from the market's own record."""

    def write(value: object) -> str:
        if isinstance(value, list):
            return ",".join(str(message) for message in cast("list[object]", value))
        if isinstance(value, bool):
            return "1" if value else "0"
        return "" if value is None else str(value)

    return {field.name: write(HOMES[key].record.get(field.name)) for field in RESIDENTIAL.fields}


def test_login_has_the_capability_urls(rets: ServedRets) -> None:
    client = RawRetsClient(rets)
    reply = client.log_in()
    reported = dict(line.split("=", 1) for line in reply.text.splitlines() if "=" in line and "<" not in line)
    assert reported["Search"] == f"{rets.base}/rets/search"
    assert reported["TimeoutSeconds"] == "1800"
    assert reply.headers["RETS-Version"] == "RETS/1.7.2"
    assert parsedate_to_datetime(reply.headers["Date"]) == AT
    assert client.http.cookies["RETS-Session-ID"]
    assert get_code(client.request("logout")) == 0
    assert get_code(client.search()) == 20701


@pytest.mark.parametrize("version", ["RETS/1.5", "RETS/1.7", "RETS/1.7.2", "RETS/1.8"])
def test_each_version_is_supported_and_reported(rets: ServedRets, version: str) -> None:
    reply = RawRetsClient(rets, version=version).log_in()
    assert reply.headers["RETS-Version"] == version
    assert ("Info=TimeoutSeconds;Int;1800" in reply.text) == (version == "RETS/1.8")


@pytest.mark.parametrize(("version", "reported"), [("RETS/1.9", "RETS/1.8"), ("RETS/1.6", "RETS/1.5")])
def test_an_unknown_version_is_answered_with_the_one_below(rets: ServedRets, version: str, reported: str) -> None:
    assert RawRetsClient(rets, version=version).log_in().headers["RETS-Version"] == reported


def test_no_version_is_refused(rets: ServedRets) -> None:
    reply = RawRetsClient(rets, version="").log_in()
    assert (reply.status_code, get_code(reply)) == (400, 20036)


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_401_each_time(rets: ServedRets, password: str) -> None:
    assert RawRetsClient(rets, auth=httpx.DigestAuth("demo", password)).log_in().status_code == 401
    assert RawRetsClient(rets, auth=httpx.BasicAuth("demo", "demo")).log_in().status_code == 401


def test_compact_decoded_rows_are_the_markets_records(client: RawRetsClient) -> None:
    reply = client.search()
    assert get_count(reply) == len(HOMES)
    assert {row["ListingKey"]: row for row in parse_rows(reply)} == {key: expected(key) for key in HOMES}


def test_compact_has_codes_where_decoded_has_values(client: RawRetsClient) -> None:
    plain, decoded = parse_rows(client.search(Format="COMPACT")), parse_rows(client.search())
    fields = {field.name: field for field in RESIDENTIAL.fields}
    lookups = {field.lookup for field in RESIDENTIAL.fields if field.lookup}
    for one, other in zip(plain, decoded, strict=True):
        for name in one:
            if name not in lookups:
                assert one[name] == other[name]
            else:
                values = other[name].split(",") if other[name] else []
                coded = get_formatter(fields[name], Quirks(), decoded=False)
                many = fields[name].interpretation == "LookupMulti"
                assert one[name] == (coded(tuple(values)) if many else coded(other[name] or None))


def test_standard_xml_has_the_same_records(client: RawRetsClient) -> None:
    root = ET.fromstring(client.search(Format="STANDARD-XML").content)  # noqa: S314 - from our own server
    reported = {
        one.findtext("ListingKey"): {cell.tag: cell.text or "" for cell in one}
        for one in root.findall("REData/REProperties/Residential")
    }
    assert reported == {key: expected(key) for key in HOMES}


def test_pages_by_offset_have_each_row_once_ordered_by_key(client: RawRetsClient) -> None:
    keys: list[str] = []
    while True:
        reply = client.search(Select="ListingKey,City", Limit="7", Offset=str(len(keys) + 1))
        keys += [row["ListingKey"] for row in parse_rows(reply)]
        if "<MAXROWS/>" not in reply.text:
            break
    assert keys == sorted(HOMES)
    assert get_code(client.search(Offset=str(len(HOMES) + 1))) == 20201


def test_count_only_has_no_rows_and_no_count_has_none(client: RawRetsClient) -> None:
    assert (get_count(client.search(Count="2", Limit="1")), parse_rows(client.search(Count="2"))) == (len(HOMES), [])
    assert "<COUNT" not in client.search(Count="0").text


def test_select_gives_those_columns_in_that_order(client: RawRetsClient) -> None:
    row = parse_rows(client.search(Select="City,ListingKey", Limit="1"))[0]
    assert list(row) == ["City", "ListingKey"]


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ({"Select": "City,NoSuch"}, 20202),
        ({"Query": "(NoSuch=1)"}, 20200),
        ({"Query": "(City=|A)"}, 20206),
        ({"Query": "(City=NoSuchPlace)"}, 20201),
        ({"SearchType": "Nothing"}, 20203),
        ({"Class": "Nothing"}, 20203),
        ({"Format": "CSV"}, 20203),
        ({"Offset": "0"}, 20203),
        ({"Limit": "-1"}, 20203),
        ({"Count": "3"}, 20203),
    ],
)
def test_an_invalid_search_is_refused_with_its_code(
    client: RawRetsClient, arguments: dict[str, str], refusal: int
) -> None:
    assert (
        get_code(client.search(**({"query": arguments.pop("Query")} if "Query" in arguments else {}), **arguments))
        == refusal
    )


def test_get_and_post_are_equivalent(rets: ServedRets, client: RawRetsClient) -> None:
    poster = RawRetsClient(rets, method="POST")
    poster.log_in()
    assert poster.search().content == client.search().content


def test_xml_is_compressed_if_accepted(client: RawRetsClient) -> None:
    plain = client.search().content
    with client.http.stream(
        "GET",
        f"{client.served.base}/rets/search",
        params={"SearchType": "Property", "Class": "Residential", "Query": "(ListingKey=0+)", "Count": "1"}
        | {"Format": "COMPACT-DECODED"},
        headers={"RETS-Version": client.version, "Accept-Encoding": "gzip"},
        auth=client.auth,
    ) as reply:
        packed = b"".join(reply.iter_raw())
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 2


def test_agents_offices_and_media_are_there(client: RawRetsClient) -> None:
    agents = parse_rows(client.search("(MemberKey=*)", SearchType="Agent", Class="Agent"))
    offices = parse_rows(client.search("(OfficeKey=*)", SearchType="Office", Class="Office"))
    media = parse_rows(client.search("(ResourceRecordKey=0+)", SearchType="Media", Class="Media"))
    assert {row["OfficeKey"] for row in agents} == {row["OfficeKey"] for row in offices}
    assert {str(one.record["ListAgentKey"]) for one in MARKET.values()} <= {row["MemberKey"] for row in agents}
    assert [row["MediaKey"] for row in media] == [photo.key for one in MARKET.values() for photo in one.photos]
    photo = httpx.get(media[0]["MediaURL"])
    assert photo.content == draw_photo(next(iter(MARKET.values())), 1)


def test_metadata_level_by_level(client: RawRetsClient) -> None:
    resources = parse_rows(client.metadata("RESOURCE"))
    assert next((one["ResourceID"], one["KeyField"]) for one in resources) == ("Property", "ListingKey")
    classes = parse_rows(client.metadata("CLASS", "Property"))
    assert [one["ClassName"] for one in classes] == ["Residential", "Commercial", "Land"]
    table = parse_rows(client.metadata("TABLE", "Property:Land"))
    assert [one["SystemName"] for one in table] == [field.name for field in LAND.fields]
    price = next(one for one in table if one["SystemName"] == "ListPrice")
    assert (price["DataType"], price["Interpretation"], price["LongName"]) == ("Int", "Currency", "List Price")
    views = parse_rows(client.metadata("LOOKUP_TYPE", "Property:View"))
    assert {"LongValue": "Mountain(s)", "ShortValue": "Mountain(s)", "Value": "Moun"}.items() <= views[3].items()
    assert parse_rows(client.metadata("OBJECT", "Property"))[0]["ObjectCount"] == "PhotosCount"
    assert 'TimeZoneOffset="+00:00"' in client.metadata("SYSTEM").text


@pytest.mark.parametrize("written", ["COMPACT", "STANDARD-XML"])
def test_the_complete_tree_has_every_level(client: RawRetsClient, written: str) -> None:
    root = ET.fromstring(client.metadata("SYSTEM", "*", written).content)  # noqa: S314 - from our own server
    counts = {kind: len(list(root.iter(f"METADATA-{kind}"))) for kind in ("RESOURCE", "CLASS", "TABLE", "LOOKUP")}
    assert counts == {"RESOURCE": 1, "CLASS": 4, "TABLE": 6, "LOOKUP": 2}
    lookups = {(one.get("Resource"), one.get("Lookup")) for one in root.iter("METADATA-LOOKUP_TYPE")}
    assert len(lookups) == len(list(root.iter("METADATA-LOOKUP_TYPE"))) == len(LOOKUPS)


def test_both_metadata_formats_are_equivalent(client: RawRetsClient) -> None:
    compact = parse_rows(client.metadata("TABLE", "Property:Residential"))
    root = ET.fromstring(  # noqa: S314 - from our own server
        client.metadata("TABLE", "Property:Residential", "STANDARD-XML").content
    )
    assert [{cell.tag: cell.text or "" for cell in one} for one in root.iter("Field")] == compact


@pytest.mark.parametrize(
    ("kind", "of", "written", "refusal"),
    [
        ("UPDATE", "Property", "COMPACT", 20503),
        ("NOTHING", "0", "COMPACT", 20501),
        ("TABLE", "Property:Nothing", "COMPACT", 20503),
        ("TABLE", "a:b:c:d:e", "COMPACT", 20502),
        ("SYSTEM", "0", "COMPACT-DECODED", 20513),
    ],
)
def test_missing_metadata(client: RawRetsClient, kind: str, of: str, written: str, refusal: int) -> None:
    assert get_code(client.metadata(kind, of, written)) == refusal


def test_a_single_photo_equals_the_markets(client: RawRetsClient) -> None:
    key, listing = next(iter(MARKET.items()))
    reply = client.photos(f"{key}:2")
    assert reply.content == draw_photo(listing, 2)
    reported = {name: reply.headers[name] for name in ("Content-Type", "Content-ID", "Object-ID")}
    assert reported == {"Content-Type": "image/jpeg", "Content-ID": key, "Object-ID": "2"}
    assert client.photos(key).content == client.photos(f"{key}:0").content == draw_photo(listing, 1)


def test_many_photos_are_parts_in_order(client: RawRetsClient) -> None:
    first, second = list(MARKET.values())[:2]
    reply = client.photos(f"{first.key}:*,{second.key}:1:99")
    assert reply.headers["Content-Type"] == "multipart/parallel; boundary=platbook.photos"
    _, *parts, end = reply.content.split(b"\r\n--platbook.photos")
    assert end == b"--\r\n"
    bodies = [part.split(b"\r\n\r\n", 1)[1] for part in parts]
    expected_photos = [draw_photo(first, photo.order) for photo in first.photos] + [draw_photo(second, 1)]
    assert [hashlib.sha256(body).digest() for body in bodies[:-1]] == [
        hashlib.sha256(one).digest() for one in expected_photos
    ]
    assert b'ReplyCode="20403"' in bodies[-1]
    assert f"Content-ID: {second.key}\r\nObject-ID: 99".encode() in parts[-1]


def test_locations_are_urls_of_the_photos(client: RawRetsClient) -> None:
    listing = next(iter(MARKET.values()))
    reply = client.photos(f"{listing.key}:*", Location="1")
    urls = [line.split(": ", 1)[1] for line in reply.text.split("\r\n") if line.startswith("Location: ")]
    assert len(urls) == len(listing.photos)
    assert httpx.get(urls[-1]).content == draw_photo(listing, len(listing.photos))


def test_version_1_8_has_more_headers_of_a_photo(rets: ServedRets) -> None:
    client = RawRetsClient(rets, version="RETS/1.8")
    client.log_in()
    key, listing = next(iter(MARKET.items()))
    text = client.photos(f"{key}:1:2", Location="1", ObjectData="*").text
    assert text.count("Preferred: 1") == 1
    assert f"UID: {listing.photos[1].key}" in text
    assert "ObjectData: Order=2" in text


@pytest.mark.parametrize(
    ("ids", "refusal"), [("1:*", 20403), ("1000000000:77", 20403), ("", 20402), (":1", 20402), ("1000000000:x", 20402)]
)
def test_missing_photos(client: RawRetsClient, ids: str, refusal: int) -> None:
    assert get_code(client.photos(ids)) == refusal


def test_the_control_api_sets_the_time(rets: ServedRets, client: RawRetsClient) -> None:
    before = client.search().content
    moved = httpx.post(f"{rets.base}/_control/moment", json={"at": "2026-07-01T00:00:00Z"})
    assert moved.json() == {"moment": "2026-07-01T00:00:00+00:00", "speed": 0.0}
    assert client.search().content != before
    httpx.post(f"{rets.base}/_control/moment", json={"at": AT.isoformat()})
    assert client.search().content == before


def test_the_control_api_counts_requests(rets: ServedRets, client: RawRetsClient) -> None:
    client.search("(ListPrice=1+)")
    statistics = httpx.get(f"{rets.base}/_control/statistics").json()
    assert (statistics["sessionsOpen"], statistics["mostSessions"]) == (1, 1)
    assert statistics["requests"]["search"] >= 1
    assert statistics["asked"][-1][1]["Query"] == "(ListPrice=1+)"


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("moment", {"at": "2020-01-01T00:00:00Z"}, "starts at"),
        ("moment", {"at": "soon"}, "at:"),
        ("moment", {"when": 1}, "when:"),
        ("quirks", {"quirks": ["no-such-quirk"]}, "unknown quirk"),
        ("quirks", {"quirks": ["ignore-offset=always"]}, "only a fault"),
    ],
)
def test_the_control_api_refuses_invalid_requests(
    rets: ServedRets, path: str, body: dict[str, object], message: str
) -> None:
    reply = httpx.post(f"{rets.base}/_control/{path}", json=body)
    assert reply.status_code == 400
    assert message in reply.json()["error"]


def test_the_control_api_is_for_this_machine_only(rets: ServedRets) -> None:
    reply = httpx.post(f"{rets.base}/_control/quirks", json={}, headers={"Host": "mls.example.com"})
    assert (reply.status_code, "this machine" in reply.text) == (400, True)
    assert httpx.post(f"{rets.base}/_control/quirks", content=b"{}").status_code == 400


def test_other_paths_are_not_found(rets: ServedRets) -> None:
    assert httpx.get(f"{rets.base}/rets/nothing").status_code == 404
    assert httpx.get(f"{rets.base}/").status_code == 404
