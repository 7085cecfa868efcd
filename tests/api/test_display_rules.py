"""Display rules over HTTP: read, replaced, previewed, refused; and what a change of them does to listings."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from platbook.base.errors import InvalidInput, NotFound
from platbook.connectors.contract import MediaRef
from platbook.listings.rebuild import rebuild_documents
from tests.api.conftest import Api
from tests.api.test_command_line_views import RunCommand, command
from tests.listings.listing_rig import ListingRig, make_listing, price

__all__ = ["command"]

MLS = "/api/v1/admin/mls"
RULES = f"{MLS}/providers/board/display-rules"
BOARD: dict[str, object] = {
    "providerId": "board",
    "providerName": "The Board",
    "providerType": "MOCK",
    "settings": {"listings": 5},
    "enabled": False,
}
Json = dict[str, object]


async def _add(api: Api, **more: object) -> None:
    assert (await api.call("POST", f"{MLS}/providers", json={**BOARD, **more})).status_code == 201


async def _read(api: Api, query: str = "") -> Json:
    answer = await api.call("GET", RULES + query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def _put(api: Api, *rules: Mapping[str, object]) -> Json:
    answer = await api.call("PUT", RULES, json={"rules": rules})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def _rows(read: Json) -> list[Json]:
    return cast("list[Json]", read["rules"])


async def test_what_is_read_is_taken_as_it_is_and_changes_nothing(api: Api) -> None:
    await _add(api, display={"mls": "The Board"}, ownOffices=["O2", "O1"])
    set_to = await _put(
        api,
        {"settings": {"mls": "The Board", "soldWithin": "P36M"}},
        {"originatingSystem": "Naples", "feed": " idx ", "settings": {"hideFields": ["TaxAnnualAmount"]}},
        {"ours": True, "settings": {"statuses": ["Active", "Coming Soon"]}},
        {"surface": "internal", "settings": {"logo": "https://mls.test/logo.png"}},
    )
    assert (set_to["providerId"], set_to["version"], set_to["ownOffices"]) == ("board", 2, ["O1", "O2"])
    assert [(one["originatingSystem"], one["surface"], one["feed"], one["ours"]) for one in _rows(set_to)] == [
        (None, "public", None, False),
        ("Naples", "public", "IDX", False),
        (None, "public", None, True),
        (None, "internal", None, False),
    ]
    assert {(one["version"], one["setBy"], one["from"]) for one in _rows(set_to)} == {
        (2, "admin@example.com", "2026-01-02T12:00:00Z")
    }
    api.clock.advance(timedelta(hours=1))
    again = await api.call("PUT", RULES, json=set_to)
    assert again.json()["data"] == set_to == await _read(api)
    acts = await api.rows("SELECT details FROM audit_log WHERE act = 'display rules changed'")
    assert [one["details"] for one in acts] == [{"version": 2}]


async def test_a_change_keeps_the_other_rules_and_the_rules_of_before(api: Api) -> None:
    await _add(api, display={"mls": "The Board"})
    first = await _read(api)
    api.clock.advance(timedelta(hours=1))
    second = await _put(api, *_rows(first), {"feed": "VOW", "settings": {"statuses": ["Active"]}})
    assert (_rows(second)[0], [one["version"] for one in _rows(second)]) == (_rows(first)[0], [1, 2])
    api.clock.advance(timedelta(hours=1))
    assert _rows(await _put(api)) == []
    moments: list[tuple[str, Json]] = [
        ("2026-01-02T11:59:59Z", {**first, "version": 0, "rules": []}),
        ("2026-01-02T12:00:00Z", first),
        ("2026-01-02T08:30:00-05:00", second),
        ("2026-01-02T14:00:00Z", {**first, "version": 3, "rules": []}),
    ]
    for at, expected in moments:
        assert await _read(api, f"?at={at.replace('+', '%2B')}") == expected, at


async def test_the_display_of_a_provider_is_the_rule_for_all_its_listings_in_public(api: Api) -> None:
    await _add(api, display={"mls": "The Board"})
    ours: Json = {"ours": True, "settings": {"statuses": ["Active"]}}
    await _put(api, {"settings": {"mls": "Another", "soldWithin": "P36M"}}, ours)
    read = (await api.call("GET", f"{MLS}/providers/board")).json()["data"]
    assert read["display"] == {"mls": "Another", "soldWithin": "P36M"}

    changed = {**read, "display": {"mls": "A third"}, "ownOffices": ["O1"]}
    assert (await api.call("PUT", f"{MLS}/providers/board", json=changed)).status_code == 200
    rules = await _read(api)
    assert [(one["settings"], one["ours"]) for one in _rows(rules)] == [
        ({"mls": "A third"}, False),
        ({"statuses": ["Active"]}, True),
    ]
    assert (rules["version"], rules["ownOffices"]) == (3, ["O1"])

    await _put(api, ours)
    read = (await api.call("GET", f"{MLS}/providers/board")).json()["data"]
    assert read["display"] is None
    for _ in range(2):
        assert (await api.call("PUT", f"{MLS}/providers/board", json=read)).status_code == 200
    assert [one["ours"] for one in _rows(await _read(api))] == [True], "nobody asked for a rule for any listing"
    acts = await api.rows("SELECT details FROM audit_log WHERE act = 'display rules changed' ORDER BY id")
    assert [one["details"] for one in acts] == [{"version": version} for version in (2, 3, 4)]


REFUSED: list[tuple[object, str, str]] = [
    ([{"settings": {"colour": 1}}], "rules.0.settings.colour", "not a known field"),
    ([{"settings": {}, "colour": 1}], "rules.0.colour", "not a known field"),
    ([{}], "rules.0.settings", "required"),
    ([{"settings": {"soldWithin": "36 months"}}], "rules.0.settings.soldWithin", "such as P36M"),
    (
        [{"settings": {"photoPermissions": ["Public", "Private"]}}],
        "rules.0.settings.photoPermissions.1",
        "opens no",
    ),
    (
        [{"settings": {"hideFields": ["ListPrice", "PrivateRemarks"]}}],
        "rules.0.settings.hideFields.1",
        "never public",
    ),
    ([{"settings": {"hideFields": ["ListingKey"]}}], "rules.0.settings.hideFields.0", "identifies"),
    ([{"settings": {"hideFields": ["Nonsense"]}}], "rules.0.settings.hideFields.0", "not the RESO name"),
    ([{"settings": {"statuses": ["Sold"]}}], "rules.0.settings.statuses.0", "not a standard status"),
    ([{"settings": {"showClosePrice": "perhaps"}}], "rules.0.settings.showClosePrice", "true or false"),
    ([{"settings": {}}, {"settings": {"mls": "B"}}], "rules.1", "same listings as rules.0"),
    ([{"feed": "idx", "settings": {}}, {"feed": "IDX", "settings": {}}], "rules.1", "same listings as rules.0"),
    ([{"surface": "vow", "settings": {}}], "rules.0.surface", "not served yet"),
    ([{"surface": "moon", "settings": {}}], "rules.0.surface", "'internal' or 'public'"),
    ([{"surface": "internal", "settings": {"soldWithin": "P1M"}}], "rules.0.settings.soldWithin", "no meaning"),
    ([{"originatingSystem": " ", "settings": {}}], "rules.0.originatingSystem", "not be empty"),
    ([{"feed": "", "settings": {}}], "rules.0.feed", "not be empty"),
    ([{"ours": 1, "settings": {}}], "rules.0.ours", "true or false"),
    ([{"ours": True, "settings": {"hideWhenStale": "PT12H"}}], "rules.0.settings.hideWhenStale", "whole provider"),
    ("all", "rules", "list"),
    (None, "rules", "list"),
]


async def test_what_can_be_no_rule_is_refused_with_its_field(api: Api) -> None:
    await _add(api)
    for rules, field, words in REFUSED:
        for query in ("", "?dryRun=true"):
            answer = await api.call("PUT", RULES + query, json={"rules": rules})
            assert answer.status_code == 400, answer.text
            (problem,) = answer.json()["error"]["details"]
            assert problem["field"] == field
            assert words in problem["message"]
    assert (await _read(api))["version"] == 1


async def test_a_display_that_can_be_no_rule_is_refused_by_the_routes_of_providers(api: Api) -> None:
    await _add(api)
    for display, field in (
        ({"hideFields": ["PrivateRemarks"]}, "display.hideFields.0"),
        ({"photoPermissions": ["Private"]}, "display.photoPermissions.0"),
        ({"soldWithin": "36 months"}, "display.soldWithin"),
    ):
        for method, path, name in (("POST", "providers", "another"), ("PUT", "providers/board", "board")):
            body = {**BOARD, "providerId": name, "display": display}
            answer = await api.call(method, f"{MLS}/{path}", json=body)
            assert answer.status_code == 400, answer.text
            assert [one["field"] for one in answer.json()["error"]["details"]] == [field]


async def test_a_moment_without_a_zone_and_what_is_not_there_are_refused(api: Api) -> None:
    assert (await api.call("GET", RULES)).json()["error"]["code"] == "PROVIDER_NOT_FOUND"
    await _add(api)
    for at in ("2026-01-02T12:00:00", "2026-01-02", "yesterday"):
        answer = await api.call("GET", f"{RULES}?at={at}")
        assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (400, "at"), at
    assert (await api.call("DELETE", f"{MLS}/providers/board")).status_code == 204
    for query in ("", "?dryRun=true"):
        answer = await api.call("PUT", RULES + query, json={"rules": []})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "PROVIDER_ARCHIVED")
    assert (await _read(api))["version"] == 1


async def test_an_agent_may_neither_read_nor_write_them(api: Api) -> None:
    await _add(api)
    for method in ("GET", "PUT"):
        answer = await api.call(method, RULES, who="agent@example.com", json={"rules": ()})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")


SILENT: Json = {"InternetEntireListingDisplayYN": None, "StreetName": "Main", "ListPrice": price(100_000)}
MEDIA = [
    MediaRef("open", 1, "https://mls.test/1.jpg", permission=["Public"]),
    MediaRef("silent", 2, "https://mls.test/2.jpg"),
]
STORED = (
    "SELECT (SELECT md5(string_agg(p::text, '|' ORDER BY p.id)) FROM properties p) AS properties, "
    "(SELECT md5(string_agg(m::text, '|' ORDER BY m.id)) FROM property_media m) AS media, "
    "(SELECT md5(string_agg(r::text, '|' ORDER BY r.id)) FROM display_rules r) AS rules, "
    "(SELECT count(*) FROM audit_log) AS acts, (SELECT max(version) FROM display_rule_versions) AS version"
)
PUBLIC = (
    "SELECT p.listing_key, p.shows_address, p.public_document::jsonb #>> '{address,streetName}' AS street, "
    "p.public_document::jsonb ->> 'listPrice' AS price, (SELECT count(*) FROM property_media m "
    "WHERE m.property_id = p.id AND m.is_open) AS photos FROM properties p "
    "WHERE listing_is_public(p.visible, p.public_document, p.public_until, now())"
)


async def _fill(api: Api) -> None:
    """A provider of 30 public or silent listings of two systems, and of three that do not count."""
    await _add(api)
    rig = ListingRig(api.services.database)
    for number in range(12):
        await rig.put(make_listing(f"N{number:02}", OriginatingSystemName="Naples", **SILENT), media=MEDIA)
        await rig.put(
            make_listing(f"M{number:02}", OriginatingSystemName="Miami", ListPrice=price(200_000)), media=MEDIA
        )
    for key in ("removed_at", "out_of_scope_at", "erased_at"):
        await rig.put(make_listing(key, OriginatingSystemName="Naples", **SILENT), media=MEDIA)
    await api.run_sql(
        "UPDATE properties SET removed_at = CASE WHEN listing_key = 'removed_at' THEN now() END, "
        "out_of_scope_at = CASE WHEN listing_key = 'out_of_scope_at' THEN now() END, "
        "erased_at = CASE WHEN listing_key = 'erased_at' THEN now() END"
    )


async def _preview(api: Api, *rules: Mapping[str, object]) -> Mapping[str, Mapping[str, Json]]:
    answer = await api.call("PUT", f"{RULES}?dryRun=true", json={"rules": rules})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def _counts(preview: Mapping[str, Mapping[str, Json]]) -> dict[str, tuple[object, object]]:
    return {kind: (one["appear"]["count"], one["vanish"]["count"]) for kind, one in preview.items()}


async def test_a_dry_run_tells_what_would_appear_and_vanish_and_writes_nothing(api: Api) -> None:
    await _fill(api)
    before = await api.rows(STORED)
    none = (0, 0)

    nothing = await _preview(api, {"settings": {}})
    assert _counts(nothing) == dict.fromkeys(("listings", "addresses", "photos", "fields"), none)

    preview = await _preview(api, {"settings": {"listingDisplayWhenNull": True}})
    counts = _counts(preview)
    assert (counts["listings"], counts["addresses"], counts["photos"]) == ((12, 0), (12, 0), (12, 0))
    examples = cast("list[Json]", preview["listings"]["appear"]["examples"])
    assert [one["listingKey"] for one in examples] == [f"N{number:02}" for number in range(10)]
    assert {one["providerId"] for one in examples} == {"board"}
    assert set(examples[0]) == {"id", "providerId", "listingKey"}
    photos = cast("list[Json]", preview["photos"]["appear"]["examples"])
    assert [(one["listingKey"], one["mediaKey"]) for one in photos[:2]] == [("N00", "open"), ("N01", "open")]

    preview = await _preview(
        api, {"settings": {}}, {"originatingSystem": "Miami", "settings": {"hideFields": ["ListPrice"]}}
    )
    assert _counts(preview) == {"listings": none, "addresses": none, "photos": none, "fields": (0, 12)}
    fields = cast("list[Json]", preview["fields"]["vanish"]["examples"])
    assert [(one["listingKey"], one["field"]) for one in fields] == [(f"M{n:02}", "ListPrice") for n in range(10)]

    internal: Json = {"surface": "internal", "settings": {"mls": "Staff"}}
    assert _counts(await _preview(api, {"settings": {}}, internal)) == _counts(nothing)
    assert await api.rows(STORED) == before


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [{"settings": {"listingDisplayWhenNull": True, "photoDisplayWhenNull": True, "hideFields": ["ListPrice"]}}],
        [{"originatingSystem": "Naples", "settings": {"listingDisplayWhenNull": True, "photoPermissions": ["IDX"]}}],
    ],
)
async def test_what_a_dry_run_tells_is_what_happens(api: Api, rules: list[Json]) -> None:
    await _fill(api)
    await rebuild_documents(api.services.database, api.clock, "board")
    before = {str(row["listing_key"]): row for row in await api.rows(PUBLIC)}
    told = await _preview(api, *rules)
    await _put(api, *rules)
    await rebuild_documents(api.services.database, api.clock, "board")
    after = {str(row["listing_key"]): row for row in await api.rows(PUBLIC)}

    def find(shown: Mapping[str, Json], kind: str) -> set[tuple[str, object]]:
        rows = shown.items()
        match kind:
            case "listings":
                return {(key, None) for key, _ in rows}
            case "addresses":
                return {(key, None) for key, row in rows if row["shows_address"]}
            case "photos":
                return {(key, number) for key, row in rows for number in range(cast("int", row["photos"]))}
            case _:
                return {(key, name) for key, row in rows for name in ("street", "price") if row[name] is not None}

    for kind in ("listings", "addresses", "photos"):
        appear, vanish = find(after, kind) - find(before, kind), find(before, kind) - find(after, kind)
        assert _counts(told)[kind] == (len(appear), len(vanish)), kind
    appear, vanish = _counts(told)["fields"]
    assert bool(appear) is bool(find(after, "fields") - find(before, "fields"))
    assert bool(vanish) is bool(find(before, "fields") - find(after, "fields"))


async def test_only_what_a_rule_can_concern_is_withdrawn(api: Api) -> None:
    await _add(api, ownOffices=["OURS"])
    rig = ListingRig(api.services.database)
    await rig.put(make_listing("naples", OriginatingSystemName="Naples"))
    await rig.put(make_listing("ours", OriginatingSystemName="Miami", ListOfficeMlsId="OURS"))
    await rig.put(make_listing("co-listed", OriginatingSystemName="Miami", CoListOfficeMlsId="OURS"))
    await rig.put(make_listing("theirs", OriginatingSystemName="Miami", ListOfficeKey="THEIRS"))
    licensed = replace(make_listing("vow", OriginatingSystemName="Miami"), licences=frozenset({"VOW"}))
    await rig.put(licensed)
    every = {"naples", "ours", "co-listed", "theirs", "vow"}
    rules: list[Json] = [{"settings": {}}]

    async def put(added: Json | None = None, offices: Sequence[str] = ()) -> set[str]:
        """Change the rules, or the own offices; the listings that are not public before they are rebuilt."""
        if added is not None:
            rules.append(added)
            await _put(api, *rules)
        else:
            read = (await api.call("GET", f"{MLS}/providers/board")).json()["data"]
            answer = await api.call("PUT", f"{MLS}/providers/board", json={**read, "ownOffices": offices})
            assert answer.status_code == 200, answer.text
        public = {row["listing_key"] for row in await api.rows(PUBLIC)}
        assert (await api.rows("SELECT count(*) AS n FROM listing_document_versions"))[0]["n"] == 0
        await rebuild_documents(api.services.database, api.clock, "board")
        assert {row["listing_key"] for row in await api.rows(PUBLIC)} == every
        return every - public

    assert await put(offices=["OURS", "THEIRS"]) == set(), "no rule asks whose they are"
    assert await put(offices=["OURS"]) == set()
    assert await put({"originatingSystem": "Naples", "settings": {"mls": "N"}}) == {"naples"}
    assert await put({"feed": "vow", "settings": {"mls": "V"}}) == {"vow"}
    assert await put({"surface": "internal", "settings": {"mls": "Staff"}}) == set()
    assert await put({"surface": "internal", "ours": True, "settings": {"mls": "Own"}}) == set()
    assert await put(offices=["THEIRS"]) == set(), "a rule of the internal surface hides nothing"
    assert await put(offices=["OURS"]) == set()
    assert await put({"ours": True, "settings": {"mls": "O"}}) == {"ours", "co-listed"}
    assert await put(offices=["THEIRS"]) == {"ours", "co-listed", "theirs"}
    assert await put({"originatingSystem": "Miami", "ours": True, "settings": {"mls": "M"}}) == {"theirs"}
    internal = await api.rows("SELECT internal_document::jsonb #>> '{attribution,mls}' AS mls FROM properties")
    assert {row["mls"] for row in internal} == {"Own", "Staff"}


async def test_what_no_document_holds_hides_nothing_while_it_is_changed(api: Api) -> None:
    await _add(api)
    rig = ListingRig(api.services.database)
    await rig.put(make_listing("1"))

    for settings in ({"excludedNotice": "Some are left out."}, {"hideWhenStale": "P9999D"}, {}):
        await _put(api, {"settings": settings})
        assert [row["listing_key"] for row in await api.rows(PUBLIC)] == ["1"], settings
        assert await rebuild_documents(api.services.database, api.clock, "board") == 1

    named = await api.rows("SELECT r.valid_to FROM properties p JOIN display_rules r ON r.id = p.rule_id")
    assert named == [{"valid_to": None}], "it names the rule of now"


async def test_the_command_shows_previews_and_sets_what_the_route_does(
    api: Api, command: RunCommand, tmp_path: Path
) -> None:
    await _fill(api)
    assert json.loads(await command("provider", "rules", "board", "--json")) == await _read(api)
    wanted: list[Json] = [
        {"settings": {"listingDisplayWhenNull": True, "statuses": ["Active", "Pending"]}},
        {"originatingSystem": "Naples [FL]", "feed": "IDX", "ours": True, "settings": {}},
    ]
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"rules": wanted}))
    told = await command("provider", "rules", "board", "--set", str(file), "--preview")
    assert "listings\t12\t0\n" in told
    assert "appears\tphoto\tN00\topen\n" in told
    preview = json.loads(await command("provider", "rules", "board", "--set", str(file), "--preview", "--json"))
    assert preview == await _preview(api, *wanted)
    assert (await _read(api))["version"] == 1

    assert "2 display rules now, version 2." in await command("provider", "rules", "board", "--set", str(file))
    shown = await command("provider", "rules", "board")
    assert "2 display rules of board, version 2\n" in shown
    assert "  statuses\tActive, Pending\n" in shown
    assert "public, of Naples [FL], with the feed type IDX, of own offices (version 2" in shown
    read = await _read(api)
    file.write_text(json.dumps(read))
    assert json.loads(await command("provider", "rules", "board", "--set", str(file), "--json")) == read

    file.write_text('{"rules": [{"settings": {"soldWithin": "36 months"}}]}')
    for args, words in (
        (["--set", str(file)], "rules.0.settings.soldWithin"),
        (["--set", str(tmp_path / "none.json")], "none.json cannot be read"),
        (["--preview"], "--set FILE"),
    ):
        with pytest.raises(InvalidInput, match=words):
            await command("provider", "rules", "board", *args)
    with pytest.raises(NotFound):
        await command("provider", "rules", "nobody")
