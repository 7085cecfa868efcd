"""Digest and Basic, against the examples of their RFCs."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.authorization import Authorization, Challenge, parse_challenge

RFC_2617 = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)
RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


def _answer(header: str, username: str, password: str) -> Authorization:
    challenge = parse_challenge(header)
    assert challenge is not None
    return Authorization(challenge, username, password)


def test_the_example_of_rfc_2617() -> None:
    header, _ = _answer(RFC_2617, "Mufasa", "Circle Of Life").sign("GET", "/dir/index.html", "0a4f113b")
    assert 'response="6629fae49393a05397450978507c4ef1"' in header
    assert "nc=00000001" in header
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in header


def test_the_example_of_rfc_7616() -> None:
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    header, _ = _answer(RFC_7616, "Mufasa", "Circle of Life").sign("GET", "/dir/index.html", cnonce)
    assert 'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"' in header


def test_the_nonce_count_increments() -> None:
    answer = _answer(RFC_2617, "a", "b")
    headers: list[str] = []
    for _ in range(3):
        header, answer = answer.sign("GET", "/", "c")
        headers.append(header)
    assert [f"nc=0000000{n}" in headers[n - 1] for n in (1, 2, 3)] == [True] * 3


def test_basic() -> None:
    header, _ = _answer('Basic realm="x"', "Aladdin", "open sesame").sign("GET", "/", "")
    assert header == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_digest_is_preferred_among_challenges() -> None:
    challenge = parse_challenge('Basic realm="a", Digest realm="b", nonce="n"')
    assert challenge == Challenge("digest", {"realm": "b", "nonce": "n"})
    assert parse_challenge("Negotiate") is None


def test_an_unsupported_algorithm_is_an_error() -> None:
    with pytest.raises(SourceBrokeProtocol, match="SHA-1024"):
        _answer('Digest realm="a", nonce="n", algorithm=SHA-1024', "a", "b").sign("GET", "/", "c")


_PIECES = st.sampled_from(["Digest ", "Basic", "nonce=", '"', "\\", ",", " ", "=", "qop", "a", "é", "algorithm=MD5"])


@given(st.lists(st.one_of(_PIECES, st.text(max_size=12)), max_size=30))
def test_any_header_is_a_challenge_or_none(pieces: list[str]) -> None:
    challenge = parse_challenge("".join(pieces))
    if challenge is not None:
        with contextlib.suppress(SourceBrokeProtocol):
            header, _ = Authorization(challenge, "demo", "secret").sign("GET", "/rets/search?a=b", "c")
            assert "secret" not in header


@given(st.text(st.sampled_from('a=", \\\tDigest'), min_size=1, max_size=6))
def test_a_long_challenge_takes_linear_time(piece: str) -> None:
    parse_challenge("Digest " + piece * (60_000 // len(piece)))
