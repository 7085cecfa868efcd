"""Searches in STANDARD-XML: records by their own names."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.standard import StandardXmlParser, XmlRecord

REPLY = b"""<RETS ReplyCode="0" ReplyText="ok"><COUNT Records="2"/><REData><REProperties>
  <ResidentialProperty Key="7"><ListPrice>450000</ListPrice><Remarks>A &amp; B</Remarks><Empty/>
    <ListAgent><Name>Ann</Name><Phone>1</Phone><Phone>2</Phone></ListAgent></ResidentialProperty>
  <ResidentialProperty Key="8"><ListPrice>1</ListPrice></ResidentialProperty>
</REProperties></REData><MAXROWS/></RETS>"""
CREA = b"""<RETS ReplyCode="0" ReplyText="ok"><RETS-RESPONSE xmlns="CREA.Search"><Pagination>
  <TotalRecords>9</TotalRecords><Limit>1</Limit></Pagination>
  <PropertyDetails ID="1" LastUpdated="x"><Price>5</Price></PropertyDetails></RETS-RESPONSE></RETS>"""


def _parse(body: bytes, size: int = 9) -> tuple[StandardXmlParser, list[XmlRecord]]:
    parser = StandardXmlParser()
    records: list[XmlRecord] = []
    for start in range(0, len(body), size):
        records += parser.feed(body[start : start + size])
    last, _ = parser.close()
    return parser, records + last


def test_record_fields_are_named_by_their_paths() -> None:
    parser, records = _parse(REPLY)
    assert (parser.count, parser.max_rows) == (2, True)
    assert records == [
        {
            "@key": "7",
            "ListPrice": "450000",
            "Remarks": "A & B",
            "Empty": None,
            "ListAgent.Name": "Ann",
            "ListAgent.Phone": ["1", "2"],
        },
        {"@key": "8", "ListPrice": "1"},
    ]


def test_wrappers_and_siblings_are_not_records() -> None:
    parser, records = _parse(CREA)
    assert (parser.count, records) == (9, [{"@id": "1", "@lastupdated": "x", "Price": "5"}])


_PIECES = st.sampled_from(
    [b"<REData>", b"</REData>", b"<P a='1'>", b"</P>", b"<Q>", b"</Q>", b"text", b"<COUNT Records='1'/>"]
)


@given(st.lists(st.one_of(_PIECES, st.binary(max_size=8)), max_size=25), st.integers(1, 40))
def test_any_bytes_are_records_or_a_protocol_error(pieces: list[bytes], size: int) -> None:
    with contextlib.suppress(SourceBrokeProtocol):  # anything else fails the test
        _parse(b'<RETS ReplyCode="0">' + b"".join(pieces), size)
