"""A mapping for each of a source's classes, over the common one; and the proposal of such mappings."""

import pytest

from platbook.base.errors import InvalidInput
from platbook.connectors.contract import (
    Discovery,
    RawRecord,
    SourceClass,
    SourceField,
    SourceLookup,
    SourceResource,
    SourceValue,
)
from platbook.connectors.rets.listing_columns import find_columns
from platbook.mapping.mapping import FieldMapping
from platbook.mapping.proposal import propose
from platbook.mapping.provider_mapping import plan_class_mappings
from platbook.protocols.rets.metadata import MetadataParser
from tests.fakes.recordings import recorded_rets

COMMON = {
    "LS": [{"to": "status", "lookup": {"A": "Active", "S": "Closed"}}, "MlsStatus"],
    "LP": "price",
    "Town": "City",
    "$constants": {"Country": "US", "StateOrProvince": "FL"},
}
MAPPING = {**COMMON, "classes": {"COM": {"STATUS": {"to": "status", "lookup": {"1": "Active"}}, "Region": "City"}}}


def _normalise(mapping: FieldMapping, source_class: str | None, **fields: object) -> dict[str, object]:
    record = RawRecord("k1", fields, source_class=source_class)
    listing = mapping.of_class(source_class).normalise(record)
    return {name: listing.value(name) for name in ("StandardStatus", "MlsStatus", "ListPrice", "City", "Country")}


def test_a_class_is_read_by_its_own_mapping_over_the_common_one() -> None:
    mapping = plan_class_mappings(MAPPING)
    common = {"StandardStatus": "Closed", "MlsStatus": "S", "ListPrice": 5, "City": "Naples", "Country": "US"}
    for source_class in (None, "RES", "LND"):
        assert _normalise(mapping, source_class, LS="S", LP=5, Town="Naples") == common
    commercial = _normalise(mapping, "COM", STATUS="1", LS="S", LP=5, Town="?", Region="Naples")
    assert commercial == {**common, "StandardStatus": "Active", "MlsStatus": "S"}


def test_a_constant_of_all_gives_way_to_a_field_of_a_class() -> None:
    mapping = plan_class_mappings(
        {"LS": "status", "$constants": {"Country": "US"}, "classes": {"COM": {"Land": "Country"}}}
    )
    assert _normalise(mapping, "COM", LS="Active", Land="CA")["Country"] == "CA"
    assert _normalise(mapping, "RES", LS="Active", Land="CA")["Country"] == "US"


def test_the_version_changes_with_the_mapping_of_any_class() -> None:
    versions = [
        plan_class_mappings(mapping).version
        for mapping in (COMMON, MAPPING, {**COMMON, "classes": {"COM": {"Region": "City"}}}, {**COMMON, "classes": {}})
    ]
    assert len(set(versions)) == 3
    assert versions[0] == versions[3]


@pytest.mark.parametrize(
    ("classes", "field", "words"),
    [
        ({"COM": {"Region": "cty"}}, "fieldMapping.classes.COM.Region", "there is no field 'cty'"),
        ({"COM": {"A": "City", "B": "City"}}, "fieldMapping.classes.COM.B", "both map to City"),
        ({"COM": {"A": {"to": "City", "unti": "sqm"}}}, "fieldMapping.classes.COM.A", "unti"),
        ({"COM": "City"}, "fieldMapping.classes.COM", "must be an object"),
    ],
)
def test_an_entry_of_a_class_that_cannot_work_is_named(classes: object, field: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=field) as caught:
        plan_class_mappings({**COMMON, "classes": classes})
    (problem,) = caught.value.details
    assert problem.field.startswith(field)
    assert words in f"{problem.field} {problem.message}"


def test_a_field_that_is_named_classes_is_a_field() -> None:
    for entry in ("City", {"to": "City"}):
        mapping = plan_class_mappings({"S": "status", "classes": entry})
        assert _normalise(mapping, None, S="Active", classes="Naples")["City"] == "Naples"


STATUSES = SourceLookup("LS", [SourceValue("A", "Active"), SourceValue("S", "Sold")])


def _class(name: str, **fields: str | None) -> SourceClass:
    return SourceClass(
        name,
        fields=[
            SourceField(source, standard_name=standard, lookup="LS" if source in {"LS", "STATUS"} else None)
            for source, standard in fields.items()
        ],
    )


def test_a_mapping_is_proposed_for_classes_that_name_the_same_differently() -> None:
    listings = SourceResource(
        "Property",
        key_field="LN",
        lookups=[STATUSES],
        classes=[
            _class("RES", LN=None, LS="ListingStatus", LP="ListPrice", City=None, Area="LivingArea"),
            _class("COM", LN=None, STATUS=None, ListPrice=None, City=None, Area="LotSizeSquareFeet"),
            _class("OLD", City=None, Zip=None),
        ],
    )
    discovery = Discovery(
        [listings], classes=["RES", "COM"], listing_resource="Property", remarks=["class OLD is left out"]
    )
    proposal = propose(discovery)
    lookup = {"A": "Active", "S": "Closed"}
    status = ["MlsStatus", {"to": "StandardStatus", "lookup": lookup}]
    assert proposal.field_mapping == {
        "LS": status,
        "LP": "ListPrice",
        "Area": "LivingArea",
        "classes": {"COM": {"STATUS": status, "ListPrice": "ListPrice", "Area": "LotSizeSquareFeet"}},
    }
    assert proposal.remarks == ["class OLD is left out"]
    mapping = plan_class_mappings(proposal.field_mapping)
    assert _normalise(mapping, "COM", STATUS="A", ListPrice=7, City="Naples")["ListPrice"] == 7
    assert _normalise(mapping, "RES", LS="S", LP=9, City="Naples")["StandardStatus"] == "Closed"


@pytest.mark.parametrize("form", ["COMPACT-DECODED", "STANDARD-XML"])
def test_what_is_proposed_for_recorded_metadata_can_be_compiled(form: str) -> None:
    parser = MetadataParser()
    parser.feed(recorded_rets(f"{form}/GetMetadata_table.xml"))
    tables, _ = parser.close()
    fields = [
        SourceField(row["SystemName"], row.get("LongName"), row.get("StandardName") or None, row.get("DataType"))
        for table in tables
        for row in table.rows
    ]
    assert len(fields) > 100
    classes = [SourceClass("A", fields=fields), SourceClass("B", fields=fields[::-1])]
    resource = SourceResource("P", classes=classes)
    proposal = propose(Discovery([resource], listing_resource="P"))
    assert plan_class_mappings(proposal.field_mapping)
    targets = {one.target for one in proposal.fields}
    assert {"ListPrice", "City", "BedroomsTotal", "ModificationTimestamp"} <= targets
    columns = find_columns(resource)
    assert (columns.classes, columns.by_class, columns.remarks) == (["A", "B"], {}, [])
    assert columns.common.keys() >= {"keyField", "modifiedField"}
