"""Login bodies as servers send them."""

import pytest

from platbook.base.errors import CredentialsRefused, LoginSlotTaken, SourceBrokeProtocol
from platbook.protocols.rets.login import parse_login, parse_pairs
from tests.fakes.recordings import recorded_rets

URL = "http://mls.example.com:6103/rets/login?x=1"
ONE_LINE = (
    "MemberName= User=demo,1,2,demo Broker= MetadataVersion=1.2 MinMetadataTimestamp=2026-01-01T00:00:00Z "
    "Login=/rets/Login.ashx Logout=/rets/Logout.ashx Search=/rets/Search.ashx?a=b GetMetadata=/rets/GetMetadata.ashx"
)


def _body(pairs: str) -> bytes:
    return f'<RETS ReplyCode="0" ReplyText="ok"><RETS-RESPONSE>{pairs}</RETS-RESPONSE></RETS>'.encode()


@pytest.mark.parametrize(
    "pairs",
    [
        "\r\nLogin=/rets/login\r\nSearch=/rets/search\r\n",
        "\nLogin = /rets/login\nSearch = /rets/search\n",
        "\nlogin=/rets/login\nSEARCH=/rets/search\n",
        "Login=/rets/login Search=/rets/search",
        "\nLogin=http://mls.example.com:6103/rets/login\nSearch=search\n",
    ],
)
def test_every_layout_names_the_search(pairs: str) -> None:
    assert parse_login(_body(pairs), URL).capabilities["Search"] == "http://mls.example.com:6103/rets/search"


def test_one_line_with_empty_values() -> None:
    pairs = parse_pairs(ONE_LINE)
    assert (pairs["MemberName"], pairs["Broker"], pairs["User"]) == ("", "", "demo,1,2,demo")
    assert pairs["Search"] == "/rets/Search.ashx?a=b"


def test_info_lines_of_1_8() -> None:
    reply = parse_login(_body("\nInfo=USERID;Character;demo\nInfo=TimeoutSeconds;Int;600\nSearch=/s\n"), URL)
    assert reply.timeout_seconds == 600
    assert reply.facts["USERID"] == "demo"


def test_rets_1_0_has_no_response_element() -> None:
    body = b'<RETS ReplyCode="0" ReplyText="ok">\nSearch=/s\n</RETS>'
    assert parse_login(body, URL).capabilities["Search"] == "http://mls.example.com:6103/s"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'<RETS ReplyCode="20036" ReplyText="no"/>', CredentialsRefused),
        (b'<RETS ReplyCode="20022" ReplyText="taken"/>', LoginSlotTaken),
        (b"<html>maintenance</html>", SourceBrokeProtocol),
        (_body("\nLogin=/x\n"), SourceBrokeProtocol),
    ],
)
def test_refusals(body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_login(body, URL)


@pytest.mark.parametrize(
    "name", ["Login.xml", "Login_with_Action.xml", "Login_relative_url.xml", "Errors/Login_no_host.xml"]
)
def test_recorded_logins(name: str) -> None:
    reply = parse_login(recorded_rets(name), "http://server.rets.com/rets/Login.ashx")
    assert reply.capabilities["Search"] == "http://server.rets.com/rets/Search.ashx"
    assert ("Action" in reply.capabilities) == ("Action" in name)
