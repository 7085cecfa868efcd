"""What a public timeline tells: only of fields that are shown, and of the past as the display rules say."""

from collections.abc import Mapping, Sequence

import pytest

from platbook.base.actor import Surface
from platbook.listings.listing import NormalListing, Origin
from platbook.listings.public_history import LoggedChange, Period, find_public_periods
from platbook.listings.reading import get_listing
from platbook.listings.store import IncomingListing, mark_removed, update_listings
from platbook.listings.timeline import Timeline, get_timeline
from platbook.providers.display_rules import ResolvedRules, RuleSettings, ShownHistory
from platbook.providers.rule_versions import replace_rules
from tests.listings.display_rules import make_rule, make_rules
from tests.listings.listing_rig import NOW, ListingRig, make_listing, price
from tests.listings.test_timeline import at, origin

_WHILE_PUBLIC = RuleSettings(show_history=ShownHistory.WHILE_PUBLIC, statuses=("Active", "Pending"))
_FIELD = {"status": "standardStatus", "type": "propertyType", "flag": "InternetEntireListingDisplayYN"}


def _to_log(*entries: str) -> list[LoggedChange]:
    """`3 status Active Closed`: hour, field, value before and after; `3 removed`: hour and kind."""
    log: list[LoggedChange] = []
    for entry in entries:
        hour, what, *values = entry.split()
        changes: list[Mapping[str, object]] = []
        if what in _FIELD:
            before, after = ({"-": None, "yes": True, "no": False}.get(value, value) for value in values)
            changes.append({"field": _FIELD[what], "from": before, "to": after})
        elif values:
            changes.append({"field": _FIELD["status"], "from": None, "to": values[0]})
        log.append(LoggedChange(at(int(hour)), "changed" if what in _FIELD else what, changes))
    return log


def _resolve(settings: RuleSettings) -> ResolvedRules:
    return ResolvedRules([make_rule(settings=RuleSettings.model_validate(settings.model_dump(exclude_none=True)))])


@pytest.mark.parametrize(
    ("log", "periods"),
    [
        ([], [(None, None)]),
        (["1 listed Active"], [(None, None)]),
        (["1 listed Closed", "3 status Closed Active"], [(3, None)]),
        (["1 listed Active", "3 status Active Closed", "5 status Closed Pending"], [(None, 3), (5, None)]),
        (["3 status Closed Active"], [(3, None)]),
        (["3 status - Active"], [(3, None)]),
        (["3 status Pending Active"], [(None, None)]),
        (["1 listed Active", "3 removed", "5 returned"], [(None, 3), (5, None)]),
        (["3 out_of_scope", "5 removed", "7 returned"], [(None, 3), (7, None)]),
        (["1 listed", "3 erased", "5 returned"], [(None, 3), (5, None)]),
        (["3 removed", "4 status Closed Active", "5 returned"], [(5, None)]),
        (["3 removed", "4 status Active Closed", "5 returned", "6 status Closed Active"], [(None, 3), (6, None)]),
        (["3 removed", "3 returned"], [(None, None)]),
        (["3 flag yes no", "5 flag no yes"], [(None, 3), (5, None)]),
        (["3 flag - yes"], [(3, None)]),
        (["3 type Land Residential"], [(3, None)]),
        (["3 type Land Residential", "4 flag - yes"], [(4, None)]),
    ],
)
def test_a_listing_was_public_while_its_log_says_so(
    log: Sequence[str], periods: Sequence[tuple[int | None, int | None]]
) -> None:
    rules = _resolve(_WHILE_PUBLIC.model_copy(update={"property_types": ("Residential",)}))

    found = find_public_periods(_to_log(*log), rules)

    expected = [Period(*(None if hour is None else at(hour) for hour in sides)) for sides in periods]
    assert found == expected


def test_what_silence_meant_decides_for_the_past_too() -> None:
    rules = _resolve(RuleSettings(listing_display_when_null=True))

    assert find_public_periods(_to_log("3 flag - yes"), rules) == [Period(None, None)]


_VERSIONS: Sequence[tuple[float, Mapping[str, object]]] = (
    (0, {"StandardStatus": "Coming Soon", "ListPrice": price(900)}),
    (1, {"StandardStatus": "Coming Soon", "ListPrice": price(800)}),
    (2, {"StandardStatus": "Active", "ListPrice": price(700)}),
    (3, {"StandardStatus": "Active", "ListPrice": price(600), "BedroomsTotal": 3}),
    (6, {"StandardStatus": "Active", "ListPrice": price(500), "BedroomsTotal": 3}),
    (7, {"StandardStatus": "Pending", "ListPrice": price(500), "BedroomsTotal": 3}),
    (8, {"StandardStatus": "Pending", "ListPrice": price(400), "BedroomsTotal": 3}),
)
"""Versions by hours from now; before the one of hour 6 the listing was removed at hour 4, and came back with it."""
_ALL = [
    ("listed", 900), ("price_changed", 800), ("status_changed", None), ("price_changed", 700), ("price_changed", 600),
    ("changed", None), ("removed", None), ("returned", None), ("price_changed", 500), ("status_changed", None),
    ("price_changed", 400),
]  # fmt: skip


async def _live(
    rig: ListingRig, settings: RuleSettings, versions: Sequence[tuple[float, Mapping[str, object]]]
) -> None:
    """A listing that lives through versions, the source's times being those of the store."""
    for number, (hour, values) in enumerate(versions):
        listing = make_listing("1", ModificationTimestamp=at(hour), **values)
        if not number:
            await rig.put(listing, stored_at=at(hour), rule=settings)
            continue
        if hour == 6:
            await _remove(rig, 4)
        await _change(rig, listing, settings, origin(hour))


async def _remove(rig: ListingRig, hour: float) -> None:
    async with rig.database.transaction() as connection:
        await mark_removed(connection, ["1"], origin(hour))


async def _change(rig: ListingRig, listing: NormalListing, settings: RuleSettings, by: Origin) -> None:
    incoming = IncomingListing(listing, None, str(by.stored_at).encode())
    async with rig.database.transaction() as connection:
        await update_listings(connection, {rig.ids["1"]: incoming}, by, make_rules(settings))


async def _read(rig: ListingRig, limit: int = 50, cursor: str | None = None) -> Timeline:
    async with rig.database.read() as connection:
        view = await get_listing(connection, rig.ids["1"], Surface.PUBLIC, NOW)
        return await get_timeline(connection, view, Surface.PUBLIC, limit=limit, cursor=cursor)


def _to_told(timeline: Timeline) -> list[tuple[str, object]]:
    """The kinds of entries, the oldest first, each with the price it tells."""
    return [
        (entry.kind, next((change["to"] for change in entry.changes if change["field"] == "listPrice"), None))
        for entry in reversed(timeline.entries)
    ]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (RuleSettings(), _ALL),
        (RuleSettings(show_history=ShownHistory.NONE), []),
        (RuleSettings(hide_fields=("StandardStatus",)), [one for one in _ALL if one[0] != "status_changed"]),
        (
            RuleSettings(hide_fields=("ListPrice",)),
            [(kind, None) for kind, _ in _ALL if kind != "price_changed"],
        ),
        (
            RuleSettings(show_days_on_market=False),
            [one for one in _ALL if one[0] in {"price_changed", "changed"}],
        ),
        (
            _WHILE_PUBLIC,
            [
                ("status_changed", None), ("price_changed", 700), ("price_changed", 600), ("changed", None),
                ("price_changed", 500), ("status_changed", None), ("price_changed", 400),
            ],
        ),
        (
            _WHILE_PUBLIC.model_copy(update={"statuses": ("Pending",)}),
            [("status_changed", None), ("price_changed", 400)],
        ),
        (
            _WHILE_PUBLIC.model_copy(update={"hide_fields": ("ListPrice",), "show_days_on_market": False}),
            [("changed", None)],
        ),
    ],
)  # fmt: skip
async def test_a_public_timeline_tells_what_the_rules_say(
    listing_rig: ListingRig, settings: RuleSettings, expected: Sequence[tuple[str, object]]
) -> None:
    settings = RuleSettings.model_validate(settings.model_dump(exclude_none=True))
    await _live(listing_rig, settings, _VERSIONS)

    whole = await _read(listing_rig)
    pages = [await _read(listing_rig, limit=2)]
    while (cursor := pages[-1].next_cursor) is not None:
        pages.append(await _read(listing_rig, limit=2, cursor=cursor))

    assert sorted(_to_told(whole), key=str) == sorted(expected, key=str)
    assert [entry for page in pages for entry in page.entries] == whole.entries
    assert {page.total for page in pages} == {len(expected)}
    assert all(entry.changes for entry in whole.entries)


async def test_the_entries_that_made_a_listing_public_tell_nothing_of_before(listing_rig: ListingRig) -> None:
    await _live(listing_rig, _WHILE_PUBLIC, _VERSIONS)

    told = (await _read(listing_rig)).entries

    values = [(change["from"], change["to"]) for entry in told for change in entry.changes]
    assert {value for pair in values for value in pair}.isdisjoint({900, 800, "Coming Soon", False})
    assert (None, 700) in values
    assert (None, 500) in values
    assert (700, 600) in values


async def test_a_listing_under_no_rule_has_no_public_past(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1"))
    async with listing_rig.database.read() as connection:
        view = await get_listing(connection, listing_rig.ids["1"], Surface.PUBLIC, NOW)
        before = await get_timeline(connection, view, Surface.PUBLIC)
    async with listing_rig.database.transaction() as connection:
        await replace_rules(connection, "board", {}, [], "ada", at(1))
    async with listing_rig.database.read() as connection:
        after = await get_timeline(connection, view, Surface.PUBLIC)

    assert (before.total, after.total) == (1, 0)
