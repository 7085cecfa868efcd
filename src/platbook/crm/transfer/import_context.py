"""What every part of an import stands on: who imports from where, users by e-mail, ids of the other system."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar
from uuid import UUID

import orjson

from platbook.base.actor import Actor
from platbook.base.times import parse_utc
from platbook.crm.transfer.mapping import ColumnMapping
from platbook.crm.transfer.table import CsvRow
from platbook.db import ReadConnection, WriteConnection, load_queries

T = TypeVar("T")

Q = load_queries(__package__ or "platbook.crm.transfer")

BATCH = 1000


class RowRejected(Exception):
    """A row that cannot be used; its text says why."""


@dataclass(frozen=True, slots=True)
class ImportUser:
    """A user as a row may name one."""

    id: UUID
    email: str
    office: str | None
    team: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class ImportContext:
    """One import: `system` names where the ids come from; `announce`: rules and events as for any other lead."""

    actor: Actor
    at: datetime
    system: str
    owners: Mapping[str, ImportUser]
    announce: bool = False

    def owner(self, said: Mapping[str, object], word: str) -> ImportUser | None:
        """The user a row names. RowRefused for one who is not here."""
        email = str(said.get(word, "")).lower()
        if email and email not in self.owners:
            raise RowRejected(f"{word}: there is no user {email}")
        return self.owners.get(email)


@dataclass(frozen=True, slots=True)
class ImportSource:
    """One file: its rows, and what its columns mean."""

    rows: Iterable[CsvRow]
    mapping: ColumnMapping


@dataclass(frozen=True, slots=True)
class ExternalRecord:
    """What an id of the other system led to the last time."""

    row_id: UUID
    hash: bytes


async def find_import_users(connection: ReadConnection) -> dict[str, ImportUser]:
    """Every user by e-mail address."""
    return {one.email: one for one in await connection.all(ImportUser, Q.find_users)}


async def find_external_records(
    connection: ReadConnection, system: str, kind: str, ids: Sequence[str]
) -> dict[str, ExternalRecord]:
    """What these ids led to the last time."""
    params = {"system": system, "kind": kind, "ids": list(ids)}
    rows = await connection.tuples(Q.find_external, params)
    return {str(name): ExternalRecord(UUID(str(row)), _bytes(known)) for name, row, known in rows}


async def save_external_ids(
    connection: WriteConnection, system: str, kind: str, told: Mapping[str, ExternalRecord]
) -> None:
    """Remember what these ids led to, and what was said."""
    params = {
        "system": system,
        "kind": kind,
        "ids": list(told),
        "rows": [one.row_id for one in told.values()],
        "hashes": [one.hash for one in told.values()],
    }
    await connection.run(Q.add_external, params)


def to_hash(said: Mapping[str, object]) -> bytes:
    """Of what a row says, whatever the order of its columns."""
    return hashlib.blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def to_moment(text: str, word: str) -> datetime:
    """A time in ISO 8601, UTC where it has no offset. RowRefused."""
    try:
        return parse_utc(text)
    except ValueError:
        raise RowRejected(f"{word}: {text} is no time in ISO 8601") from None


def batches(rows: Iterable[T]) -> Iterator[list[T]]:
    """Rows, a thousand at a time."""
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
