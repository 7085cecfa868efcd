"""The database that code at commit 1d127a5 left behind (see the head of before_structure.sql), and a way into it.

What stands in it is what a database of somebody who upgrades holds: names, checkpoints, fingerprints and hashes that
later code has to read. So nothing here is made by the functions whose reading is tried: what has to be computed (the
fingerprints, since the address of the source is part of them) is computed by the form of then.
"""

import hashlib
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import psycopg
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from platbook.db.embedded import EmbeddedPostgres
from platbook.db.migrations import find_migrations
from tests.fresh_database import fresh_database

FILE = Path(__file__).with_name("before_structure.sql")
LAST_MIGRATION = "0026"
KEY = "5e" * 32
SEED, LISTINGS = 4, 60
SOURCE_STARTED = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE_AT = datetime(2026, 3, 21, tzinfo=UTC)
NOW = SOURCE_AT + timedelta(minutes=5)
"""When the upgrade happens: access tokens given at the end of what is stored are still good."""

COLUMNS = (
    "ListingKey", "ListingId", "ModificationTimestamp", "StandardStatus", "PropertyType", "ListPrice", "City",
    "StateOrProvince", "PostalCode", "UnparsedAddress", "PhotosCount", "PhotosChangeTimestamp",
    "InternetEntireListingDisplayYN",
)  # fmt: skip
"""What the RETS providers select."""

ACCESS_TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJwbGF0Ym9vayIsInN1YiI6IjAxYTIyNzVjLTkzZTAtN2QyOC1hMDZkLTQ0NTVjM2QzN2"
    "JiMyIsInNpZCI6IjAxYTIyNzVjLWE4ZTctNzA4YS05NTg5LTliNzBjZTc4NTVmMSIsImlhdCI6MTc3NDA1MTIwMCwiZXhwIjoxNzc0MDUzMDAwfQ.PG"
    "t6JAH2nG-vaBu_MOsUaINKJ1gmT6DJN49BWAttdME"
)
"""The admin's. The tokens and the key were given by code of then; only their hashes and sessions are stored."""
REFRESH_TOKEN = "3M67goqfthyvtFdi8coqOZnpHFpN4UNcuY9YbFd7tq4"
API_KEY = "pbk_LGRGl6XzVHvNvF0ho_oEsYiBqF0sLO6Tqi5kxsmj3dE"
LEAD_ID = "01a2275c-a8e8-7e24-affc-a50c3abbbbd0"
TASK_ID = "01a2275c-a90c-7b49-93b0-d900a27463b3"
RETRIED_ERROR = "01a2275c-a0f0-7f62-b181-cbab5f0fd58f"

REVISION_THEN = 1
"""The mapping's revision of then."""
_PLAIN_MAPPING = "f292a48677919e85"
_MAPPING_VERSIONS = {"rets-synced": "18ffffc5d5fc1354", "rets-rejected": "055ac7483120f817"}
"""What `FieldMapping.version` was; raising the mapping's revision changes it on purpose, and all is read anew."""
_COPY = re.compile(r"COPY [^\n]+ FROM stdin;\n")
_END = "\\.\n"


@contextmanager
def stored_database(postgres: EmbeddedPostgres, login_url: str) -> Generator[str]:
    """A database as it was left, its RETS providers pointed at a source's login: its URL."""
    with fresh_database(postgres, "template1") as url:
        with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as connection:
            apply_migrations(connection, LAST_MIGRATION)
            _load(connection)
            _point_at(connection, login_url)
        yield url


def apply_migrations(connection: psycopg.Connection[TupleRow], last: str) -> None:
    """Apply the migrations up to the one that begins so, as they were applied then."""
    connection.execute(
        "CREATE TABLE public.schema_migrations "
        "(version text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    for migration in find_migrations():
        if migration.version[:4] <= last:
            with connection.transaction():
                connection.execute(migration.sql.encode())
                connection.execute(
                    "INSERT INTO public.schema_migrations (version, sha256) VALUES (%s, %s)",
                    (migration.version, migration.sha256),
                )


def _load(connection: psycopg.Connection[TupleRow]) -> None:
    """Bring the rows back as they were: triggers and references have done their part when they were made."""
    connection.execute("SET session_replication_role = replica")
    text = FILE.read_text(encoding="utf-8")
    while match := _COPY.search(text):
        rows, _, text = text[match.end() :].partition(_END)
        with connection.cursor().copy(match[0].encode()) as copy:
            copy.write(rows)
    connection.execute(text.encode())
    connection.execute("SET session_replication_role = origin")


def _point_at(connection: psycopg.Connection[TupleRow], login_url: str) -> None:
    """Give the source's address of this test to the providers.

    It is part of their settings and so of the fingerprints that say what a watermark and a walk stand for. Each is
    made anew in the form of then; that the old one is found where it was stored proves the form.
    """
    sql = "SELECT provider_id, provider_type, settings, scope FROM mls_provider_configurations"
    for provider_id, provider_type, settings, scope in connection.execute(sql).fetchall():
        version = _MAPPING_VERSIONS.get(provider_id, _PLAIN_MAPPING)
        old = _fingerprint(provider_type, settings, scope, version)
        held = "SELECT 1 FROM mls_sync_cursors WHERE provider_id = %s AND %s IN (watermark_scope, walk_scope)"
        found = connection.execute(held, (provider_id, old))
        assert found.rowcount == (provider_id != "rets-rejected"), provider_id  # a changed mapping took its cursor away
        if provider_type != "RETS":
            continue
        moved = {**settings, "loginUrl": login_url}
        connection.execute(
            "UPDATE mls_provider_configurations SET settings = %s WHERE provider_id = %s", (Jsonb(moved), provider_id)
        )
        new = _fingerprint(provider_type, moved, scope, version)
        for column in ("watermark_scope", "walk_scope"):
            update = SQL("UPDATE mls_sync_cursors SET {0} = %s WHERE provider_id = %s AND {0} = %s")
            connection.execute(update.format(Identifier(column)), (new, provider_id, old))


def _fingerprint(
    provider_type: str, settings: Mapping[str, object], scope: Mapping[str, object], mapping_version: str
) -> str:
    form = orjson.dumps([provider_type, settings, scope, mapping_version], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(form, digest_size=12).hexdigest()
