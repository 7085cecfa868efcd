"""The schema as the migrations make it, written by the embedded server's own pg_dump.

`python -m tests.structure.schema` (that is `make schema`) writes it to `src/platbook/db/schema.sql`.
"""

import asyncio
import re
import subprocess
import tempfile
from pathlib import Path

from platbook.db.embedded import EmbeddedPostgres, start_embedded
from platbook.db.embedded.binaries import find_binaries
from platbook.db.migrations import migrate
from tests.structure.sources import SRC

SCHEMA = SRC / "db/schema.sql"

_HEAD = """-- The schema: what the migrations make, as pg_dump --schema-only writes it, without the queue's own.
-- It is read, never applied. `make schema` rewrites it after a migration; a test compares the two.

"""
# Version lines, and the random key that guards psql's \restrict, differ from one dump to the next.
_VOLATILE = re.compile(r"^(?:-- Dumped .*|\\(?:un)?restrict .*)\n", re.MULTILINE)


def dump_schema(server: EmbeddedPostgres, database: str) -> str:
    """The schema of a database on an embedded server."""
    program = find_binaries(Path("/nonexistent"), None) / "pg_dump"
    options = ["--schema-only", "--no-owner", "--no-privileges", "--exclude-schema=queue"]
    done = subprocess.run([program, *options, server.url(database)], check=True, capture_output=True, text=True)
    return _HEAD + re.sub(r"\n{3,}", "\n\n", _VOLATILE.sub("", done.stdout)).strip() + "\n"


def main() -> None:
    """Write the schema of a freshly migrated database."""
    with tempfile.TemporaryDirectory() as home, start_embedded(Path(home)) as server:
        asyncio.run(migrate(server.url()))
        name = server.url().rsplit("/", 1)[1].split("?")[0]
        SCHEMA.write_text(dump_schema(server, name))


if __name__ == "__main__":
    main()
