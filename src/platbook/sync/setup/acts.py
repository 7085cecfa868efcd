"""Noting what a person did to a provider in the audit log."""

from datetime import datetime

from platbook.audit import Subject, write_entry
from platbook.base.actor import Actor
from platbook.db import WriteConnection


async def note_act(
    connection: WriteConnection, actor: Actor, act: str, provider_id: str, at: datetime, **details: object
) -> None:
    """Note an act on a provider in its transaction."""
    await write_entry(connection, actor, act, Subject("provider", provider_id), at, details)
