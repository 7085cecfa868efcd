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
from platbook.simulate.rets.formatting import to_writer
from platbook.simulate.rets.lookups import LOOKUPS
from platbook.simulate.rets.quirks import Quirks
from platbook.simulate.rets.source import STARTED
from tests.simulate.caller import Caller, code, count, rows
from tests.simulate.conftest import SIZE
from tests.simulate.served import AT, ServedRets

MARKET = {one.key: one for one in Market(3, SIZE, STARTED).listings(AT)}
HOMES = {key: one for key, one in MARKET.items() if one.record["PropertyType"] == "Residential"}


def expected(key: str) -> dict[str, str]:
    """A listing's cells, written from the market's own record."""

    def write(value: object) -> str:
        if isinstance(value, list):
            return ",".join(str(word) for word in cast("list[object]", value))
        if isinstance(value, bool):
            return "1" if value else "0"
        return "" if value is None else str(value)

    return {field.name: write(HOMES[key].record.get(field.name)) for field in RESIDENTIAL.fields}


def test_login_tells_where_everything_is(rets: ServedRets) -> None:
    caller = Caller(rets)
    reply = caller.log_in()
    told = dict(line.split("=", 1) for line in reply.text.splitlines() if "=" in line and "<" not in line)
    assert told["Search"] == f"{rets.base}/rets/search"
    assert told["TimeoutSeconds"] == "1800"
    assert reply.headers["RETS-Version"] == "RETS/1.7.2"
    assert parsedate_to_datetime(reply.headers["Date"]) == AT
    assert caller.http.cookies["RETS-Session-ID"]
    assert code(caller.ask("logout")) == 0
    assert code(caller.search()) == 20701


@pytest.mark.parametrize("version", ["RETS/1.5", "RETS/1.7", "RETS/1.7.2", "RETS/1.8"])
def test_each_version_is_spoken_and_told(rets: ServedRets, version: str) -> None:
    reply = Caller(rets, version=version).log_in()
    assert reply.headers["RETS-Version"] == version
    assert ("Info=TimeoutSeconds;Int;1800" in reply.text) == (version == "RETS/1.8")


@pytest.mark.parametrize(("version", "told"), [("RETS/1.9", "RETS/1.8"), ("RETS/1.6", "RETS/1.5")])
def test_an_unknown_version_is_answered_in_the_one_below(rets: ServedRets, version: str, told: str) -> None:
    assert Caller(rets, version=version).log_in().headers["RETS-Version"] == told


def test_no_version_is_refused(rets: ServedRets) -> None:
    reply = Caller(rets, version="").log_in()
    assert (reply.status_code, code(reply)) == (400, 20036)


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_401_each_time(rets: ServedRets, password: str) -> None:
    assert Caller(rets, auth=httpx.DigestAuth("demo", password)).log_in().status_code == 401
    assert Caller(rets, auth=httpx.BasicAuth("demo", "demo")).log_in().status_code == 401


def test_compact_decoded_rows_are_the_markets_records(caller: Caller) -> None:
    reply = caller.search()
    assert count(reply) == len(HOMES)
    assert {row["ListingKey"]: row for row in rows(reply)} == {key: expected(key) for key in HOMES}


def test_compact_has_codes_where_decoded_has_words(caller: Caller) -> None:
    plain, decoded = rows(caller.search(Format="COMPACT")), rows(caller.search())
    fields = {field.name: field for field in RESIDENTIAL.fields}
    values = {field.lookup for field in RESIDENTIAL.fields if field.lookup}
    for one, other in zip(plain, decoded, strict=True):
        for name in one:
            if name not in values:
                assert one[name] == other[name]
            else:
                words = other[name].split(",") if other[name] else []
                coded = to_writer(fields[name], Quirks(), decoded=False)
                many = fields[name].shape == "LookupMulti"
                assert one[name] == (coded(tuple(words)) if many else coded(other[name] or None))


def test_standard_xml_says_the_same(caller: Caller) -> None:
    root = ET.fromstring(caller.search(Format="STANDARD-XML").content)  # noqa: S314 - from our own server
    told = {
        one.findtext("ListingKey"): {cell.tag: cell.text or "" for cell in one}
        for one in root.findall("REData/REProperties/Residential")
    }
    assert told == {key: expected(key) for key in HOMES}


def test_pages_by_offset_hold_each_row_once_in_order_of_key(caller: Caller) -> None:
    keys: list[str] = []
    while True:
        reply = caller.search(Select="ListingKey,City", Limit="7", Offset=str(len(keys) + 1))
        keys += [row["ListingKey"] for row in rows(reply)]
        if "<MAXROWS/>" not in reply.text:
            break
    assert keys == sorted(HOMES)
    assert code(caller.search(Offset=str(len(HOMES) + 1))) == 20201


def test_count_alone_has_no_rows_and_no_count_no_count(caller: Caller) -> None:
    assert (count(caller.search(Count="2", Limit="1")), rows(caller.search(Count="2"))) == (len(HOMES), [])
    assert "<COUNT" not in caller.search(Count="0").text


def test_select_gives_those_columns_in_that_order(caller: Caller) -> None:
    row = rows(caller.search(Select="City,ListingKey", Limit="1"))[0]
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
def test_a_search_that_cannot_be_done_says_why(caller: Caller, arguments: dict[str, str], refusal: int) -> None:
    assert (
        code(caller.search(**({"query": arguments.pop("Query")} if "Query" in arguments else {}), **arguments))
        == refusal
    )


def test_get_and_post_are_alike(rets: ServedRets, caller: Caller) -> None:
    poster = Caller(rets, method="POST")
    poster.log_in()
    assert poster.search().content == caller.search().content


def test_xml_comes_packed_where_it_may(caller: Caller) -> None:
    plain = caller.search().content
    with caller.http.stream(
        "GET",
        f"{caller.served.base}/rets/search",
        params={"SearchType": "Property", "Class": "Residential", "Query": "(ListingKey=0+)", "Count": "1"}
        | {"Format": "COMPACT-DECODED"},
        headers={"RETS-Version": caller.version, "Accept-Encoding": "gzip"},
        auth=caller.auth,
    ) as reply:
        packed = b"".join(reply.iter_raw())
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 2


def test_agents_offices_and_media_are_there(caller: Caller) -> None:
    agents = rows(caller.search("(MemberKey=*)", SearchType="Agent", Class="Agent"))
    offices = rows(caller.search("(OfficeKey=*)", SearchType="Office", Class="Office"))
    media = rows(caller.search("(ResourceRecordKey=0+)", SearchType="Media", Class="Media"))
    assert {row["OfficeKey"] for row in agents} == {row["OfficeKey"] for row in offices}
    assert {str(one.record["ListAgentKey"]) for one in MARKET.values()} <= {row["MemberKey"] for row in agents}
    assert [row["MediaKey"] for row in media] == [photo.key for one in MARKET.values() for photo in one.photos]
    photo = httpx.get(media[0]["MediaURL"])
    assert photo.content == draw_photo(next(iter(MARKET.values())), 1)


def test_metadata_level_by_level(caller: Caller) -> None:
    resources = rows(caller.metadata("RESOURCE"))
    assert next((one["ResourceID"], one["KeyField"]) for one in resources) == ("Property", "ListingKey")
    classes = rows(caller.metadata("CLASS", "Property"))
    assert [one["ClassName"] for one in classes] == ["Residential", "Commercial", "Land"]
    table = rows(caller.metadata("TABLE", "Property:Land"))
    assert [one["SystemName"] for one in table] == [field.name for field in LAND.fields]
    price = next(one for one in table if one["SystemName"] == "ListPrice")
    assert (price["DataType"], price["Interpretation"], price["LongName"]) == ("Int", "Currency", "List Price")
    views = rows(caller.metadata("LOOKUP_TYPE", "Property:View"))
    assert {"LongValue": "Mountain(s)", "ShortValue": "Mountain(s)", "Value": "Moun"}.items() <= views[3].items()
    assert rows(caller.metadata("OBJECT", "Property"))[0]["ObjectCount"] == "PhotosCount"
    assert 'TimeZoneOffset="+00:00"' in caller.metadata("SYSTEM").text


@pytest.mark.parametrize("written", ["COMPACT", "STANDARD-XML"])
def test_the_whole_tree_holds_each_level_whole(caller: Caller, written: str) -> None:
    root = ET.fromstring(caller.metadata("SYSTEM", "*", written).content)  # noqa: S314 - from our own server
    found = {kind: len(list(root.iter(f"METADATA-{kind}"))) for kind in ("RESOURCE", "CLASS", "TABLE", "LOOKUP")}
    assert found == {"RESOURCE": 1, "CLASS": 4, "TABLE": 6, "LOOKUP": 2}
    lookups = {(one.get("Resource"), one.get("Lookup")) for one in root.iter("METADATA-LOOKUP_TYPE")}
    assert len(lookups) == len(list(root.iter("METADATA-LOOKUP_TYPE"))) == len(LOOKUPS)


def test_both_forms_of_metadata_hold_the_same(caller: Caller) -> None:
    compact = rows(caller.metadata("TABLE", "Property:Residential"))
    root = ET.fromstring(  # noqa: S314 - from our own server
        caller.metadata("TABLE", "Property:Residential", "STANDARD-XML").content
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
def test_metadata_that_is_not_there(caller: Caller, kind: str, of: str, written: str, refusal: int) -> None:
    assert code(caller.metadata(kind, of, written)) == refusal


def test_a_single_photo_is_the_markets_own(caller: Caller) -> None:
    key, listing = next(iter(MARKET.items()))
    reply = caller.photos(f"{key}:2")
    assert reply.content == draw_photo(listing, 2)
    told = {name: reply.headers[name] for name in ("Content-Type", "Content-ID", "Object-ID")}
    assert told == {"Content-Type": "image/jpeg", "Content-ID": key, "Object-ID": "2"}
    assert caller.photos(key).content == caller.photos(f"{key}:0").content == draw_photo(listing, 1)


def test_many_photos_are_parts_in_order(caller: Caller) -> None:
    first, second = list(MARKET.values())[:2]
    reply = caller.photos(f"{first.key}:*,{second.key}:1:99")
    assert reply.headers["Content-Type"] == "multipart/parallel; boundary=platbook.photos"
    _, *parts, end = reply.content.split(b"\r\n--platbook.photos")
    assert end == b"--\r\n"
    bodies = [part.split(b"\r\n\r\n", 1)[1] for part in parts]
    wanted = [draw_photo(first, photo.order) for photo in first.photos] + [draw_photo(second, 1)]
    assert [hashlib.sha256(body).digest() for body in bodies[:-1]] == [hashlib.sha256(one).digest() for one in wanted]
    assert b'ReplyCode="20403"' in bodies[-1]
    assert f"Content-ID: {second.key}\r\nObject-ID: 99".encode() in parts[-1]


def test_locations_lead_to_the_photos(caller: Caller) -> None:
    listing = next(iter(MARKET.values()))
    reply = caller.photos(f"{listing.key}:*", Location="1")
    found = [line.split(": ", 1)[1] for line in reply.text.split("\r\n") if line.startswith("Location: ")]
    assert len(found) == len(listing.photos)
    assert httpx.get(found[-1]).content == draw_photo(listing, len(listing.photos))


def test_version_1_8_tells_more_of_a_photo(rets: ServedRets) -> None:
    caller = Caller(rets, version="RETS/1.8")
    caller.log_in()
    key, listing = next(iter(MARKET.items()))
    text = caller.photos(f"{key}:1:2", Location="1", ObjectData="*").text
    assert text.count("Preferred: 1") == 1
    assert f"UID: {listing.photos[1].key}" in text
    assert "ObjectData: Order=2" in text


@pytest.mark.parametrize(
    ("ids", "refusal"), [("1:*", 20403), ("1000000000:77", 20403), ("", 20402), (":1", 20402), ("1000000000:x", 20402)]
)
def test_photos_that_are_not_there(caller: Caller, ids: str, refusal: int) -> None:
    assert code(caller.photos(ids)) == refusal


def test_the_control_moves_the_market(rets: ServedRets, caller: Caller) -> None:
    before = caller.search().content
    moved = httpx.post(f"{rets.base}/_control/moment", json={"at": "2026-07-01T00:00:00Z"})
    assert moved.json() == {"moment": "2026-07-01T00:00:00+00:00", "speed": 0.0}
    assert caller.search().content != before
    httpx.post(f"{rets.base}/_control/moment", json={"at": AT.isoformat()})
    assert caller.search().content == before


def test_the_control_counts_what_was_asked(rets: ServedRets, caller: Caller) -> None:
    caller.search("(ListPrice=1+)")
    seen = httpx.get(f"{rets.base}/_control/statistics").json()
    assert (seen["sessionsOpen"], seen["mostSessions"]) == (1, 1)
    assert seen["requests"]["search"] >= 1
    assert seen["asked"][-1][1]["Query"] == "(ListPrice=1+)"


@pytest.mark.parametrize(
    ("path", "order", "word"),
    [
        ("moment", {"at": "2020-01-01T00:00:00Z"}, "starts at"),
        ("moment", {"at": "soon"}, "at:"),
        ("moment", {"when": 1}, "when:"),
        ("quirks", {"quirks": ["no-such-quirk"]}, "no quirk named"),
        ("quirks", {"quirks": ["ignore-offset=always"]}, "only a fault"),
    ],
)
def test_the_control_refuses_in_words(rets: ServedRets, path: str, order: dict[str, object], word: str) -> None:
    reply = httpx.post(f"{rets.base}/_control/{path}", json=order)
    assert reply.status_code == 400
    assert word in reply.json()["error"]


def test_the_control_is_for_this_machine_alone(rets: ServedRets) -> None:
    reply = httpx.post(f"{rets.base}/_control/quirks", json={}, headers={"Host": "mls.example.com"})
    assert (reply.status_code, "this machine" in reply.text) == (400, True)
    assert httpx.post(f"{rets.base}/_control/quirks", content=b"{}").status_code == 400


def test_nothing_else_is_there(rets: ServedRets) -> None:
    assert httpx.get(f"{rets.base}/rets/nothing").status_code == 404
    assert httpx.get(f"{rets.base}/").status_code == 404
