"""Writes that a transaction puts off to its end."""

from collections.abc import Sequence

import pytest

from platbook.db import Database, WriteConnection


async def test_last_writes_are_done_once_at_the_end_with_all_items(database: Database) -> None:
    seen: list[Sequence[object]] = []

    async def write(_connection: WriteConnection, items: Sequence[object]) -> None:
        seen.append(items)

    async with database.transaction() as connection:
        connection.before_commit(write, [1, 2])
        connection.before_commit(write, [3])
        assert seen == []
    assert seen == [[1, 2, 3]]
    async with database.transaction():
        pass
    assert len(seen) == 1, "they belong to their transaction"


async def test_a_transaction_that_fails_does_no_last_writes(database: Database) -> None:
    seen: list[Sequence[object]] = []

    async def write(_connection: WriteConnection, items: Sequence[object]) -> None:
        seen.append(items)

    async def fail() -> None:
        async with database.transaction() as connection:
            connection.before_commit(write, [1])
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert seen == []
