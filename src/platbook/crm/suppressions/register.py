"""The suppression list as people keep it: read, added to, ended with a reason, exported and imported. All audited."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import Conflict, InvalidInput, NotFound
from platbook.base.rights import Right, require
from platbook.crm.contacts import EMAIL, PHONE, to_email, to_phone
from platbook.crm.suppressions.rows import (
    NewSuppression,
    end_row,
    get_row,
    get_standing,
    insert_suppressions,
    lock_row,
)
from platbook.crm.suppressions.suppression import (
    COLUMNS,
    SuppressedChannel,
    Suppression,
    hash_address,
    to_address,
    to_reason,
    to_stream,
)
from platbook.db import Database, ReadConnection, WriteConnection
from platbook.db.compose import SQL, Identifier
from platbook.db.lists import Conditions, Count, ListPage, ListSource, Paging, Sort, find_page, timestamp_key

_EXPORT_PAGE = 100

SOURCE: ListSource[Suppression] = ListSource(
    "suppressions",
    Suppression,
    SQL(", ").join(Identifier(name) for name in COLUMNS),
    MappingProxyType({"createdAt": Sort(timestamp_key("created_at"), lambda row: row.created_at)}),
    lambda row: row.id,
    "createdAt",
)


@dataclass(frozen=True, slots=True)
class SuppressionSearch:
    """Filters; all must match. `ended` None: those that stand and those that ended."""

    channel: tuple[SuppressedChannel, ...] = ()
    stream: str | None = None
    address: str | None = None
    ended: bool | None = None


@dataclass(frozen=True, slots=True)
class SuppressionInput:
    """What somebody adds; `at` None: now."""

    channel: SuppressedChannel
    address: str
    reason: str
    stream: str | None = None
    at: datetime | None = None


async def find_suppressions(
    connection: ReadConnection, actor: Actor, search: SuppressionSearch, paging: Paging, key: bytes
) -> ListPage[Suppression]:
    """A page of the list, the newest first; an address is also found by its hash. NotAllowed, InvalidInput."""
    require(actor, Right.READ_DELIVERY)
    conditions = Conditions(SQL("suppressions"), [SQL("true")])
    conditions.one_of("channel", search.channel)
    if search.stream is not None:
        conditions.text("stream = %(stream)s", stream=to_stream(search.stream))
    if search.address is not None:
        address = _read_address(search.address)
        sought: dict[str, object] = {"address": address, "hash": hash_address(key, address)}
        conditions.text("(address = %(address)s OR address_hash = %(hash)s)", **sought)
    if search.ended is not None:
        conditions.add(SQL("ended_at IS NOT NULL") if search.ended else SQL("ended_at IS NULL"))
    return await find_page(connection, SOURCE, conditions, paging)


async def get_suppression(connection: ReadConnection, actor: Actor, suppression_id: UUID) -> Suppression:
    """One suppression. NotAllowed, NotFound."""
    require(actor, Right.READ_DELIVERY)
    return _found(await get_row(connection, suppression_id))


async def add_suppression(
    connection: WriteConnection, actor: Actor, new: SuppressionInput, at: datetime, *, source: str = "admin"
) -> tuple[Suppression, bool]:
    """Add an address: the suppression, and whether it is new, or stood already. NotAllowed, InvalidInput."""
    require(actor, Right.MANAGE_DELIVERY)
    row = _to_row(new, source, at)
    is_new = await insert_suppressions(connection, [row], actor.name, at) > 0
    standing = _found(await get_standing(connection, row.channel, row.address, row.stream))
    if is_new:
        details: dict[str, object] = {"channel": row.channel, "stream": row.stream}
        subject = AuditSubject("suppression", str(standing.id))
        await audit.record(connection, actor, "suppression added", subject, at, details)
    return standing, is_new


async def end_suppression(
    connection: WriteConnection, actor: Actor, suppression_id: UUID, reason: str, at: datetime
) -> Suppression:
    """End a suppression, for a reason. What the person's leads say of consent stays. NotAllowed, NotFound, Conflict."""
    require(actor, Right.MANAGE_DELIVERY)
    ended_reason = to_reason(reason)
    row = _found(await lock_row(connection, suppression_id))
    if row.ended_at is not None:
        raise Conflict("this suppression has ended already")
    await end_row(connection, suppression_id, actor.name, ended_reason, at)
    details: dict[str, object] = {"channel": row.channel, "stream": row.stream, "reason": ended_reason}
    await audit.record(
        connection, actor, "suppression ended", AuditSubject("suppression", str(suppression_id)), at, details
    )
    return _found(await get_row(connection, suppression_id))


async def import_suppressions(
    connection: WriteConnection, actor: Actor, added: Sequence[SuppressionInput], at: datetime, *, source: str
) -> int:
    """Add a list of addresses; how many are new. NotAllowed, InvalidInput."""
    require(actor, Right.MANAGE_DELIVERY)
    count = await insert_suppressions(connection, [_to_row(one, source, at) for one in added], actor.name, at)
    details: dict[str, object] = {"added": count, "known": len(added) - count}
    await audit.record(connection, actor, "suppressions imported", AuditSubject("suppressions", source), at, details)
    return count


async def export_suppressions(database: Database, actor: Actor, at: datetime) -> AsyncGenerator[list[Suppression]]:
    """Every suppression that stands, the oldest first, a page at a time. NotAllowed."""
    require(actor, Right.READ_DELIVERY)
    async with database.transaction() as connection:
        await audit.record(connection, actor, "suppressions exported", AuditSubject("suppressions", "all"), at)
    cursor = None
    while True:
        paging = Paging("createdAt", descending=False, limit=_EXPORT_PAGE, cursor=cursor, count=Count.NONE)
        async with database.read() as connection:
            conditions = Conditions(SQL("suppressions"), [SQL("ended_at IS NULL")])
            page = await find_page(connection, SOURCE, conditions, paging)
        yield page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def _to_row(new: SuppressionInput, source: str, at: datetime) -> NewSuppression:
    address, reason = to_address(new.channel, new.address), to_reason(new.reason)
    return NewSuppression(new.channel.value, address, reason, source, new.at or at, to_stream(new.stream))


def _read_address(text: str) -> str:
    kind = EMAIL if "@" in text else PHONE
    try:
        return to_email(text) if kind == EMAIL else to_phone(text)
    except ValueError as error:
        raise InvalidInput.of("address", str(error)) from None


def _found(row: Suppression | None) -> Suppression:
    if row is None:
        raise NotFound("no suppression has this id", code="SUPPRESSION_NOT_FOUND")
    return row
