"""Records that could not be accepted: none of them stops a run, whatever it holds."""

import pytest

from platbook.connectors.contract import Page
from platbook.sync.runs import SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeDesk


@pytest.mark.parametrize(
    "seen", ["<html>gone", '{"ListPrice": 1}', '"fields"', "[1]", '{"fields": 1, "modified": null}']
)
async def test_what_a_connector_could_not_read_is_abandoned_when_it_is_tried_again(desk: MakeDesk, seen: str) -> None:
    bad = Page([listing("1")], problems=[("2", "ListPrice", "the row is cut", seen)], complete=True)
    at = await desk(Source([bad], all_keys("1", "2")))
    assert (await at.sync())["status"] == "partial"
    await at.run_sql("UPDATE mls_sync_errors SET retry = 'retrying'")
    run = await at.sync(SyncType.RETRY)
    assert (run["status"], run["error"]) == ("success", None)
    (error,) = await at.rows("SELECT retry, reason FROM mls_sync_errors")
    assert error["retry"] == "abandoned"
    assert str(error["reason"]).startswith("the row is cut (it cannot be tried again")
    at.source.pages = one_page(listing("1"), listing("2"))
    assert (await at.sync())["status"] == "success", "and it stands in no later run's way"
    assert await at.keys() == ["1", "2"]
