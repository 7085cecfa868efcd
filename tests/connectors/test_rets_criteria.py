"""Criteria as a provider's settings say them, in DMQL2."""

import pytest
from pydantic import ValidationError

from platbook.connectors.rets.criteria import SearchCriterion
from platbook.connectors.rets.settings import RetsSettings

LOGIN = "https://mls.example.com/rets/login"


@pytest.mark.parametrize(
    ("said", "dmql"),
    [
        ({"field": "City", "equals": "Alder Falls"}, '(City="Alder Falls")'),
        ({"field": "Pool", "equals": False}, "(Pool=0)"),
        ({"field": "Rooms", "anyOf": [2, 3]}, "(Rooms=2,3)"),
        ({"field": "Status", "hasAny": ["A", "P"]}, "(Status=|A,P)"),
        ({"field": "View", "hasAll": ["Lake", "City"]}, "(View=+Lake,City)"),
        ({"field": "View", "hasNone": ["Road"]}, "(View=~Road)"),
        ({"field": "View", "isSet": True}, "(View=.ANY.)"),
        ({"field": "Remarks", "isEmpty": True}, "(Remarks=.EMPTY.)"),
        ({"field": "Remarks", "contains": "pool"}, "(Remarks=*pool*)"),
        ({"field": "Price", "atLeast": 250000.5}, "(Price=250000.5+)"),
        ({"field": "Price", "atMost": 900000}, "(Price=900000-)"),
        ({"field": "Price", "atLeast": 1, "atMost": 5}, "(Price=1-5)"),
        ({"field": "Closed", "atLeast": "2026-01-31"}, "(Closed=2026-01-31+)"),
        ({"field": "Changed", "atLeast": "2026-01-31T10:00:00Z"}, "(Changed=2026-01-31T10:00:00Z+)"),
        ({"field": "Code", "equals": "2026-01"}, '(Code="2026-01")'),
        ({"field": "City", "equals": "Elm", "negated": True}, "(~(City=Elm))"),
        ({"field": "Low", "atLeast": -5, "atMost": 5, "negated": True}, "(~((Low=-5+),(Low=5-)))"),
        ({"either": [{"field": "A", "equals": 1}, {"field": "B", "isSet": True}]}, "((A=1)|(B=.ANY.))"),
    ],
)
def test_a_criterion_is_written_as_dmql_wants_it(said: dict[str, object], dmql: str) -> None:
    assert SearchCriterion.model_validate(said).to_dmql() == dmql


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"field": "A"}, "set exactly one condition"),
        ({"equals": 1}, "set field to the name"),
        ({"field": "A", "equals": 1, "isSet": True}, "set exactly one condition"),
        ({"field": "A", "equals": None}, "must have a value"),
        ({"field": "A", "isSet": False}, "Input should be True"),
        ({"field": "A=1),(B", "equals": 1}, "should match pattern"),
        ({"field": "A", "contains": "a*b"}, "should match pattern"),
        ({"field": "A", "anyOf": []}, "at least 1 item"),
        ({"field": "A", "equal": 1}, "Extra inputs"),
        ({"field": "A", "either": [{"field": "A", "equals": 1}, {"field": "B", "equals": 1}]}, "set field to the name"),
    ],
)
def test_a_criterion_that_is_none_is_refused(said: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SearchCriterion.model_validate(said)


def test_every_criterion_must_hold_beside_the_query() -> None:
    settings = RetsSettings.model_validate(
        {
            "loginUrl": LOGIN,
            "query": "(Area=|N)",
            "criteria": [{"field": "A", "equals": 1}, {"field": "B", "atMost": 2}],
        }
    )
    assert settings.narrowing == "(Area=|N),(A=1),(B=2-)"
    assert RetsSettings(login_url=LOGIN).narrowing == ""
