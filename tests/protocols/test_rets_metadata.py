"""Metadata in both formats, as recorded and as made up."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.metadata import MetadataParser, MetadataTable
from tests.fakes.recordings import recorded_rets


def _parse(body: bytes, size: int = 4096) -> tuple[list[MetadataTable], int]:
    parser = MetadataParser()
    for start in range(0, len(body), size):
        parser.feed(body[start : start + size])
    tables, status = parser.close()
    return list(tables), status.code


@pytest.mark.parametrize(
    ("name", "kind", "rows", "columns"),
    [
        ("COMPACT-DECODED/GetMetadata_resources.xml", "RESOURCE", 6, 24),
        ("COMPACT-DECODED/GetMetadata_classes.xml", "CLASS", 6, 8),
        ("COMPACT-DECODED/GetMetadata_table.xml", "TABLE", 208, 25),
        ("COMPACT-DECODED/GetMetadata_lookup.xml", "LOOKUP_TYPE", 61, 4),
        ("COMPACT-DECODED/GetMetadata_objects.xml", "OBJECT", 3, 7),
        ("COMPACT-DECODED/GetMetadata_system.xml", "SYSTEM", 1, 3),
        ("STANDARD-XML/GetMetadata_resources.xml", "RESOURCE", 2, 24),
        ("STANDARD-XML/GetMetadata_classes.xml", "CLASS", 8, 8),
        ("STANDARD-XML/GetMetadata_table.xml", "TABLE", 162, 23),
        ("STANDARD-XML/GetMetadata_lookup.xml", "LOOKUP_TYPE", 9, 4),
        ("STANDARD-XML/GetMetadata_system.xml", "SYSTEM", 1, 3),
    ],
)
@pytest.mark.parametrize("size", [13, 4096])
def test_recorded_replies(name: str, kind: str, rows: int, columns: int, size: int) -> None:
    (table,), code = _parse(recorded_rets(name), size)
    assert (table.kind, len(table.rows), len(table.rows[0]), code) == (kind, rows, columns, 0)


@pytest.mark.parametrize(("name", "code"), [("20514.xml", 20514), ("Error_InvalidFormat.xml", 20513)])
def test_recorded_refusals(name: str, code: int) -> None:
    assert _parse(recorded_rets(f"Errors/{name}")) == ([], code)


def test_a_recorded_wildcard_reply_holds_every_lookup() -> None:
    tables, _ = _parse(recorded_rets("STANDARD-XML/GetMetadata_wildcard.xml"))
    assert {table.kind for table in tables} == {"LOOKUP_TYPE"}
    assert sum(len(table.rows) for table in tables) == 1199
    assert tables[0].parents["lookup"] == "City"


def test_values_with_spaces_and_empty_ones_stay_in_their_columns() -> None:
    tables, _ = _parse(recorded_rets("COMPACT-DECODED/GetMetadata_classes.xml"))
    assert {row["ClassName"] for row in tables[0].rows} >= {"RES"}
    assert tables[0].rows[0]["StandardName"] == "Residential"
    assert all(len(row) == 8 for row in tables[0].rows)


def test_nested_tables_have_their_parents() -> None:
    body = b"""<RETS ReplyCode="0" ReplyText="ok"><METADATA><METADATA-SYSTEM Version="1"><SYSTEM SystemID="X">
      <METADATA-RESOURCE Version="1"><Resource><ResourceID>Property</ResourceID>
        <METADATA-CLASS Resource="Property"><Class><ClassName>RES</ClassName>
          <METADATA-TABLE Resource="Property" Class="RES"><Field><SystemName>LP</SystemName></Field>
            <Field><SystemName>City</SystemName><LongName/></Field></METADATA-TABLE>
        </Class></METADATA-CLASS><KeyField>Key</KeyField></Resource></METADATA-RESOURCE>
      </SYSTEM></METADATA-SYSTEM></METADATA></RETS>"""
    tables, _ = _parse(body)
    assert [(table.kind, table.rows) for table in tables] == [
        ("SYSTEM", [{"SystemID": "X"}]),
        ("RESOURCE", [{"ResourceID": "Property", "KeyField": "Key"}]),
        ("CLASS", [{"ClassName": "RES"}]),
        ("TABLE", [{"SystemName": "LP"}, {"SystemName": "City", "LongName": ""}]),
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'<RETS ReplyCode="20513" ReplyText="Invalid Format">\n</RETS>', 20513),
        (b'<RETS ReplyCode="0" ReplyText="ok"><RETS-STATUS ReplyCode="20503" ReplyText="none"/></RETS>', 20503),
        (b'<RETS ReplyCode="0" ReplyText="ok"/>', 0),
    ],
)
def test_every_form_of_an_empty_reply(body: bytes, code: int) -> None:
    assert _parse(body) == ([], code)


def test_spellings_of_foreign_keys_are_unified() -> None:
    for name in (b"FOREIGNKEYS", b"FOREIGN_KEYS"):
        body = b'<RETS ReplyCode="0"><METADATA-%s><COLUMNS>\tA\t</COLUMNS></METADATA-%s></RETS>' % (name, name)
        assert _parse(body)[0][0].kind == "FOREIGN_KEYS"


_PIECES = st.sampled_from(
    [
        b"<METADATA-CLASS A='1'>",
        b"</METADATA-CLASS>",
        b"<COLUMNS>",
        b"</COLUMNS>",
        b"<DATA>",
        b"</DATA>",
        b"\ta\tb\t",
        b"<Class>",
        b"</Class>",
    ]
)


@given(st.lists(st.one_of(_PIECES, st.binary(max_size=10)), max_size=25), st.integers(1, 40))
def test_any_bytes_are_tables_or_a_protocol_error(pieces: list[bytes], size: int) -> None:
    with contextlib.suppress(SourceBrokeProtocol):  # anything else fails the test
        _parse(b'<RETS ReplyCode="0">' + b"".join(pieces), size)
