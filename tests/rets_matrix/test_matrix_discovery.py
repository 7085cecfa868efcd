"""Discovery reads the source's schema, under every metadata quirk."""

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
from platbook.simulate.rets.names import FieldNames
from platbook.simulate.rets.quirks import QUIRKS, Quirk, QuirkArea, QuirkKind, parse_quirks
from tests.rets_matrix.rets_rig import RetsEnvironment
from tests.rets_matrix.test_sync import SEEDED

pytestmark = pytest.mark.asyncio(loop_scope="session")

BEHAVIORS = [
    quirk for quirk, info in QUIRKS.items() if info.kind is QuirkKind.BEHAVIOR and info.area is QuirkArea.METADATA
]
OTHER_BEHAVIORS = [
    Quirk.ONE_LINE_LOGIN,
    Quirk.LOWER_CASE_CODES,
    Quirk.LATIN_1_DECLARED,
    Quirk.EXPIRE_20701,
    Quirk.QUERY_URLS,
]


async def discover(environment: RetsEnvironment, *, at_once: bool, first: str) -> Discovery:
    """Read all metadata through the connector."""
    settings = RetsSettings.model_validate(
        {"loginUrl": environment.served.login_url, "metadataAtOnce": at_once, "metadataFormat": first}
    )
    credentials = RetsCredentials(username="demo", password=SecretStr("demo"))
    http = environment.transport.for_provider(environment.any_provider)
    discovery = await RetsConnector().discover(
        settings, credentials, http=http, clock=environment.clock, last_mark=None
    )
    assert discovery is not None
    return discovery


def check(discovery: Discovery, quirks: Collection[Quirk]) -> None:
    """Compare with the source's schema."""
    names = FieldNames(parse_quirks(quirks))
    assert [item.name for item in discovery.resources] == [item.name for item in RESOURCES]
    for discovered, resource in zip(discovery.resources, RESOURCES, strict=True):
        assert discovered.key_field == names.to_system_name(resource, resource.key)
        assert list(discovered.objects) == (["Photo"] if resource.name == "Property" else [])
        assert {item.name: [(value.value, value.label) for value in item.values] for item in discovered.lookups} == {
            name: [(to_code(value), value) for value in LOOKUPS[name]] for name in resource.lookups
        }
        assert [item.name for item in discovered.classes] == [item.name for item in resource.classes]
        for discovered_class, rets_class in zip(discovered.classes, resource.classes, strict=True):
            expected = [
                (
                    named.system_name,
                    named.standard_name,
                    str(named.field.type),
                    named.field.length,
                    named.field.lookup or None,
                )
                for named in names.fields(resource, rets_class)
            ]
            assert [
                (item.name, item.standard_name, item.data_type, item.max_length, item.lookup)
                for item in discovered_class.fields
            ] == expected


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("first", ["COMPACT", "STANDARD-XML"])
@pytest.mark.parametrize("quirk", [None, *BEHAVIORS])
async def test_the_schema_is_discovered(
    environment: RetsEnvironment, quirk: Quirk | None, first: str, *, at_once: bool
) -> None:
    quirks = [quirk] if quirk else []
    environment.apply_quirks(*quirks)
    check(await discover(environment, at_once=at_once, first=first), quirks)


@SEEDED
@given(quirks=st.sets(st.sampled_from(BEHAVIORS + OTHER_BEHAVIORS), min_size=2), at_once=st.booleans())
async def test_the_schema_is_discovered_under_many_behaviors(
    environment: RetsEnvironment, quirks: set[Quirk], *, at_once: bool
) -> None:
    environment.apply_quirks(*quirks)
    check(await discover(environment, at_once=at_once, first="COMPACT"), quirks)


@pytest.mark.parametrize("fault", [Quirk.CUT_BODY, Quirk.HTML_PAGE, Quirk.EMPTY_BODY, Quirk.BROKEN_CONNECTION])
async def test_a_fault_each_time_is_an_error_not_a_smaller_table(environment: RetsEnvironment, fault: Quirk) -> None:
    environment.apply_quirks(f"{fault}=always")
    with pytest.raises(SourceBrokeProtocol):
        await discover(environment, at_once=False, first="COMPACT")
