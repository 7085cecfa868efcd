"""Each table has one owner, which alone writes it; nobody reads a table above itself without a reason."""

import re
from pathlib import Path

from tests.structure.sources import (
    MIGRATIONS,
    find_modules,
    find_statement_files,
    find_texts,
    level,
    package_of,
    read_table,
    to_names,
)

_CREATED = re.compile(r"CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(?:public\.)?(\w+)")
_DROPPED = re.compile(r"DROP TABLE (?:IF EXISTS )?(?:public\.)?(\w+)")
_RENAMED = re.compile(r"ALTER TABLE (\w+) RENAME TO (\w+)")
_WRITES = re.compile(r"(?:INSERT INTO|UPDATE(?: ONLY)?|DELETE FROM|COPY|TRUNCATE)\s+(?:public\.)?\"?(\w+)")
_READS = re.compile(r"(?:FROM|JOIN|USING|,)\s+(?:public\.)?(\w+)")
_TRIGGER = re.compile(r"CREATE (?:CONSTRAINT )?TRIGGER (\w+) .*?\bON (\w+)", re.DOTALL)
_DROPPED_TRIGGER = re.compile(r"DROP TRIGGER (?:IF EXISTS )?(\w+)")
_COMMENT = re.compile(r"--[^\n]*")
_QUEUE = "0006_queue"


def _migrations() -> str:
    files = [file for file in sorted(MIGRATIONS.glob("*.sql")) if not file.stem.startswith(_QUEUE)]
    return _COMMENT.sub("", "\n".join(file.read_text() for file in files))


def _tables() -> set[str]:
    text = _migrations()
    made = set(_CREATED.findall(text)) | {"schema_migrations"}
    for old, new in _RENAMED.findall(text):
        made = (made - {old}) | {new}
    return made - set(_DROPPED.findall(text))


def _owners() -> dict[str, str]:
    rows = [row for row in read_table("Tables") if len(row) == 2]
    return {table: to_names(row[0])[0] for row in rows for table in to_names(row[1])}


def _exceptions() -> set[tuple[str, str]]:
    return {
        (to_names(row[0])[0], table)
        for row in read_table("Tables")
        if len(row) == 3 and row[2]
        for table in to_names(row[1])
    }


def _statements() -> list[tuple[Path, str]]:
    named = [(file, _COMMENT.sub("", file.read_text())) for file in find_statement_files()]
    composed = [(file, text) for file in find_modules() for text in find_texts(file)]
    return named + composed


TABLES = _tables()
OWNERS = _owners()


def test_every_table_has_one_owner_in_the_documents() -> None:
    assert set(OWNERS) == TABLES


def test_only_the_owner_writes_a_table() -> None:
    found = {
        f"{package_of(file)} writes {table} of {OWNERS[table]}"
        for file, text in _statements()
        for table in _WRITES.findall(text)
        if table in TABLES and package_of(file) != OWNERS[table]
    }
    assert not found


def test_what_reads_a_table_above_itself_is_listed_with_its_reason() -> None:
    upward = {
        (package_of(file), table)
        for file, text in _statements()
        if "SELECT" in text or file.suffix == ".sql"
        for table in _READS.findall(text)
        if table in TABLES and level(OWNERS[table]) < level(package_of(file))
    }
    assert upward == _exceptions()


def test_every_trigger_is_in_the_documents_with_its_table() -> None:
    text = _migrations()
    made = dict(_TRIGGER.findall(text))
    for name in _DROPPED_TRIGGER.findall(text):
        made.pop(name, None)
    described = {
        name: tables[min(index, len(tables) - 1)]
        for row in read_table("Triggers")
        for tables in [to_names(row[1])]
        for index, name in enumerate(to_names(row[0]))
    }
    assert described == made
