"""GET of an explanation over stored listings, under rules that are really changed."""

from collections.abc import AsyncGenerator
from typing import cast
from uuid import UUID

import pytest

from platbook.base.actor import Actor, Role
from platbook.connectors.contract import MediaRef
from platbook.db import Database, Query
from platbook.listings.listing import Origin
from platbook.listings.rebuild import rebuild_documents
from platbook.listings.store import erase_listings, mark_out_of_scope, mark_removed
from platbook.providers.display_rules import RuleKey, RuleSettings
from platbook.sync.setup.display_rules import replace_display_rules
from tests.api.listings_client import ListingsClient, open_listings_client
from tests.listings.listing_rig import NOW, day, make_listing, price

_ADA = Actor("ada@example.com", role=Role.ADMIN)
_ORIGIN = Origin("board", "a run", NOW)
_SECRET = "the key is under the mat"
_ADD_PROVIDER = Query(
    "add_provider",
    "A provider without rules.",
    "INSERT INTO mls_provider_configurations (provider_id, provider_name, provider_type, interval_hours, created_at, "
    "updated_at) VALUES ('board', 'The Board', 'MOCK', 4, now(), now())",
)
_HIDE = Query("hide", "Archive.", "UPDATE properties SET hidden = true")

Decisions = dict[str, dict[str, object]]


@pytest.fixture
async def client(database: Database) -> AsyncGenerator[ListingsClient]:
    async with open_listings_client(database) as opened:
        async with database.transaction() as connection:
            await connection.run(_ADD_PROVIDER)
        await opened.listing_rig.put(
            make_listing(
                "1",
                ListPrice=price(1),
                UnparsedAddress="12 Elm St",
                OnMarketDate=day("2026-10-01"),
                PrivateRemarks=_SECRET,
                LockBoxSerialNumber=_SECRET,
                ListOfficeName="Elm Realty",
                ListOfficePhone="555-0100-200",
            ),
            media=[
                MediaRef("p1", 1, "https://photos.example.com/1.jpg", "Photo", None, ["Public"]),
                MediaRef("p2", 2, "https://photos.example.com/2.jpg", "Photo", None, None),
                MediaRef("p3", 3, "https://photos.example.com/3.jpg", "Photo", None, ["Private"]),
            ],
        )
        yield opened


async def _set_rules(client: ListingsClient, rules: dict[RuleKey, RuleSettings], *, rebuild: bool = True) -> None:
    database = client.listing_rig.database
    async with database.transaction() as connection:
        await replace_display_rules(connection, "board", list(rules.items()), _ADA, client.clock.now())
    if rebuild:
        await rebuild_documents(database, client.clock, "board")


async def _explain(client: ListingsClient, query: str = "") -> tuple[dict[str, object], Decisions]:
    answer = await client.get(f"/{client.listing_rig.ids['1']}/explain{query}", "agent")
    assert answer.status == 200, answer.content
    assert _SECRET not in answer.content.decode()
    rows = cast("list[dict[str, object]]", answer.data["decisions"])
    return answer.data, {str(row["subject"]): row for row in rows}


def _rule(decision: dict[str, object]) -> tuple[object, object]:
    rule = cast("dict[str, object] | None", decision["rule"])
    return (None, None) if rule is None else (rule["id"], rule["setting"])


async def _is_public(client: ListingsClient) -> bool:
    return (await client.get(f"/{client.listing_rig.ids['1']}", "public")).status == 200


async def test_the_shape_of_an_explanation(client: ListingsClient) -> None:
    key = RuleKey("board", originating_system=None)
    await _set_rules(client, {key: RuleSettings(statuses=("Active",))})
    data, decisions = await _explain(client)

    assert set(data) == {"surface", "shown", "until", "state", "decisions"}
    assert (data["surface"], data["shown"], data["until"]) == ("public", True, None)
    names = ("removed", "outOfScope", "archived", "erased", "withdrawn", "stale")
    assert data["state"] == dict.fromkeys(names, False)
    rule = cast("dict[str, object]", decisions["listing"].pop("rule"))
    assert decisions["listing"] == {
        "subject": "listing",
        "shown": True,
        "because": "the source allows it, and the rule of board for any listing shows the status Active",
        "seen": "Active",
    }
    assert UUID(str(rule.pop("id")))
    assert cast("int", rule.pop("version")) > 0
    assert rule == {
        "provider": "board",
        "originatingSystem": None,
        "surface": "public",
        "feed": None,
        "ours": False,
        "setting": "statuses",
    }
    shown = {name: decisions[f"photo:{name}"]["shown"] for name in ("p1", "p2", "p3")}
    assert shown == {"p1": True, "p2": False, "p3": False}


@pytest.mark.parametrize(
    ("before", "subject", "setting", "after"),
    [
        ({"statuses": ["Pending"]}, "listing", "statuses", {"statuses": ["Active"]}),
        ({"propertyTypes": ["Land"]}, "listing", "propertyTypes", {"propertyTypes": ["Residential"]}),
        ({"hideFields": ["City"]}, "field:City", "hideFields", {}),
        ({"showDaysOnMarket": False}, "field:DaysOnMarket", "showDaysOnMarket", {}),
        ({}, "photo:p2", "photoDisplayWhenNull", {"photoDisplayWhenNull": True}),
        ({"requireContact": True, "hideFields": ["ListPrice"]}, "field:ListPrice", "hideFields", {}),
    ],
)
async def test_the_setting_that_is_named_shows_and_hides_it_when_it_is_really_changed(
    client: ListingsClient, before: dict[str, object], subject: str, setting: str, after: dict[str, object]
) -> None:
    key = RuleKey("board")
    await client.add_public_key()
    hidden, shown = RuleSettings.model_validate(before), RuleSettings.model_validate(after)
    for settings, expected in ((hidden, False), (shown, True), (hidden, False)):
        await _set_rules(client, {key: settings})
        data, decisions = await _explain(client)
        assert decisions[subject]["shown"] is expected
        assert data["shown"] is await _is_public(client)
        if not expected:
            assert _rule(decisions[subject])[1] == setting


async def test_a_withdrawn_document_is_not_shown_until_it_is_rebuilt(client: ListingsClient) -> None:
    await client.add_public_key()
    await _set_rules(client, {RuleKey("board"): RuleSettings()})
    await _set_rules(client, {RuleKey("board"): RuleSettings(hide_fields=("City",))}, rebuild=False)
    data, decisions = await _explain(client)

    assert not await _is_public(client)
    assert (data["shown"], cast("dict[str, object]", data["state"])["withdrawn"]) == (False, True)
    assert decisions["listing"]["shown"] is True
    assert decisions["field:City"]["shown"] is False
    await rebuild_documents(client.listing_rig.database, client.clock, "board")
    rebuilt, again = await _explain(client)
    assert (rebuilt["shown"], cast("dict[str, object]", rebuilt["state"])["withdrawn"]) == (True, False)
    assert again == decisions


async def test_a_copy_whose_age_is_not_known_hides_all_by_the_rule_that_asks_for_it(client: ListingsClient) -> None:
    await _set_rules(client, {RuleKey("board"): RuleSettings.model_validate({"hideWhenStale": "PT12H"})})
    data, decisions = await _explain(client)

    assert (data["shown"], cast("dict[str, object]", data["state"])["stale"]) == (False, True)
    assert _rule(decisions["listing"])[1] == _rule(decisions["field:City"])[1] == "hideWhenStale"
    await _set_rules(client, {RuleKey("board"): RuleSettings()})
    assert (await _explain(client))[0]["shown"] is True


async def test_staff_are_shown_everything_of_what_is_removed_or_out_of_scope_and_the_public_nothing(
    client: ListingsClient,
) -> None:
    await _set_rules(client, {RuleKey("board"): RuleSettings()})
    database = client.listing_rig.database
    for mark, name in ((mark_removed, "removed"), (mark_out_of_scope, "outOfScope")):
        async with database.transaction() as connection:
            await mark(connection, ["1"], _ORIGIN)
        data, decisions = await _explain(client)
        assert cast("dict[str, object]", data["state"])[name] is True
        assert not any(one["shown"] or one["rule"] for one in decisions.values())
        internal, rows = await _explain(client, "?surface=internal")
        assert (internal["surface"], internal["shown"]) == ("internal", True)
        assert all(one["shown"] for one in rows.values())
        assert set(rows) == set(decisions)


async def test_what_is_archived_is_shown_to_nobody_and_what_is_erased_is_gone(client: ListingsClient) -> None:
    database = client.listing_rig.database
    async with database.transaction() as connection:
        await connection.run(_HIDE)
    for surface in ("public", "internal"):
        data, decisions = await _explain(client, f"?surface={surface}")
        assert (data["shown"], cast("dict[str, object]", data["state"])["archived"]) == (False, True)
        assert not any(one["shown"] for one in decisions.values())
    async with database.transaction() as connection:
        await erase_listings(connection, [client.listing_rig.ids["1"]], _ORIGIN)
    answer = await client.get(f"/{client.listing_rig.ids['1']}/explain")
    assert answer.error[:2] == (410, "GONE")


async def test_who_may_not_ask_and_what_may_not_be_asked(client: ListingsClient) -> None:
    await client.add_public_key()
    path = f"/{client.listing_rig.ids['1']}/explain"

    assert (await client.get(path, None)).status == 401
    assert (await client.get(path, "public")).error[:2] == (403, "FORBIDDEN")
    assert (await client.get(f"/{UUID(int=1)}/explain")).error[:2] == (404, "PROPERTY_NOT_FOUND")
    assert (await client.get(f"{path}?surface=vow")).error == (400, "VALIDATION_ERROR", ["surface"])
    assert (await client.get(f"{path}?face=public")).error == (400, "VALIDATION_ERROR", ["face"])
