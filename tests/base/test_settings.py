"""Settings: their names in the environment, new and old."""

from pathlib import Path

import pytest

from platbook.base.settings import Settings

UNPREFIXED = ("DATABASE_URL", "READ_DATABASE_URL", "OIDC_", "AWS_", "ENABLE_MLS_SYNC", "CORS_ORIGINS")
"""Names of outside services, and those that Platbook's users know from elsewhere."""

RENAMED = [
    ("PLATBOOK_ALLOW_REGISTRATION", "ALLOW_REGISTRATION", "true", "false"),
    ("PLATBOOK_ACCESS_TOKEN_MINUTES", "ACCESS_TOKEN_MINUTES", "5", "7"),
    ("PLATBOOK_REFRESH_TOKEN_DAYS", "REFRESH_TOKEN_DAYS", "2", "3"),
]


@pytest.fixture(autouse=True)
def no_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _read(setting: str) -> str:
    return str(getattr(Settings(), setting.lower())).lower()


@pytest.mark.parametrize("setting", sorted(Settings.model_fields))
def test_settings_are_prefixed_unless_an_outside_service_names_them(setting: str) -> None:
    assert setting.upper().startswith(("PLATBOOK_", *UNPREFIXED))


@pytest.mark.parametrize(("name", "old_name", "value", "_other"), RENAMED)
def test_a_renamed_setting_is_read_by_either_name(
    monkeypatch: pytest.MonkeyPatch, name: str, old_name: str, value: str, _other: str
) -> None:
    monkeypatch.setenv(old_name, value)
    assert _read(name) == value
    monkeypatch.delenv(old_name)
    monkeypatch.setenv(name, value)
    assert _read(name) == value


@pytest.mark.parametrize(("name", "old_name", "value", "other"), RENAMED)
def test_the_new_name_wins_over_the_old_one(
    monkeypatch: pytest.MonkeyPatch, name: str, old_name: str, value: str, other: str
) -> None:
    monkeypatch.setenv(old_name, other)
    monkeypatch.setenv(name, value)
    assert _read(name) == value


@pytest.mark.parametrize(("name", "old_name", "value", "other"), RENAMED)
def test_a_file_of_settings_may_use_either_name(
    monkeypatch: pytest.MonkeyPatch, name: str, old_name: str, value: str, other: str
) -> None:
    Path(".env").write_text(f"{old_name}={other}\n")
    assert _read(name) == other
    monkeypatch.setenv(name, value)
    assert _read(name) == value


@pytest.mark.parametrize(("name", "old_name", "value", "other"), RENAMED)
def test_the_environment_wins_over_a_file_by_either_name(
    monkeypatch: pytest.MonkeyPatch, name: str, old_name: str, value: str, other: str
) -> None:
    Path(".env").write_text(f"{name}={other}\n")
    monkeypatch.setenv(name, value)
    assert _read(name) == value
    monkeypatch.delenv(name)
    monkeypatch.setenv(old_name, value)
    assert _read(name) == value
