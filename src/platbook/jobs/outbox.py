"""The transactional outbox: events for whoever delivers them.

An event is written on the transaction of what happened, so that neither is stored without the other. Whoever delivers
it (by mail, push, webhook) claims its row.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import orjson

from platbook.base.ids import new_id
from platbook.db import SecretBox, WriteConnection, as_json, load_queries

Q = load_queries(__package__ or "platbook.jobs")


async def write_event(
    connection: WriteConnection,
    kind: str,
    payload: Mapping[str, object],
    at: datetime,
    *,
    seal: SecretBox | None = None,
) -> UUID:
    """Write an event (`lead assigned`, `password reset asked`) on the caller's transaction; its id.

    A payload that holds a secret is sealed by the box; `open_payload` reads it.
    """
    event_id = new_id()
    sealed = None if seal is None else seal.seal(orjson.dumps(payload), context=_context(event_id))
    params = {
        "id": event_id,
        "kind": kind,
        "payload": as_json({} if seal else dict(payload)),
        "sealed": sealed,
        "at": at,
    }
    await connection.run(Q.write_event, params)
    return event_id


def open_payload(event_id: UUID, sealed: bytes, box: SecretBox) -> dict[str, object]:
    """The payload of a sealed event; ValueError with another key."""
    return orjson.loads(box.open(sealed, context=_context(event_id)))


def _context(event_id: UUID) -> str:
    return f"outbox:{event_id}"
