"""The DMQL2 query builder, reply codes, and the user agent digest."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

from platbook.base.errors import InvalidInput
from platbook.protocols.rets import query
from platbook.protocols.rets.codes import ReplyOutcome, classify_reply_code, to_error
from platbook.protocols.rets.query import Value
from platbook.protocols.rets.user_agent import UserAgentCredentials, UserAgentForm


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("Active", "Active"),
        ("A_1", "A_1"),
        ("Single Family", '"Single Family"'),
        ('12" pipe', '"12"" pipe"'),
        ("O'Hara, Inc.", '"O\'Hara, Inc."'),
        ("café", '"café"'),
        ("", '""'),
        (True, "1"),
        (False, "0"),
        (450000, "450000"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.25"), "0.25"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(9, 30), "09:30:00"),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),  # noqa: DTZ001 - the server's own time
        (datetime(2026, 1, 2, 3, 4, 5, 250000, tzinfo=UTC), "2026-01-02T03:04:05.250Z"),
        (datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=-7))), "2026-01-02T10:00:00Z"),
    ],
)
def test_values_are_formatted_as_dmql_literals(value: Value, literal: str) -> None:
    assert query.equals("F", value) == f"(F={literal})"


@pytest.mark.parametrize(
    ("criterion", "dmql"),
    [
        (query.any_of("Key", ["1", "2"]), "(Key=1,2)"),
        (query.has_any("Status", ["A", "Back Up"]), '(Status=|A,"Back Up")'),
        (query.has_all("View", ["Lake", "City"]), "(View=+Lake,City)"),
        (query.has_none("View", ["Lake"]), "(View=~Lake)"),
        (query.is_set("View"), "(View=.ANY.)"),
        (query.is_empty("View"), "(View=.EMPTY.)"),
        (query.contains("Remarks", "pool"), "(Remarks=*pool*)"),
        (query.between("Price", 1, 5), "(Price=1-5)"),
        (query.between("Degrees", -5, 5), "(Degrees=-5+),(Degrees=5-)"),
        (query.between("On", date(2026, 1, 1), date(2026, 2, 1)), "(On=2026-01-01-2026-02-01)"),
        (query.all_of(["(A=1)", "", "(B=2)"]), "(A=1),(B=2)"),
        (query.either(["(A=1)", "(B=2)"]), "((A=1)|(B=2))"),
        (query.either(["(A=1)"]), "(A=1)"),
        (query.negate("(A=1)"), "(~(A=1))"),
    ],
)
def test_criteria(criterion: str, dmql: str) -> None:
    assert criterion == dmql


def test_a_substring_cannot_be_quoted() -> None:
    with pytest.raises(InvalidInput, match="Remarks"):
        query.contains("Remarks", "a*b")


def test_a_plus_and_spaces_are_encoded_and_names_stay() -> None:
    assert query.encode({"Query": "(A=1+)", "ID": "7:*"}) == "Query=%28A%3D1%2B%29&ID=7%3A%2A"


def test_step_back_keeps_the_form_of_a_timestamp() -> None:
    assert query.step_back("2026-01-01T00:00:00", timedelta(minutes=5)) == "2025-12-31T23:55:00"
    assert query.step_back("2026-01-01T00:00:00+01:00", timedelta(0)) == "2025-12-31T23:00:00Z"
    assert query.step_back("0001-01-01T00:00:00", timedelta(days=1)) == query.EARLIEST_TIMESTAMP
    with pytest.raises(InvalidInput):
        query.step_back("soon", timedelta(0))
    assert query.later_timestamp("2026-01-01T00:00:00Z", "2026-01-01T00:30:00+01:00") == "2026-01-01T00:00:00Z"
    assert query.later_timestamp("soon", "2026-01-01T00:00:00") == "2026-01-01T00:00:00"
    assert query.later_timestamp(None, "soon") is None


@pytest.mark.parametrize(
    ("agent", "request_id", "session_id", "version", "digest"),
    [
        (
            UserAgentCredentials("MyAgent/1.2.3", "secret"),
            "98765",
            "1234567",
            "RETS/1.7",
            "71c39e723a334222bc7a1025b9c363e2",
        ),
        (
            UserAgentCredentials("VieleRETS/1.1.0", "NWA", UserAgentForm.INTEREALTY),
            *("", "", "RETS/1.5", "07554bfdcfb2b37e280b6d9c4826bc46"),
        ),
    ],
)
def test_published_user_agent_digests(
    agent: UserAgentCredentials, request_id: str, session_id: str, version: str, digest: str
) -> None:
    header = agent.sign(request_id=request_id, session_id=session_id, rets_version=version)
    assert header == f"Digest {digest}"


@pytest.mark.parametrize(
    ("code", "logged_in", "meaning"),
    [
        (0, True, ReplyOutcome.OK),
        (20201, True, ReplyOutcome.EMPTY),
        (20403, True, ReplyOutcome.EMPTY),
        (20502, True, ReplyOutcome.EMPTY),
        (20503, True, ReplyOutcome.EMPTY),
        (20208, True, ReplyOutcome.MORE),
        (20701, True, ReplyOutcome.SESSION_LOST),
        (20036, True, ReplyOutcome.SESSION_LOST),
        (20036, False, ReplyOutcome.CREDENTIALS_REFUSED),
        (20037, True, ReplyOutcome.SESSION_LOST),
        (20037, False, ReplyOutcome.CREDENTIALS_REFUSED),
        (20022, False, ReplyOutcome.SLOT_TAKEN),
        (20210, True, ReplyOutcome.RATE_LIMITED),
        (20050, False, ReplyOutcome.TRY_LATER),
        (20209, True, ReplyOutcome.TRY_LATER),
        (20514, True, ReplyOutcome.MISCONFIGURED),
        (20409, True, ReplyOutcome.OBJECT_UNAVAILABLE),
        (29999, True, ReplyOutcome.OTHER),
    ],
)
def test_reply_codes_are_classified(code: int, logged_in: bool, meaning: ReplyOutcome) -> None:  # noqa: FBT001 - a table
    assert classify_reply_code(code, logged_in=logged_in) is meaning
    assert str(code) in str(to_error(code, "text", logged_in=logged_in))
