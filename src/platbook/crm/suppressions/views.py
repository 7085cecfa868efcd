"""The read model of a suppression."""

from uuid import UUID

from platbook.base.views import UtcDatetime, View
from platbook.crm.suppressions.suppression import Suppression


class SuppressionRead(View):
    """An address that is not contacted by a channel. `stream` null: by no kind of message.

    `addressHash` is there instead of `address` where the person was erased. `endedAt` null: it stands.
    """

    id: UUID
    channel: str
    stream: str | None
    address: str | None
    address_hash: str | None
    reason: str
    source: str
    at: UtcDatetime
    created_at: UtcDatetime
    created_by: str
    ended_at: UtcDatetime | None
    ended_by: str | None
    ended_reason: str | None

    @classmethod
    def from_row(cls, row: Suppression) -> "SuppressionRead":
        """The view of a row."""
        return cls(
            id=row.id,
            channel=row.channel,
            stream=row.stream,
            address=row.address,
            address_hash=None if row.address_hash is None else row.address_hash.hex(),
            reason=row.reason,
            source=row.source,
            at=row.at,
            created_at=row.created_at,
            created_by=row.created_by,
            ended_at=row.ended_at,
            ended_by=row.ended_by,
            ended_reason=row.ended_reason,
        )
