"""What discovery reads of the source is the source's own table, under every quirk of metadata."""

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from platbook.base.errors import SourceBrokeProtocol
from platbook.connectors.contract import Discovery
from platbook.connectors.rets import RetsConnector
from platbook.connectors.rets.settings import RetsCredentials, RetsSettings
from platbook.simulate.rets.fields import RESOURCES
from platbook.simulate.rets.lookups import LOOKUPS, to_code
from platbook.simulate.rets.names import Names
from platbook.simulate.rets.quirks import QUIRKS, Area, Kind, Quirk, parse_quirks
from tests.rets_matrix.board import Boards
from tests.rets_matrix.test_sync import SEEDED

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANNERS = [quirk for quirk, about in QUIRKS.items() if about.kind is Kind.MANNER and about.area is Area.METADATA]
OTHERS = [Quirk.ONE_LINE_LOGIN, Quirk.LOWER_CASE_CODES, Quirk.LATIN_1_DECLARED, Quirk.EXPIRE_20701, Quirk.QUERY_URLS]


async def discover(boards: Boards, *, at_once: bool, first: str) -> Discovery:
    """Read all metadata through the connector."""
    settings = RetsSettings.model_validate(
        {"loginUrl": boards.served.login_url, "metadataAtOnce": at_once, "metadataFormat": first}
    )
    credentials = RetsCredentials(username="demo", password=SecretStr("demo"))
    http = boards.transport.for_provider(boards.any_provider)
    found = await RetsConnector().discover(settings, credentials, http=http, clock=boards.clock, last_mark=None)
    assert found is not None
    return found


def check(found: Discovery, quirks: Collection[Quirk]) -> None:
    """Compare with the source's table."""
    names = Names(parse_quirks(quirks))
    assert [one.name for one in found.resources] == [one.name for one in RESOURCES]
    for told, resource in zip(found.resources, RESOURCES, strict=True):
        assert told.key_field == names.system(resource, resource.key)
        assert list(told.objects) == (["Photo"] if resource.name == "Property" else [])
        assert {one.name: [(value.value, value.label) for value in one.values] for one in told.lookups} == {
            name: [(to_code(value), value) for value in LOOKUPS[name]] for name in resource.lookups
        }
        assert [one.name for one in told.classes] == [one.name for one in resource.classes]
        for told_class, of_class in zip(told.classes, resource.classes, strict=True):
            expected = [
                (named.system, named.standard, str(named.field.type), named.field.length, named.field.lookup or None)
                for named in names.fields(resource, of_class)
            ]
            assert [
                (one.name, one.standard_name, one.data_type, one.max_length, one.lookup) for one in told_class.fields
            ] == expected


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("first", ["COMPACT", "STANDARD-XML"])
@pytest.mark.parametrize("quirk", [None, *MANNERS])
async def test_the_sources_table_is_read(boards: Boards, quirk: Quirk | None, first: str, *, at_once: bool) -> None:
    quirks = [quirk] if quirk else []
    boards.behave(*quirks)
    check(await discover(boards, at_once=at_once, first=first), quirks)


@SEEDED
@given(quirks=st.sets(st.sampled_from(MANNERS + OTHERS), min_size=2), at_once=st.booleans())
async def test_under_many_manners_at_once_it_is_read(boards: Boards, quirks: set[Quirk], *, at_once: bool) -> None:
    boards.behave(*quirks)
    check(await discover(boards, at_once=at_once, first="COMPACT"), quirks)


@pytest.mark.parametrize("fault", [Quirk.CUT_BODY, Quirk.HTML_PAGE, Quirk.EMPTY_BODY, Quirk.BROKEN_CONNECTION])
async def test_a_fault_each_time_is_an_error_not_a_smaller_table(boards: Boards, fault: Quirk) -> None:
    boards.behave(f"{fault}=always")
    with pytest.raises(SourceBrokeProtocol):
        await discover(boards, at_once=False, first="COMPACT")
