"""Tasks that were entered as a day before days were stored become days."""

from datetime import date

from platbook.base.ids import new_id
from platbook.db import Database, Query
from platbook.db.migrations import find_migrations

_ADD = Query(
    "add_task",
    "A task of an earlier release.",
    "INSERT INTO tasks (id, title, type, due_date, time_zone, created_by, created_at, updated_at)"
    " VALUES (%(id)s, %(title)s, 'Other', %(due)s, %(zone)s, 'x', now(), now())",
)
_TASKS = {
    "a day in Chicago": ("2026-12-25T05:59:59Z", "America/Chicago", date(2026, 12, 24)),
    "the same moment in New York": ("2026-12-25T05:59:59Z", "America/New_York", None),
    "a day in UTC": ("2026-12-24T23:59:59Z", "UTC", date(2026, 12, 24)),
    "a moment": ("2026-12-24T17:00:00Z", "UTC", None),
    "a day in a zone that nobody knows": ("2026-12-24T23:59:59Z", "Mars/Base", None),
    "no due date": (None, "UTC", None),
}


async def test_the_last_second_of_a_day_in_the_tasks_zone_becomes_a_day(database: Database) -> None:
    (script,) = [one.sql for one in find_migrations() if one.version.startswith("0052")]
    statement = script.partition("date;\n")[2]
    async with database.transaction() as connection:
        for title, (due, zone, _) in _TASKS.items():
            await connection.run(_ADD, {"id": new_id(), "title": title, "due": due, "zone": zone})
        await connection.run(Query("migrate", "The migration.", statement))
        found = await connection.tuples(Query("read", "The days.", "SELECT title, due_on FROM tasks"))
    days = {str(title): day for title, day in found}
    assert days == {title: day for title, (_, _, day) in _TASKS.items()}
