"""Noting what a person did about photos in the audit log."""

from datetime import datetime

from platbook.audit import Subject, write_entry
from platbook.base.actor import Actor
from platbook.db import WriteConnection


async def note_act(
    connection: WriteConnection, actor: Actor, act: str, provider_id: str | None, at: datetime, **details: object
) -> None:
    """Note an act on the photos of a provider, or of all."""
    await write_entry(connection, actor, act, Subject("photos", provider_id or "all"), at, details)
