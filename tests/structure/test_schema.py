"""`db/schema.sql` is the schema as the migrations make it."""

from platbook.db.embedded import EmbeddedPostgres
from tests.structure.schema import SCHEMA, dump_schema


def test_the_schema_file_is_what_the_migrations_make(postgres: EmbeddedPostgres, template: str) -> None:
    assert SCHEMA.read_text() == dump_schema(postgres, template), "run `make schema`"
