"""The list engine: cursors belong to one list and order, numbered pages show every row once, literals stay literal."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput
from platbook.crm.leads.search import LeadSearch, find_leads
from platbook.crm.tasks import search as tasks
from platbook.db import Database, Query
from platbook.db.compose import SQL, Literal
from platbook.db.lists import (
    CursorPosition,
    ListPage,
    NumberedSource,
    PageNumber,
    Paging,
    SortKey,
    decode_cursor,
    encode_cursor,
    find_numbered_page,
    numeric_key,
    smallint_key,
    text_key,
    timestamp_key,
    to_fingerprint,
)

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
LEADS = to_fingerprint("leads", "createdAt", descending=True)
ID = UUID(int=7)
_AT = CursorPosition(NOW, ID)

_NAMED = Query(
    "find_named",
    "Rows with equal names.",
    "SELECT * FROM (VALUES (3, 'b'), (1, 'a'), (4, 'b'), (2, 'a'), (5, 'c')) AS named (id, name)"
    " WHERE id < %(below)s::integer",
)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (timestamp_key("at"), NOW),
        (numeric_key("price"), Decimal("12.50")),
        (smallint_key("score"), -3),
        (text_key("name"), "\N{HOUSE BUILDING}" * 200),
        (text_key("name"), None),
    ],
)
def test_a_cursor_is_read_back_as_it_was_written(key: SortKey, value: object) -> None:
    position = CursorPosition(value, ID, NOW)
    assert decode_cursor(encode_cursor(LEADS, position), LEADS, key.parse) == position


def _cursor(value: object) -> str:
    return encode_cursor(LEADS, CursorPosition(value, ID))


@pytest.mark.parametrize(
    ("key", "cursor"),
    [
        (timestamp_key("at"), ""),
        (timestamp_key("at"), "%%%"),
        (timestamp_key("at"), "\N{HOUSE BUILDING}"),
        (timestamp_key("at"), "e30"),
        (timestamp_key("at"), "W10"),
        (timestamp_key("at"), _cursor("2026-01-02T12:00:00")),
        (numeric_key("price"), _cursor("NaN")),
        (numeric_key("price"), _cursor("1e999")),
        (smallint_key("score"), _cursor(2**15)),
        (text_key("name"), _cursor("a\x00b")),
        (timestamp_key("at"), encode_cursor(to_fingerprint("leads", "createdAt", descending=False), _AT)),
        (timestamp_key("at"), encode_cursor(to_fingerprint("tasks", "createdAt", descending=True), _AT)),
        (timestamp_key("at"), encode_cursor(to_fingerprint("leads", "createdAt", descending=True, origin="1"), _AT)),
    ],
)
def test_a_malformed_or_foreign_cursor_is_refused(key: SortKey, cursor: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        decode_cursor(cursor, LEADS, key.parse)
    assert [problem.field for problem in caught.value.details] == ["cursor"]


async def test_the_cursor_of_another_list_is_refused(database: Database) -> None:
    paging = Paging("createdAt", cursor=encode_cursor(LEADS, CursorPosition(NOW, ID)))
    async with database.read() as connection:
        assert await find_leads(connection, COMMAND_LINE, LeadSearch(), paging) == ListPage(
            [], 0, total_is_estimate=False, next_cursor=None
        )
        with pytest.raises(InvalidInput):
            await tasks.find_tasks(connection, COMMAND_LINE, tasks.TaskSearch(), paging, NOW)


@pytest.mark.parametrize(("descending", "ids"), [(False, [1, 2, 3, 4]), (True, [4, 3, 2, 1])])
async def test_numbered_pages_show_every_row_once_in_a_total_order(
    database: Database, ids: list[int], *, descending: bool
) -> None:
    source = NumberedSource(dict[str, object], _NAMED, ("name",), descending=descending)
    async with database.read() as connection:
        pages = [
            await find_numbered_page(connection, source, PageNumber(page, limit=3), {"below": 5})
            for page in (1, 2, 3, 10**30)
        ]
    assert [[row["id"] for row in page.rows] for page in pages] == [ids[:3], ids[3:], [], []]
    assert {page.total for page in pages} == {4}


async def test_a_percent_sign_in_a_literal_is_no_placeholder(database: Database) -> None:
    async with database.read() as connection:
        statement = SQL("SELECT {} || %(end)s::text").format(Literal("100% Realty, 5%s "))
        assert await connection.value(str, statement, {"end": "Co"}) == "100% Realty, 5%s Co"
