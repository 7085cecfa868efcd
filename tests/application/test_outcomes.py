"""What errors mean at an edge, whichever one it is."""

import pytest

from platbook.application.client_address import to_client_address
from platbook.application.outcomes import Outcome, to_outcome
from platbook.base.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    PlatbookError,
    RecordRejected,
    SourceBrokeProtocol,
    StorageUnavailable,
    TooManyAttempts,
)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (
            InvalidInput.of("limit", "must be at most 100"),
            Outcome(
                400,
                "VALIDATION_ERROR",
                "limit: must be at most 100",
                [{"field": "limit", "message": "must be at most 100"}],
            ),
        ),
        (TooManyAttempts("wait", retry_after=7), Outcome(429, "RATE_LIMITED", "wait", [], 7)),
        (NotAuthenticated("who?", code="MISSING_TOKEN"), Outcome(401, "MISSING_TOKEN", "who?", [])),
        (Conflict("waits", extra={"syncId": "1"}), Outcome(409, "CONFLICT", "waits", {"syncId": "1"})),
        (SourceBrokeProtocol("garbage"), Outcome(502, "SOURCE_BROKE_PROTOCOL", "garbage")),
        (StorageUnavailable("away"), Outcome(503, "UNAVAILABLE", "away", retry_after=5)),
    ],
)
def test_an_expected_error_has_status_code_message_and_details(error: PlatbookError, outcome: Outcome) -> None:
    assert to_outcome(error) == outcome


@pytest.mark.parametrize("error", [RecordRejected("odd"), ValueError("a secret")])
def test_a_bug_has_no_outcome(error: Exception) -> None:
    assert to_outcome(error) is None


def test_the_client_s_address_is_the_connection_s() -> None:
    assert (to_client_address(("192.0.2.7", 4711)), to_client_address(None)) == ("192.0.2.7", "unknown")
