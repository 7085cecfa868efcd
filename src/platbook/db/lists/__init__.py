"""The one list engine: filters, sorting, paging and totals of every list that is read a page at a time.

A list is read in these steps, each with its own module:

- `conditions`: the filters, as a list of conditions that becomes the WHERE clause; values travel as parameters only.
- `sorting`: the sort key and the id after it, as the ORDER BY clause and as the predicate of keyset pagination.
- `cursors`: the position after a row, as an opaque cursor with a fingerprint of the list and its order.
- `paging`: which page is requested (page number or cursor, limit, kind of total) and the page that is returned. One
  row more than the limit is read: if it exists, there is a next page.
- `totals`: how many rows match: exact up to 10,000, the planner's estimate above, or exact, or none.
- `pages`: reads a page by page number or cursor from a table.
- `numbered`: reads a page by its number alone, with an exact total, from a named statement: for short lists.

The listing search (`listings.search`) composes its own statements (relevance, distance, prebuilt documents) out of the
same parts.
"""

from platbook.db.lists.conditions import STATEMENT_CACHE_SIZE, Conditions, any_of, to_count_columns, to_count_statement
from platbook.db.lists.cursors import CursorPosition, decode_cursor, encode_cursor, parse_time, to_fingerprint
from platbook.db.lists.numbered import (
    NumberedPage,
    NumberedSource,
    PageNumber,
    find_numbered_page,
    to_numbered_statement,
)
from platbook.db.lists.pages import ListSource, Sort, find_page, to_page_statement, to_selective_page_statement
from platbook.db.lists.paging import ListPage, Paging, check_depth, check_paging, cut_page
from platbook.db.lists.sorting import (
    SortKey,
    SortOrder,
    date_key,
    numeric_key,
    parse_float,
    smallint_key,
    text_key,
    timestamp_key,
)
from platbook.db.lists.totals import (
    COUNT_BOUND,
    EXACT_UP_TO,
    Count,
    MatchCount,
    Total,
    count_all,
    count_bounded,
    count_up_to,
    find_total,
)

__all__ = [
    "COUNT_BOUND",
    "EXACT_UP_TO",
    "STATEMENT_CACHE_SIZE",
    "Conditions",
    "Count",
    "CursorPosition",
    "ListPage",
    "ListSource",
    "MatchCount",
    "NumberedPage",
    "NumberedSource",
    "PageNumber",
    "Paging",
    "Sort",
    "SortKey",
    "SortOrder",
    "Total",
    "any_of",
    "check_depth",
    "check_paging",
    "count_all",
    "count_bounded",
    "count_up_to",
    "cut_page",
    "date_key",
    "decode_cursor",
    "encode_cursor",
    "find_numbered_page",
    "find_page",
    "find_total",
    "numeric_key",
    "parse_float",
    "parse_time",
    "smallint_key",
    "text_key",
    "timestamp_key",
    "to_count_columns",
    "to_count_statement",
    "to_fingerprint",
    "to_numbered_statement",
    "to_page_statement",
    "to_selective_page_statement",
]
