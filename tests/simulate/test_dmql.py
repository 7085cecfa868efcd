"""DMQL2: what each kind of query finds, beside a plain reading of the market's own records."""

from collections.abc import Callable
from datetime import UTC
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.market import Market
from platbook.simulate.rets.codes import RefusedError, ReplyCode
from platbook.simulate.rets.criteria import QueryContext, compile_condition
from platbook.simulate.rets.dmql import AllOf, AnyOf, DmqlCriterion, Not, parse_dmql
from platbook.simulate.rets.fields import RESIDENTIAL
from platbook.simulate.rets.inventory import Inventory
from platbook.simulate.rets.source import STARTED
from tests.simulate.served import AT

MEANING = QueryContext({field.name: (at, field) for at, field in enumerate(RESIDENTIAL.fields)}, AT, UTC)
STOCK = Inventory(3, 400, STARTED)
STAND = STOCK.snapshot_at(AT)
RECORDS = {
    one.key: one.record for one in Market(3, 400, STARTED).listings(AT) if one.record["PropertyType"] == "Residential"
}
Record = dict[str, object]


def find_keys(query: str) -> set[str]:
    holds = compile_condition(parse_dmql(query), MEANING)
    return {row.key for row in STAND.by_class["Residential"] if holds(row.values)}


def number(record: Record, name: str) -> float:
    value = record.get(name)
    return float(value) if isinstance(value, int | float) else float("nan")


def text(record: Record, name: str) -> str:
    return str(record.get(name) or "")


def values_of(record: Record, name: str) -> list[str]:
    value = record.get(name)
    return [str(word) for word in cast("list[object]", value)] if isinstance(value, list) else []


def everything(record: Record) -> bool:
    return bool(record)


def nothing(record: Record) -> bool:
    return not record


QUERIES: list[tuple[str, Callable[[Record], object]]] = [
    ("(ListingKey=0+)", everything),
    ("(ListPrice=300000-500000)", lambda r: 300000 <= number(r, "ListPrice") <= 500000),
    ("(ListPrice=500000+)", lambda r: number(r, "ListPrice") >= 500000),
    ("(ListPrice=250000-)", lambda r: number(r, "ListPrice") <= 250000),
    ("(BedroomsTotal=2)", lambda r: r["BedroomsTotal"] == 2),
    ("(BedroomsTotal=1,5+)", lambda r: r["BedroomsTotal"] == 1 or number(r, "BedroomsTotal") >= 5),
    ("(Longitude=-90-)", lambda r: number(r, "Longitude") <= -90),
    ("(Longitude=-90+)", lambda r: number(r, "Longitude") >= -90),
    ("(Longitude=-106--104)", lambda r: -106 <= number(r, "Longitude") <= -104),
    ("(City=Saltgrass)", lambda r: r["City"] == "Saltgrass"),
    ("(City=saltGRASS)", lambda r: r["City"] == "Saltgrass"),
    ('(City="Tillman\'s Prairie")', lambda r: r["City"] == "Tillman's Prairie"),
    ("(City=*e*)", lambda r: "e" in text(r, "City").lower()),
    ("(City=?ellwether)", lambda r: r["City"] == "Bellwether"),
    ("(City=Saltgrass,Bell*)", lambda r: r["City"] == "Saltgrass" or text(r, "City").startswith("Bell")),
    ("(StandardStatus=Acti)", lambda r: r["StandardStatus"] == "Active"),
    ("(StandardStatus=|Acti,Pend)", lambda r: r["StandardStatus"] in {"Active", "Pending"}),
    ("(StandardStatus=~Acti,Pend)", lambda r: r["StandardStatus"] not in {"Active", "Pending"}),
    ("(Appliances=|Drye,Wash)", lambda r: {"Dryer", "Washer"} & {*values_of(r, "Appliances")}),
    ("(Appliances=+Drye,Wash)", lambda r: {"Dryer", "Washer"} <= {*values_of(r, "Appliances")}),
    ("(Appliances=~Drye,Wash)", lambda r: not {"Dryer", "Washer"} & {*values_of(r, "Appliances")}),
    ("(Fencing=.ANY.)", lambda r: values_of(r, "Fencing")),
    ("(Fencing=.EMPTY.)", lambda r: not values_of(r, "Fencing")),
    ("(StandardStatus=|NoSuchCode)", nothing),
    ("(UnitNumber=.EMPTY.)", lambda r: r["UnitNumber"] is None),
    ("(UnitNumber=.ANY.)", lambda r: r["UnitNumber"] is not None),
    ("(FireplaceYN=1)", lambda r: r["FireplaceYN"] is True),
    ("(InternetAddressDisplayYN=0)", lambda r: r["InternetAddressDisplayYN"] is False),
    ("(OnMarketDate=2026-01-10)", lambda r: r["OnMarketDate"] == "2026-01-10"),
    ("(OnMarketDate=2026-01-10-2026-01-20)", lambda r: "2026-01-10" <= text(r, "OnMarketDate") <= "2026-01-20"),
    ("(OnMarketDate=2026-02-01+)", lambda r: text(r, "OnMarketDate") >= "2026-02-01"),
    ("(OnMarketDate=TODAY-)", lambda r: "" < text(r, "OnMarketDate") <= "2026-03-01"),
    ("(ExpirationDate=.TODAY.+)", lambda r: text(r, "ExpirationDate") >= "2026-03-01"),
    (
        "(ModificationTimestamp=2026-02-01T00:00:00-2026-02-10T12:30:00.5)",
        lambda r: "2026-02-01T00:00:00Z" <= text(r, "ModificationTimestamp") <= "2026-02-10T12:30:00Z",
    ),
    (
        "(ModificationTimestamp=2026-02-01T00:00:00-07:00+)",
        lambda r: text(r, "ModificationTimestamp") >= "2026-02-01T07:00:00Z",
    ),
    ("(ModificationTimestamp=2026-02-10)", lambda r: text(r, "ModificationTimestamp").startswith("2026-02-10")),
    ("(ModificationTimestamp=NOW-)", everything),
    ("(ModificationTimestamp=.NOW.+)", lambda r: text(r, "ModificationTimestamp") >= "2026-03-01T00:00:00Z"),
    ("(BedroomsTotal=3),(City=Saltgrass)", lambda r: r["BedroomsTotal"] == 3 and r["City"] == "Saltgrass"),
    ("(BedroomsTotal=3) AND (City=Saltgrass)", lambda r: r["BedroomsTotal"] == 3 and r["City"] == "Saltgrass"),
    ("(BedroomsTotal=3)|(City=Saltgrass)", lambda r: r["BedroomsTotal"] == 3 or r["City"] == "Saltgrass"),
    ("(BedroomsTotal=3) or (City=Saltgrass)", lambda r: r["BedroomsTotal"] == 3 or r["City"] == "Saltgrass"),
    ("~(BedroomsTotal=3)", lambda r: r["BedroomsTotal"] != 3),
    ("NOT (BedroomsTotal=3)", lambda r: r["BedroomsTotal"] != 3),
    (
        "(BedroomsTotal=1)|(BedroomsTotal=2),(City=Saltgrass)",
        lambda r: r["BedroomsTotal"] == 1 or (r["BedroomsTotal"] == 2 and r["City"] == "Saltgrass"),
    ),
    (
        "((BedroomsTotal=1)|(BedroomsTotal=2)),~((City=Saltgrass)|(City=Bellwether))",
        lambda r: r["BedroomsTotal"] in {1, 2} and r["City"] not in {"Saltgrass", "Bellwether"},
    ),
    (" ( ( ListPrice = 300000+ ) ) ", lambda r: number(r, "ListPrice") >= 300000),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_a_query_matches_its_definition(query: str, expected: Callable[[Record], object]) -> None:
    assert find_keys(query) == {key for key, record in RECORDS.items() if expected(record)}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", 20206),
        ("*", 20206),
        ("ListPrice=1", 20206),
        ("(ListPrice=1", 20206),
        ("(ListPrice=1))", 20206),
        ("(ListPrice=)", 20206),
        ("(ListPrice=1),", 20206),
        ("(ListPrice=abc)", 20206),
        ("(ListPrice=1++)", 20206),
        ("(ListPrice=|1,2)", 20206),
        ("(City=|Saltgrass)", 20206),
        ("(City=Saltgrass+)", 20206),
        ('(City="Saltgrass)', 20206),
        ("(FireplaceYN=Y)", 20206),
        ("(StandardStatus=A*)", 20206),
        ("(StandardStatus=|)", 20206),
        ("(OnMarketDate=2026-13-01)", 20206),
        ("(OnMarketDate=yesterday)", 20206),
        ("(ModificationTimestamp=0001-01-01T00:00:00+23:00+)", 20206),
        ("(NoSuchField=1)", 20200),
        ("(" * 100 + "ListPrice=1" + ")" * 100, 20206),
    ],
)
def test_invalid_queries_are_refused(query: str, code: int) -> None:
    with pytest.raises(RefusedError) as refused:
        find_keys(query)
    assert refused.value.code == code


def test_and_binds_tighter_than_or() -> None:
    a, b, c = (DmqlCriterion(name, "1") for name in "abc")
    assert parse_dmql("(a=1)|(b=1),(c=1)") == AnyOf((a, AllOf((b, c))))
    assert parse_dmql("((a=1)|(b=1)),~(c=1)") == AllOf((AnyOf((a, b)), Not(c)))


@given(st.text() | st.text(alphabet='()=,|~+-*?".:AORNDTlistprice 0123456789T'))
def test_any_text_is_a_query_or_is_refused(query: str) -> None:
    refusal = None
    try:
        find_keys(query)
    except RefusedError as refused:
        refusal = refused.code
    assert refusal in {None, ReplyCode.UNKNOWN_FIELD, ReplyCode.INVALID_QUERY}
