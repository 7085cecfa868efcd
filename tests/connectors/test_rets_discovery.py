"""What a RETS server says of itself, in every form in which it may say it."""

from dataclasses import dataclass

import pytest

from platbook.base.clock import SystemClock
from platbook.connectors.contract import Cursor, Discovery, Resource, Scope, SourceClass, SourceField, SourceResource
from platbook.connectors.rets import RetsConnector
from platbook.connectors.rets.listing_columns import find_columns
from platbook.connectors.rets.settings import RetsSettings
from platbook.mapping.proposal import MatchEvidence, propose
from tests.fakes.plain_http import plain_http
from tests.fakes.rets_market import CLASSES, no_sleep, rets_market
from tests.fakes.rets_replay import LOGIN, Answer, Request, serving
from tests.fakes.rets_rows import RowsReplay, numbered_rows


async def _discover(*quirks: str) -> Discovery:
    async with rets_market(*quirks, listings=5) as market:
        found = await market.discover()
        assert found is not None
        return found


async def test_resources_classes_fields_and_lookups_are_read() -> None:
    found = await _discover()
    listings = next(one for one in found.resources if one.name == "Property")
    assert (listings.key_field, [one.name for one in listings.classes]) == ("ListingKey", list(CLASSES))
    fields = {one.name: one for one in listings.classes[0].fields}
    assert (fields["ListPrice"].data_type, fields["ListPrice"].is_searchable) == ("Int", True)
    assert fields["Appliances"].is_multiple
    lookups = {one.name: one for one in listings.lookups}
    assert "Active" in [value.label for value in lookups[fields["StandardStatus"].lookup or ""].values]
    assert "Photo" in listings.objects
    said = found.settings
    assert (said["resource"], said["keyField"], said["modifiedField"]) == (
        "Property",
        "ListingKey",
        "ModificationTimestamp",
    )
    assert (said["photosCountField"], said["photosModifiedField"]) == ("PhotosCount", "PhotosChangeTimestamp")


@pytest.mark.parametrize(
    "quirk",
    [
        "metadata-standard-only",
        "metadata-compact-only",
        "metadata-lookup-elements",
        "metadata-rfc-dates",
        "metadata-shuffled",
        "metadata-levels-only",
        "metadata-none-in-trailer",
        "metadata-none-silent",
    ],
)
async def test_every_form_tells_the_same(quirk: str) -> None:
    async with rets_market(listings=5) as market:
        plain = await market.discover()
    async with rets_market(quirk, listings=5) as market:
        by_level = await market.discover(metadataFormat="COMPACT")
        at_once = await market.discover(metadataFormat="STANDARD-XML", metadataAtOnce=True)
    assert plain is not None
    assert by_level is not None
    assert at_once is not None
    assert by_level.resources == plain.resources
    assert at_once.resources == plain.resources


async def test_what_has_not_changed_is_not_read_again() -> None:
    async with rets_market(listings=5) as market:
        first = await market.discover()
        assert first is not None
        assert first.mark is not None
        before = market.http.meter.requests
        assert await market.discover(last_mark=first.mark) is None
        assert market.http.meter.requests - before <= 3, "a login, its challenge and a logout"
        assert await market.discover(last_mark="another") is not None


async def test_fields_with_names_of_the_vendors_own_are_known_by_their_standard_names() -> None:
    found = await _discover("vendor-names")
    proposal = propose(found)
    assert proposal.fields
    assert {one.evidence for one in proposal.fields} == {MatchEvidence.STANDARD_NAME}
    assert {one.target for one in proposal.fields} >= {"ListPrice", "StandardStatus", "City", "PublicRemarks"}
    assert all(source.startswith("LIST_") for source in proposal.field_mapping)
    assert proposal.rivals == []


async def test_the_zone_of_times_without_one_is_proposed() -> None:
    assert (await _discover("zoneless-timestamps")).settings["timeZone"] == "Etc/GMT+7"


def _class(name: str, *fields: SourceField) -> SourceClass:
    return SourceClass(name, fields=fields)


def _field(
    name: str, standard_name: str | None = None, kind: str = "Character", label: str | None = None
) -> SourceField:
    return SourceField(name, label, standard_name, kind)


def test_each_class_has_its_own_key_and_modification_time() -> None:
    listings = SourceResource(
        "Property",
        key_field="LN",
        classes=[
            _class("RES", _field("LN", "ListingID"), _field("TIMESTAMP", "ModificationTimestamp", "DateTime")),
            _class("COM", _field("LN"), _field("UPDATED", kind="DateTime"), _field("STATUS")),
            _class("LND", _field("ML", "ListingID"), _field("Changed", kind="DateTime", label="Last Modified")),
            _class("RNT", _field("LN"), _field("LastModified", kind="Character")),
            _class("BUS", _field("Number"), _field("UPDATED", kind="DateTime")),
            _class("OLD"),
        ],
    )
    found = find_columns(listings)
    assert found.classes == ["RES", "COM", "LND"]
    assert found.common == {"keyField": "LN", "modifiedField": "TIMESTAMP", "photosModifiedField": None}
    assert found.by_class == {
        "COM": {"modifiedField": "UPDATED"},
        "LND": {"keyField": "ML", "modifiedField": "Changed"},
    }
    assert [remark.partition(":")[0] for remark in found.remarks] == [
        f"class {name} of Property is left out" for name in ("RNT", "BUS", "OLD")
    ]
    assert ["modification time" in found.remarks[0], "the key" in found.remarks[1], "describe" in found.remarks[2]] == [
        True,
        True,
        True,
    ]


def test_the_columns_of_photos_are_those_of_each_class() -> None:
    key, time = _field("LN", "ListingID"), _field("TIMESTAMP", "ModificationTimestamp", "DateTime")
    listings = SourceResource(
        "Property",
        key_field="LN",
        classes=[
            _class(
                "RES", key, time, _field("PIC_TIME", "PhotosChangeTimestamp", "DateTime"), _field("PIC", kind="Int")
            ),
            _class(
                "COM", key, time, _field("PhotosChangeTimestamp", kind="DateTime"), _field("PhotosCount", kind="Int")
            ),
            _class("LND", key, time),
        ],
    )
    found = find_columns(listings, {"photosCountField": "PIC", "photosModifiedField": "PIC_TIME"})
    assert found.common == {
        "keyField": "LN",
        "modifiedField": "TIMESTAMP",
        "photosCountField": "PIC",
        "photosModifiedField": "PIC_TIME",
    }
    assert found.by_class == {
        "COM": {"photosCountField": "PhotosCount", "photosModifiedField": "PhotosChangeTimestamp"},
        "LND": {"photosModifiedField": None},
    }
    settings = RetsSettings.model_validate(
        {
            "loginUrl": "http://mls/login",
            "photosModifiedQueryField": "PIC_T",
            **found.common,
            "classFields": found.by_class,
        }
    )
    queried = [settings.of_class(name).queried_photos_modified for name in ("RES", "COM", "LND")]
    assert queried == ["PIC_T", "PhotosChangeTimestamp", ""]


def test_classes_that_no_metadata_describes_are_all_proposed() -> None:
    found = find_columns(SourceResource("Property", key_field="LN", classes=[_class("A"), _class("B")]))
    assert (found.classes, found.common, found.remarks) == (["A", "B"], {"keyField": "LN"}, [])


def _table(kind: str, parents: str, columns: str, *rows: str) -> str:
    data = "".join(f"<DATA>\t{row}\t</DATA>" for row in rows)
    return f"<METADATA-{kind}{parents}><COLUMNS>\t{columns}\t</COLUMNS>{data}</METADATA-{kind}>"


RESOURCES = _table("RESOURCE", "", "ResourceID\tStandardName\tKeyField", "\t\t", "Property\tProperty\tLN")
METADATA = (
    RESOURCES
    + _table("CLASS", ' Resource="Property"', "ClassName\tStandardName", "\t", "RES\tResidentialProperty", "COM\t")
    + _table(
        "TABLE",
        ' Resource="Property" Class="RES"',
        "SystemName\tStandardName\tDataType",
        "LN\tListingID\tCharacter",
        "\t\t",
        "TIMESTAMP\tModificationTimestamp\tDateTime",
        "LS\tListingStatus\tCharacter",
    )
    + _table(
        "TABLE",
        ' Resource="Property" Class="COM"',
        "SystemName\tStandardName\tDataType",
        "LN\t\tCharacter",
        "UPDATED\t\tDateTime",
        "STATUS\t\tCharacter",
    )
)


@dataclass
class _Metadata(RowsReplay):
    """Serves crafted metadata, and rows of two classes whose columns have different names."""

    def answer(self, request: Request) -> Answer:
        if "metadata" in request.path:
            body = METADATA if request.arguments["ID"] == "*" else ""
            return Answer(f'<RETS ReplyCode="0" ReplyText="ok">{body}</RETS>'.encode())
        return super().answer(request)

    def search(self, arguments: dict[str, str]) -> bytes:
        own = "TIMESTAMP" if arguments["Class"] == "RES" else "UPDATED"
        other = "UPDATED" if own == "TIMESTAMP" else "TIMESTAMP"
        if f"({other}=" in arguments["Query"]:
            return b'<RETS ReplyCode="20200" ReplyText="Unknown Query Field"/>'
        query = arguments["Query"].replace(own, "Modified").replace("(LN=", "(Key=")
        reply = super().search(
            {**arguments, "Query": query, "Select": arguments.get("Select", "").replace("LN", "Key")}
        )
        return reply.replace(b"Modified", own.encode()).replace(b"Key", b"LN")


async def test_what_is_proposed_for_classes_of_different_columns_works_as_it_stands() -> None:
    login = LOGIN.replace(b"Search=", b"GetMetadata=/rets/metadata\nSearch=")
    replay = _Metadata(rows=numbered_rows(15), login=login)
    async with serving(replay), plain_http() as http:
        connector = RetsConnector(no_sleep)
        credentials = connector.credentials_model.model_validate({"username": "demo", "password": "secret"})
        given: dict[str, object] = {"loginUrl": replay.login_url, "metadataAtOnce": True}
        found = await connector.discover(
            connector.settings_model.model_validate(given), credentials, http=http, clock=SystemClock(), last_mark=None
        )
        assert found is not None
        assert found.settings["classes"] == ["RES", "COM"]
        settings = connector.settings_model.model_validate({**given, **found.settings})
        async with connector.connect(settings, credentials, scope=Scope(), http=http, clock=SystemClock()) as session:
            pages = [page async for page in session.changes(Resource.PROPERTY, None, None)]
            keys = [key async for page in session.keys(Resource.PROPERTY) for key in page.keys]
            record = await session.record(Resource.PROPERTY, "K003")
            quiet = [page async for page in session.changes(Resource.PROPERTY, Cursor("2030-01-01T00:00:00"), None)]
            assert ([page.records for page in quiet], session.remarks()) == ([[]], [])
    assert not any("Photo" in arguments["Query"] for arguments in replay.searched())
    records = [record for page in pages for record in page.records]
    assert (len(records), len(keys)) == (30, 30)
    assert all(record.modified for record in records)
    assert pages[-1].watermark == max(time for _, time in numbered_rows(15))
    assert record is not None
