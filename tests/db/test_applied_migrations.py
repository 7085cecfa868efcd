"""A migration that a release has applied may not change: every installation that has it would refuse to start."""

from pathlib import Path

import pytest

from platbook.db.migrations import Migration, find_migrations

CHECKSUMS = Path(__file__).parent / "migrations.sha256"


@pytest.mark.parametrize("migration", find_migrations(), ids=lambda one: one.version)
def test_a_migration_is_as_it_was_when_it_was_made(migration: Migration) -> None:
    lines = (line.split() for line in CHECKSUMS.read_text().splitlines())
    made = {name.removesuffix(".sql"): sha256 for sha256, name in lines}
    assert migration.version in made, f"add {migration.version} to {CHECKSUMS.name}: sha256sum {migration.version}.sql"
    assert migration.sha256 == made[migration.version], "never change it; add another migration"
