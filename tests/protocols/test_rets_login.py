"""Login bodies as servers send them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.login import LoginReply, parse_login, parse_pairs
from platbook.protocols.rets.xml import ReplyStatus
from tests.fakes.recordings import recorded_rets

URL = "http://mls.example.com:6103/rets/login?x=1"
ONE_LINE = (
    "MemberName= User=demo,1,2,demo Broker= MetadataVersion=1.2 MinMetadataTimestamp=2026-01-01T00:00:00Z "
    "Login=/rets/Login.ashx Logout=/rets/Logout.ashx Search=/rets/Search.ashx?a=b GetMetadata=/rets/GetMetadata.ashx"
)


def _login(body: bytes, url: str = URL) -> LoginReply:
    reply = parse_login(body, url)
    assert isinstance(reply, LoginReply)
    return reply


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
def test_every_layout_has_the_search_url(pairs: str) -> None:
    assert _login(_body(pairs)).capabilities["Search"] == "http://mls.example.com:6103/rets/search"


def test_one_line_with_empty_values() -> None:
    pairs = parse_pairs(ONE_LINE)
    assert (pairs["MemberName"], pairs["Broker"], pairs["User"]) == ("", "", "demo,1,2,demo")
    assert pairs["Search"] == "/rets/Search.ashx?a=b"


def test_info_lines_of_1_8() -> None:
    reply = _login(_body("\nInfo=USERID;Character;demo\nInfo=TimeoutSeconds;Int;600\nSearch=/s\n"))
    assert reply.info["USERID"] == "demo"


def test_rets_1_0_has_no_response_element() -> None:
    body = b'<RETS ReplyCode="0" ReplyText="ok">\nSearch=/s\n</RETS>'
    assert _login(body).capabilities["Search"] == "http://mls.example.com:6103/s"


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b"", _body("\nLogin=/x\n"), _body("\nSearch=//[x\n")])
def test_other_bodies_are_errors(body: bytes) -> None:
    with pytest.raises(SourceBrokeProtocol):
        parse_login(body, URL)


def test_a_refusal_is_a_status_with_the_broker_codes() -> None:
    assert parse_login(b'<RETS ReplyCode="20036" ReplyText="no"/>', URL) == ReplyStatus(20036, "no")
    body = (
        b'<RETS ReplyCode="20012" ReplyText="which?"><RETS-RESPONSE>\nBroker=A1\nBroker=B2,7\n</RETS-RESPONSE></RETS>'
    )
    assert parse_login(body, URL) == ReplyStatus(20012, "which? (broker codes: A1, B2,7)")


@pytest.mark.parametrize(
    "name", ["Login.xml", "Login_with_Action.xml", "Login_relative_url.xml", "Errors/Login_no_host.xml"]
)
def test_recorded_logins(name: str) -> None:
    reply = _login(recorded_rets(name), "http://server.rets.com/rets/Login.ashx")
    assert reply.capabilities["Search"] == "http://server.rets.com/rets/Search.ashx"
    assert ("Action" in reply.capabilities) == ("Action" in name)


_PIECES = st.sampled_from(
    ["Search=/s", "Login = ", "X-", "Info=", ";", " ", "\n", "Broker=", "=", "&amp;", "<RETS-RESPONSE>", "//[", "é"]
)


@given(st.lists(st.one_of(_PIECES, st.text(max_size=20)), max_size=30), st.sampled_from([0, 20012, 20036]))
def test_any_text_is_a_login_a_refusal_or_a_protocol_error(pieces: list[str], code: int) -> None:
    body = f'<RETS ReplyCode="{code}"><RETS-RESPONSE>{"".join(pieces)}</RETS-RESPONSE></RETS>'
    for sent in (body.encode(), "".join(pieces).encode()):
        with contextlib.suppress(SourceBrokeProtocol):
            assert isinstance(parse_login(sent, URL), LoginReply | ReplyStatus)


@given(st.text(st.sampled_from("aX-= \t;LoginInfo"), min_size=1, max_size=6))
def test_a_login_of_one_long_line_takes_linear_time(piece: str) -> None:
    parse_pairs(piece * (60_000 // len(piece)))
