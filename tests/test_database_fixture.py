"""The database fixture itself: fresh for each test."""

import pytest

from platbook.db import Database, Query

PUT = Query("put", "x", "INSERT INTO platbook_facts (name, value) VALUES ('one', 'x')")
GET = Query("get", "x", "SELECT count(*) FROM platbook_facts")


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_a_database_of_its_own(database: Database, turn: int) -> None:
    async with database.read() as connection:
        assert await connection.value(int, GET) == 0, turn
    async with database.transaction() as connection:
        await connection.run(PUT)
