"""Credentials and settings without the form a connector asks for: a person must act, and nobody is told a secret."""

import pytest
from pydantic import BaseModel, ConfigDict
from structlog.testing import capture_logs

from tests.fakes.scripted_source import ScriptedConnector, Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig

SECRET = "hunter2-of-the-board"


class _Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid")

    username: str
    password: str


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    pages: int = 1


class _Strict(ScriptedConnector):
    settings_model: type[BaseModel] = _Settings
    credentials_model: type[BaseModel] = _Credentials


@pytest.mark.parametrize(
    ("credentials", "settings", "field"),
    [
        ({"username": "me", "pasword": SECRET}, {}, "credentials.password"),
        ({"username": "me", "password": [SECRET]}, {}, "credentials.password"),
        (None, {}, "credentials.username"),
        ({"username": "me", "password": SECRET}, {"pages": SECRET}, "settings.pages"),
        ({"username": "me", "password": SECRET}, {"token": SECRET}, "settings.token"),
    ],
)
async def test_they_block_the_schedule_and_reach_no_log_or_error(
    sync_rig: MakeSyncRig,
    caplog: pytest.LogCaptureFixture,
    credentials: dict[str, object] | None,
    settings: dict[str, object],
    field: str,
) -> None:
    source = Source(one_page(listing("1")), all_keys("1"))
    rig = await sync_rig(source, credentials=credentials, settings=settings)
    rig.engine.find_connector = lambda _: _Strict(source)
    with capture_logs() as logged:
        run = await rig.sync()
    assert run["status"] == "failed"
    assert str(run["error"]).startswith(f"{field}: ")
    (status,) = await rig.rows("SELECT blocked, needs_operator FROM mls_sync_status")
    assert status["blocked"] is True, "a door is not knocked at with the wrong key again and again"
    assert field in str(status["needs_operator"])
    assert logged
    told = [str(logged), caplog.text, await _everything_noted(rig)]
    assert not [one for one in told if SECRET in one]


async def _everything_noted(rig: SyncRig) -> str:
    tables = ("mls_sync_history", "mls_sync_errors", "mls_sync_status")
    return "".join([str(await rig.rows(f"SELECT * FROM {table}")) for table in tables])  # noqa: S608 - literals above
