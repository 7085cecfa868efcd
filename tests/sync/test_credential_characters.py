"""Control characters in credentials are refused when a provider is saved."""

import pytest

from platbook.base.errors import InvalidInput
from platbook.providers.configuration import parse_configuration

RETS = {
    "providerId": "board",
    "providerName": "Board",
    "providerType": "RETS",
    "loginUrl": "http://localhost:9/rets/login",
    "settings": {"classes": ["Residential"]},
}


@pytest.mark.parametrize("letter", ["\n", "\r", "\t", "\0", "\x7f", "\x85"])
@pytest.mark.parametrize("name", ["username", "password", "userAgent", "userAgentPassword"])
def test_a_control_character_is_refused_by_field_and_the_secret_is_not_shown(name: str, letter: str) -> None:
    credentials = {"username": "me", "password": "a", name: f"hunter2{letter}"}
    with pytest.raises(InvalidInput) as refused:
        parse_configuration({**RETS, "credentials": credentials})
    assert str(refused.value).startswith(f"credentials.{name}: contains a control character")
    assert "hunter2" not in str(refused.value)


def test_letters_of_any_script_and_spaces_are_taken() -> None:
    taken = parse_configuration({**RETS, "credentials": {"username": "mé", "password": "pass wörd £"}})
    assert taken.credentials == {"username": "mé", "password": "pass wörd £"}
