"""Access tokens: claims and validation."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.accounts.tokens import AccessToken, hash_token, new_secret_token, read_access_token, sign_access_token
from platbook.base.errors import NotAuthenticated
from platbook.base.ids import new_id

KEY = b"k" * 32
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
LIFETIME = timedelta(minutes=20)
USER, SESSION = new_id(), new_id()


def _claims(**other: object) -> dict[str, object]:
    claims: dict[str, object] = {
        "iss": "platbook",
        "sub": str(USER),
        "sid": str(SESSION),
        "iat": NOW,
        "exp": NOW + LIFETIME,
    }
    claims |= other
    return {name: value for name, value in claims.items() if value is not None}


def test_a_token_names_its_user_and_session() -> None:
    token = sign_access_token(KEY, USER, SESSION, NOW, LIFETIME)
    claims = jwt.decode(token, KEY, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False})
    assert claims == {
        "iss": "platbook",
        "sub": str(USER),
        "sid": str(SESSION),
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + LIFETIME).timestamp()),
    }


@pytest.mark.parametrize(("after", "good"), [(LIFETIME - timedelta(seconds=1), True), (LIFETIME, False)])
def test_a_token_expires(after: timedelta, *, good: bool) -> None:
    token = sign_access_token(KEY, USER, SESSION, NOW, LIFETIME)
    if good:
        assert read_access_token(KEY, token, NOW + after) == AccessToken(SESSION, NOW + LIFETIME)
        return
    with pytest.raises(NotAuthenticated):
        read_access_token(KEY, token, NOW + after)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("a.b.c", id="nonsense"),
        pytest.param(jwt.encode(_claims(), b"o" * 32, algorithm="HS256"), id="another key"),
        pytest.param(jwt.encode(_claims(), "", algorithm="none"), id="no signature"),
        pytest.param(jwt.encode(_claims(), KEY * 2, algorithm="HS512"), id="another algorithm"),
        pytest.param(jwt.encode(_claims(iss="else"), KEY, algorithm="HS256"), id="another issuer"),
        pytest.param(jwt.encode(_claims(exp=None), KEY, algorithm="HS256"), id="endless"),
        pytest.param(jwt.encode(_claims(sub=None), KEY, algorithm="HS256"), id="of nobody"),
        pytest.param(jwt.encode(_claims(sid="admin"), KEY, algorithm="HS256"), id="of no login's id"),
        pytest.param(jwt.encode(_claims(sid=None), KEY, algorithm="HS256"), id="of no login"),
        pytest.param(jwt.encode(_claims(exp="soon"), KEY, algorithm="HS256"), id="ends at no moment"),
    ],
)
def test_an_invalid_token_is_refused(token: str) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        read_access_token(KEY, token, NOW)
    assert caught.value.code == "INVALID_TOKEN"


@given(st.text())
def test_any_text_is_refused_in_the_same_way(text: str) -> None:
    with pytest.raises(NotAuthenticated):
        read_access_token(KEY, text, NOW)


def test_secret_tokens_are_long_and_stored_as_hashes() -> None:
    token = new_secret_token()
    assert len(token) == 43
    assert token.encode() not in hash_token(token)
    assert hash_token(token) != hash_token(new_secret_token())
