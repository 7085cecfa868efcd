"""The queue's schema is the library's, to the letter."""

from importlib import resources

from platbook.db.migrations import find_migrations


def test_the_migration_holds_the_schema_of_the_installed_library() -> None:
    (migration,) = [one for one in find_migrations() if one.version.endswith("_queue")]
    schema = resources.files("procrastinate").joinpath("sql/schema.sql").read_text()
    assert migration.sql.endswith(schema)
