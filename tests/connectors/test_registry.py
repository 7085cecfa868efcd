"""A connector is a package with one entry point; nothing else has to know it."""

import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from platbook.base.errors import InvalidInput
from platbook.connectors.contract import ProviderMisconfigured
from platbook.connectors.registry import connector_names, find_connector
from platbook.connectors.testing import Case, check_all
from platbook.providers.configuration import parse_configuration

_PACKAGE = """
from contextlib import asynccontextmanager

from pydantic import BaseModel

from platbook.connectors.contract import Cursor, KeyPage, Page, RawRecord, Resource, ResourceProfile, SourceProfile


class HarbourSettings(BaseModel, extra="forbid"):
    pier: int = 1


class HarbourCredentials(BaseModel):
    pass


class HarbourSession:
    async def changes(self, resource, since, resume):
        yield Page([RawRecord("1", {"ListingKey": "1"}, modified="5")], watermark=Cursor("5"), total=1, complete=True)

    async def keys(self, resource):
        yield KeyPage(["1"], complete=True, total=1)

    async def record(self, resource, key):
        return RawRecord("1", {"ListingKey": "1"}, modified="5") if key == "1" else None

    async def count(self, resource):
        return 1

    async def media(self, listing_keys):
        return
        yield


class HarbourConnector:
    name = "HARBOUR"
    settings_model = HarbourSettings
    credentials_model = HarbourCredentials

    def profile(self, settings):
        return SourceProfile({Resource.PROPERTY: ResourceProfile("ListingKey")})

    @asynccontextmanager
    async def connect(self, settings, credentials, *, scope, http, clock):
        yield HarbourSession()
"""


@pytest.fixture
def harbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed distribution with a connector, as pip would leave it."""
    (tmp_path / "harbour_mls.py").write_text(_PACKAGE)
    info = tmp_path / "harbour_mls-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: harbour-mls\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[platbook.connectors]\nHARBOUR = harbour_mls:HarbourConnector\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "harbour_mls", raising=False)


@pytest.mark.usefixtures("harbour")
async def test_a_package_with_one_entry_point_is_a_connector() -> None:
    assert "HARBOUR" in entry_points(group="platbook.connectors").names
    assert connector_names() == ["HARBOUR", "MOCK", "RETS"]
    connector = find_connector("HARBOUR")
    await check_all(Case(connector))
    form = {"providerId": "harbour", "providerName": "Harbour", "providerType": "HARBOUR"}
    assert parse_configuration(form).provider_type == "HARBOUR"
    with pytest.raises(InvalidInput, match=r"settings\.quay"):
        parse_configuration({**form, "settings": {"quay": 2}})


@pytest.mark.usefixtures("harbour")
def test_a_connector_of_an_older_contract_is_refused(tmp_path: Path) -> None:
    (tmp_path / "harbour_mls.py").write_text("class HarbourConnector:\n    capabilities = ()\n")
    find_connector.cache_clear()
    with pytest.raises(ProviderMisconfigured, match="HARBOUR has no profile"):
        find_connector("HARBOUR")


def test_an_unknown_provider_type_is_refused_with_the_installed_ones() -> None:
    with pytest.raises(ProviderMisconfigured, match="MOCK, RETS"):
        find_connector("ATLANTIS")
