"""What all parts of an import share: who imports from which system, the users rows may name, and change detection."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Literal, TypeVar, cast
from uuid import UUID

import orjson

from platbook.base.actor import Actor
from platbook.base.errors import SkipThis
from platbook.base.times import parse_utc
from platbook.crm.stages.stage import Stage, default_kind, match_stage
from platbook.crm.transfer.consent_columns import FileConsent
from platbook.crm.transfer.mapping import ColumnMapping, MappedRow
from platbook.db import ReadConnection, load_queries

E = TypeVar("E", bound=StrEnum)

Q = load_queries(__package__ or "platbook.crm.transfer")


class RowRejected(SkipThis):
    """A row that cannot be imported; the message is the reason."""


@dataclass(frozen=True, slots=True)
class ImportUser:
    """A user whom a row may name as owner or author."""

    id: UUID
    email: str
    office: str | None
    team: str | None
    is_active: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class ImportContext:
    """One import: `system` names where the ids are from; `announce`: apply rules and write events.

    `users` are by e-mail address, and by name where one user has it, in lower case; `file_consent`: what everybody
    of the file said.
    """

    actor: Actor
    at: datetime
    system: str
    users: Mapping[str, ImportUser]
    announce: bool = False
    active_users: frozenset[UUID] = frozenset()
    file_consent: FileConsent | None = None
    stages: Sequence[Stage] = ()

    def find_user(self, row: MappedRow, field: Literal["owner", "author"]) -> ImportUser | None:
        """The user whom a row names, if it does; a disabled one owns nothing new. RowRejected for an unknown one."""
        text = row.get(field, "")
        user = self.users.get(" ".join(text.lower().split()))
        if text and user is None:
            raise RowRejected(f"{field}: there is no user {text}")
        return None if user is not None and field == "owner" and not user.is_active else user

    def find_active(self, user_id: UUID | None) -> UUID | None:
        """A user who can log in, by id; else None."""
        return user_id if user_id in self.active_users else None

    def find_stage(self, text: str) -> Stage:
        """The stage that a row names, by key or name in any case. RowRejected for an unknown or retired one."""
        stage = match_stage(self.stages, text)
        if stage is None or stage.retired_at is not None:
            usable = ", ".join(one.key for one in self.stages if one.retired_at is None)
            raise RowRejected(f"status: {text} is not one of {usable}; translate it in the mapping's values")
        return stage

    def kind_of_stage(self, key: str) -> str:
        """The kind of a stage by its key."""
        return next((one.kind for one in self.stages if one.key == key), default_kind(key))


@dataclass(frozen=True, slots=True)
class ImportSource:
    """One file: what its columns mean, and the external ids that its rows had so far."""

    mapping: ColumnMapping
    keys: set[str] = field(default_factory=set[str])


async def find_import_users(connection: ReadConnection) -> dict[str, ImportUser]:
    """Every user by e-mail address, and by name where only one has it, in lower case."""
    users = await connection.all(ImportUser, Q.find_users)
    names = [one.name.lower() for one in users]
    by_name = {name: one for name, one in zip(names, users, strict=True) if names.count(name) == 1}
    return {**by_name, **{one.email: one for one in users}}


def to_hash(row: MappedRow) -> bytes:
    """The hash of a row for change detection, whatever the order of its columns. Stored: its input must not change."""
    return hashlib.blake2b(orjson.dumps(row, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def to_key(row: MappedRow) -> str:
    """The external id of a row, or one made of its content."""
    return row.get("externalId", "") or f"row:{to_hash(row).hex()}"


def to_time(text: str, field: str) -> datetime:
    """A time in ISO 8601, in UTC where it has no offset. RowRejected."""
    try:
        return parse_utc(text)
    except ValueError:
        raise RowRejected(f"{field}: {text} is not a date or time in ISO 8601") from None


def to_member(kind: type[E], text: str, field: str) -> E:
    """The enum member that a text names, in any case. RowRejected."""
    member = _members(kind).get(text.lower())
    if member is None:
        raise RowRejected(f"{field}: {text} is not one of {', '.join(kind)}; translate it in the mapping's values")
    return cast("E", member)


@cache
def _members(kind: type[StrEnum]) -> Mapping[str, StrEnum]:
    return {str(one).lower(): one for one in kind}
