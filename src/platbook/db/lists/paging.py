"""Which page of a list is requested, and the page that is returned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from platbook.base.errors import InvalidInput
from platbook.db.lists.totals import Count

T = TypeVar("T")

MAX_LIMIT = 100
MAX_OFFSET = 100_000
"""How deep page numbers reach, in rows: OFFSET reads every row before the page. Cursors reach any depth."""


@dataclass(frozen=True, slots=True)
class Paging:
    """The requested page. `descending` None: the sort's default direction. Errors: InvalidInput."""

    sort: str
    descending: bool | None = None
    page: int = 1
    limit: int = 20
    cursor: str | None = None
    count: Count = Count.ESTIMATE

    def __post_init__(self) -> None:
        check_paging(self.page, self.limit, self.cursor)
        check_depth(self.offset)

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.limit


@dataclass(frozen=True, slots=True)
class ListPage(Generic[T]):
    """One page of a list. `total` None: it was not requested. `next_cursor` None: this is the last page."""

    rows: list[T]
    total: int | None
    total_is_estimate: bool
    next_cursor: str | None


def check_paging(page: int, limit: int, cursor: str | None) -> None:
    """Refuse what is not a page. Errors: InvalidInput naming the parameter."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput.of("limit", f"must be 1 to {MAX_LIMIT}")
    if page < 1:
        raise InvalidInput.of("page", "must be 1 or more")
    if cursor and page != 1:
        raise InvalidInput.of("cursor", "cannot be combined with page")


def check_depth(offset: int) -> None:
    """Refuse a page too deep to be read by its number. Errors: InvalidInput."""
    if offset > MAX_OFFSET:
        raise InvalidInput.of("page", f"reaches at most {MAX_OFFSET} rows deep; use cursor to go deeper")


def cut_page(rows: Sequence[T], limit: int) -> tuple[list[T], bool]:
    """The rows of a page out of those read (at most one more than the limit), and whether there is a next page."""
    return list(rows[:limit]), len(rows) > limit
