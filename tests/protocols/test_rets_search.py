"""The search parser: every layout servers send, every fault they have, and anything at all."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.search import CompactParser, CompactRow, MalformedRow
from platbook.protocols.rets.xml import UNSPECIFIED, Encoding
from tests.fakes.recordings import recorded_rets


def _parse(
    body: bytes, *, size: int = 7, encoding: Encoding = UNSPECIFIED
) -> tuple[CompactParser, list[CompactRow | MalformedRow], int]:
    parser = CompactParser(encoding)
    rows: list[CompactRow | MalformedRow] = []
    for start in range(0, len(body), size):
        rows += parser.feed(body[start : start + size])
    last, status = parser.close()
    return parser, rows + last, status.code


def _reply(inside: str, code: int = 0) -> bytes:
    return f'<RETS ReplyCode="{code}" ReplyText="x">{inside}</RETS>'.encode()


@pytest.mark.parametrize(
    "inside",
    [
        "<COLUMNS>\tA\tB\tC\t</COLUMNS><DATA>\t1\t\t3\t</DATA>",
        '<DELIMITER value="09"/><COLUMNS>\tA\tB\tC\t</COLUMNS><DATA>\t1\t\t3\t</DATA>',
        '<DELIMITER value = "9"/><COLUMNS>\tA\tB\tC\t</COLUMNS><DATA>\t1\t\t3\t</DATA>',
        '<DELIMITER value="7C"/><COLUMNS>|A|B|C|</COLUMNS><DATA>|1||3|</DATA>',
        "<COLUMNS>A\tB\tC\t</COLUMNS><DATA>1\t\t3\t</DATA>",
        "<COLUMNS>\tA\tB\tC</COLUMNS><DATA>\t1\t\t3</DATA>",
        "<COLUMNS>A\tB\tC</COLUMNS><DATA>1\t\t3</DATA>",
        "<COLUMNS>\tA\tB\tC\t</COLUMNS><DATA>1\t\t3</DATA>",
        "<COLUMNS>\tA\tB\tC\t</COLUMNS><DATA>1\t\t3\t</DATA>",
        "<COLUMNS>\tA\tB\tC\t</COLUMNS><DATA>\t1\t\t3</DATA>",
        "<columns>\tA\tB\tC\t</columns>\n<data>\t1\t\t3\t</data>",
    ],
)
def test_rows_of_every_layout(inside: str) -> None:
    parser, rows, code = _parse(_reply(inside))
    assert (list(parser.columns), rows, code) == (["A", "B", "C"], [("1", "", "3")], 0)


def test_a_malformed_row_is_reported_and_the_next_is_read() -> None:
    _, rows, _ = _parse(_reply("<COLUMNS>\tA\tB\t</COLUMNS><DATA>\t1\t2\t3\t4\t</DATA><DATA>\t5\t6\t</DATA>"))
    assert isinstance(rows[0], MalformedRow)
    assert "5 cells" in rows[0].reason or "6 cells" in rows[0].reason
    assert rows[1] == ("5", "6")


@pytest.mark.parametrize(
    ("body", "code", "more"),
    [
        (_reply('<COUNT Records="25"/><COLUMNS>\tA\t</COLUMNS><DATA>\t1\t</DATA><MAXROWS/>'), 0, True),
        (_reply("<COLUMNS>\tA\t</COLUMNS><DATA>\t1\t</DATA>", 20208), 20208, False),
        (_reply('<RETS-STATUS ReplyCode="20209" ReplyText="t"/>'), 20209, False),
        (_reply('<COUNT Records="0"/><RETS-STATUS ReplyCode="20201" ReplyText="none"/>'), 20201, False),
        (b'<RETS replyCode="20201" replyText="none" />', 20201, False),
    ],
)
def test_the_last_status_counts(body: bytes, code: int, more: bool) -> None:  # noqa: FBT001 - a table
    parser, _, status_code = _parse(body)
    assert (status_code, parser.max_rows) == (code, more)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (b"&#55357;&#56842;", "\U0001f60a"),
        (b"&#xD83D;&#xDE0A;", "\U0001f60a"),
        (b"a\x0bb", "a b"),
        (b"a&#11;b", "a b"),
        (b"Smith & Sons", "Smith & Sons"),
        (b"Smith &nbsp; Sons", "Smith &nbsp; Sons"),
        (b"caf\xe9", "café"),
        ("café".encode(), "café"),
        (b"&amp;amp;", "&amp;"),
        (b"&#233;", "é"),
        (b"half &#55357; pair", "half   pair"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 4096])
def test_illegal_text_is_repaired(cell: bytes, text: str, size: int) -> None:
    body = b'<RETS ReplyCode="0" ReplyText="x"><COLUMNS>\tA\t</COLUMNS><DATA>\t' + cell + b"\t</DATA></RETS>"
    _, rows, _ = _parse(body, size=size)
    assert rows == [(text,)]


def test_declared_encodings_win() -> None:
    inside = '<RETS ReplyCode="0"><COLUMNS>\tA\t</COLUMNS><DATA>\t€\t</DATA></RETS>'
    declared = ('<?xml version="1.0" encoding="windows-1252"?>' + inside).encode("cp1252")
    assert _parse(declared)[1] == [("€",)]
    assert _parse(inside.encode("cp1252"), encoding=Encoding("windows-1252"))[1] == [("€",)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"<html><body>Down for maintenance</body></html>", "HTML"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><RETS ReplyCode="0"/>', "declares a document type .DOCTYPE x."),
        (_reply("<COLUMNS>\tA\t</COLUMNS><DATA>\t1\t</DATA>")[:-5], "cut short"),
        (_reply("<COLUMNS>\tA\t</COLUMNS><DATA>\t1\t</DATA>")[:60], "cut short"),
        (b'<RETS ReplyText="x"></RETS>', "no ReplyCode"),
        (b'{"error": 1}', "not well-formed"),
        (b'<!DOCTYPE RETS SYSTEM "RETS.dtd"><RETS ReplyCode="0"/>', "declares a document type .DOCTYPE RETS."),
        (_reply("<COLUMNS>\tA\tB\tA\t</COLUMNS>"), "names the column A twice"),
        (
            _reply("<COLUMNS>\tA\tB\tC\t</COLUMNS><DATA>\t1\t2\t3\t</DATA><COLUMNS>\tA\tC\tB\t</COLUMNS>"),
            "COLUMNS twice, and they differ: C in place of B",
        ),
        (_reply("<COLUMNS>\tA\t</COLUMNS><COLUMNS>\tA\tB\t</COLUMNS>"), "they differ: B in place of none"),
        (_reply("<COLUMNS>\tA\t</COLUMNS><DATA>\t1 <RETS-STATUS ReplyCode='1'/></DATA>"), "not well-formed"),
        (_reply("<COLUMNS>\tA\t</COLUMNS><DATA>\t1 < 2"), "cut short"),
        (_reply("<DATA>\t1\t</DATA>"), "before COLUMNS"),
        (_reply('<DELIMITER value="zz"/>'), "DELIMITER"),
        (_reply('<COUNT Records="many"/>'), "COUNT"),
    ],
)
def test_other_bodies_are_errors_with_a_sample(body: bytes, message: str) -> None:
    with pytest.raises(SourceBrokeProtocol, match=message) as caught:
        _parse(body)
    assert caught.value.sample == body[:2048]


CELLS = ["a < b", "a <b", "a<br>b", "</b>", "<", "<3 rooms", "< & >", "x<y>z</y>"]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_a_raw_less_than_costs_its_row_alone(cell: str, size: int) -> None:
    rows = [f"\t{number}\tcell {number}\t" for number in range(12)]
    for broken in (0, 5, 6, 11):
        rows[broken] = f"\t{broken}\t{cell}\t"
    body = _reply("<COLUMNS>\tK\tV\t</COLUMNS>\r\n" + "\r\n".join(f"<DATA>{row}</DATA>" for row in rows))
    parser, found, code = _parse(body, size=size)
    assert (code, parser.max_rows, len(found)) == (0, False, 12)
    for number, row in enumerate(found):
        if number not in {0, 5, 6, 11}:
            assert row == (str(number), f"cell {number}")
            continue
        assert isinstance(row, MalformedRow)
        assert row.cells == (str(number), cell)
        assert row.reason.startswith(f"line {number + 2} of the reply is not well-formed XML: ")


def test_rows_around_a_broken_one_are_read_whatever_else_they_need() -> None:
    """Entities, carriage returns, repaired characters, and a last status after the broken row."""
    cells = ["Smith &amp; Sons", "a < b", "caf\u00e9 &#55357;&#56842;", "plain"]
    body = "<COLUMNS>\tV\t</COLUMNS>" + "\n".join(f"<DATA>\t{cell}\t</DATA>" for cell in cells)
    body += '<MAXROWS/><RETS-STATUS ReplyCode="20208" ReplyText="more"/>'
    for size in (1, 3, 50, 1000):
        parser, found, code = _parse(_reply(body), size=size)
        assert [row for row in found if not isinstance(row, MalformedRow)] == [
            ("Smith & Sons",),
            ("caf\u00e9 \U0001f60a",),
            ("plain",),
        ]
        assert (code, parser.max_rows, parser.repairs) == (20208, True, 1)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_utf_16_is_read(encoding: str, size: int) -> None:
    text = '<RETS ReplyCode="0"><COLUMNS>\tA\t</COLUMNS><DATA>\tcaf\u00e9\t</DATA></RETS>'
    assert _parse(text.encode(encoding), size=size)[1] == [("caf\u00e9",)]


def test_utf_16_that_is_declared_in_single_bytes_is_not_believed() -> None:
    text = '<?xml version="1.0" encoding="utf-16"?><RETS ReplyCode="0"><COLUMNS>\tA\t</COLUMNS>'
    body = (text + "<DATA>\tcaf\u00e9\t</DATA></RETS>").encode()
    assert _parse(body, encoding=Encoding("utf-16"))[1] == [("caf\u00e9",)]


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_are_rows_or_a_protocol_error(body: bytes, size: int) -> None:
    for whole in (body, b'<RETS ReplyCode="0">' + body, b'<RETS ReplyCode="0"><COLUMNS>\tA\t</COLUMNS><DATA>' + body):
        with contextlib.suppress(SourceBrokeProtocol):  # anything else fails the test
            _parse(whole, size=size)


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"])), min_size=3, max_size=3
        )
    )
)
def test_rows_round_trip(table: list[list[str]]) -> None:
    def escape(cell: str) -> str:
        return cell.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    data = "".join("<DATA>\t" + "\t".join(map(escape, row)) + "\t</DATA>" for row in table)
    _, rows, _ = _parse(_reply("<COLUMNS>\tA\tB\tC\t</COLUMNS>" + data), size=11)
    assert rows == [tuple(row) for row in table]


@pytest.mark.parametrize(
    ("name", "rows", "count", "more"),
    [("Search.xml", 3, None, False), ("Search_1of2.xml", 3, 6, True), ("Search_2of2.xml", 3, 6, False)],
)
def test_recorded_replies(name: str, rows: int, count: int | None, more: bool) -> None:  # noqa: FBT001 - a table
    parser, rows_read, code = _parse(recorded_rets(f"COMPACT-DECODED/{name}"), size=4096)
    assert (len(parser.columns), len(rows_read), parser.count, parser.max_rows, code) == (208, rows, count, more, 0)
    assert all(not isinstance(row, MalformedRow) for row in rows_read)


def _decline(text: str) -> bool:
    del text
    return False


_CELLS = st.text(st.sampled_from("aé€😊&<>\"'\r\n;#\x0b x|"), max_size=6)
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


@given(
    st.lists(st.lists(_CELLS, min_size=3, max_size=3), max_size=12),
    st.sampled_from(["", "\n", "\r\n", " <!-- c --> "]),
    st.sampled_from(["", "&", "&#233;", "\x0b"]),
    st.integers(1, 90),
)
def test_the_fast_path_equals_an_xml_parser(table: list[list[str]], gap: str, fault: str, size: int) -> None:
    def write(row: list[str]) -> str:
        return "<DATA>\t" + "\t".join("".join(_ESCAPES.get(c, c) for c in cell) for cell in row) + fault + "\t</DATA>"

    inside = "<COLUMNS>\tA\tB\tC\t</COLUMNS>" + gap.join(write(row) for row in table)
    body = _reply(inside)
    by_one = _parse(body, size=1)  # a byte at a time, nothing but a row's own end ever follows a row's end
    assert _parse(body, size=size)[1] == by_one[1]
    slow = CompactParser()
    xml = slow._xml  # noqa: SLF001 - as below # pyright: ignore[reportPrivateUsage] - expat alone
    handlers = xml._rows  # noqa: SLF001 - as above # pyright: ignore[reportPrivateUsage] - as above
    assert handlers is not None
    xml._rows = replace(handlers, on_rows=_decline)  # noqa: SLF001 - as above # pyright: ignore[reportPrivateUsage] - as above
    rows = slow.feed(body)
    last, _ = slow.close()
    assert rows + last == _parse(body, size=4096)[1]
    assert slow.repairs == _parse(body, size=size)[0].repairs


def test_declared_latin_1_is_decoded_as_windows_1252() -> None:
    inside = '<RETS ReplyCode="0"><COLUMNS>\tA\t</COLUMNS><DATA>\t“é”\t</DATA><DATA>\té\t</DATA></RETS>'
    body = ('<?xml version="1.0" encoding="ISO-8859-1"?>' + inside).encode("cp1252")
    assert _parse(body)[1] == [("“é”",), ("é",)]
    assert _parse(body, size=4096)[1] == [("“é”",), ("é",)]


def test_a_declared_encoding_overrides_the_setting() -> None:
    inside = '<RETS ReplyCode="0"><COLUMNS>\tA\t</COLUMNS><DATA>\tж\t</DATA></RETS>'
    assert _parse(inside.encode("cp1251"), encoding=Encoding(fallback="windows-1251"))[1] == [("ж",)]
    assert _parse(inside.encode("utf-8"), encoding=Encoding("utf-8", "windows-1251"))[1] == [("ж",)]
    assert _parse(inside.encode("utf-16"), encoding=Encoding("utf-16"))[1] == [("ж",)]
    assert _parse(inside.encode(), encoding=Encoding("base64"))[1] == [("ж",)]


def test_unbounded_text_and_markup_are_errors_in_bounded_memory() -> None:
    head = b'<RETS ReplyCode="0"><COLUMNS>\tA\t</COLUMNS>'
    for begin, word in ((b"<DATA>", "text"), (b'<X a="', "markup")):
        parser = CompactParser()
        parser.feed(head + begin)
        with pytest.raises(SourceBrokeProtocol, match=f"piece of {word}"):
            parser.feed(b"x" * (12 * 1024 * 1024))
