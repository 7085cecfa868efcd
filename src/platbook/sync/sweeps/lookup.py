"""Reading records again by their keys, in lists where the source can, and one at a time where it cannot."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from platbook.base.errors import SourceBrokeProtocol
from platbook.connectors.contract import ByKey, RawRecord, Session
from platbook.sync.run_context import RunContext

KEYS_AT_ONCE = 100
"""How many keys one request of `records` names."""

MOST_REQUESTS = 500
"""How many requests by key a sweep makes for records it would remove, and as many for those it misses.

At the usual two requests a second, this takes some four minutes.
"""

MOST_KEYS: Mapping[ByKey, int] = MappingProxyType(
    {ByKey.MANY: MOST_REQUESTS * KEYS_AT_ONCE, ByKey.ONE: MOST_REQUESTS, ByKey.NONE: 0}
)
"""How many keys these requests name."""

_MOST_BROKEN = 20
"""After so many broken replies the rest is not requested: each was requested several times already."""


@dataclass(slots=True)
class LookedUp:
    """The records that exist, also those that the source marks as deleted; keys without a record, and keys unread."""

    existing: list[RawRecord] = field(default_factory=list[RawRecord])
    absent: list[str] = field(default_factory=list[str])
    unread: list[str] = field(default_factory=list[str])


class RecordLookup:
    """Reads records by their keys for one sweep, or after a walk. What is broken is left unread; other errors end it.

    `stage` is what the run reports meanwhile.
    """

    def __init__(self, context: RunContext, session: Session, stage: str = "sweep") -> None:
        self._context, self._session, self._stage = context, session, stage
        self._resource = context.lease.resource
        self._broken = 0

    @property
    def gave_up(self) -> bool:
        """Whether so many replies were broken that records were left unread without being asked for."""
        return self._broken >= _MOST_BROKEN

    async def read(self, keys: Sequence[str]) -> AsyncGenerator[LookedUp]:
        """Read records batch by batch."""
        for start in range(0, len(keys), KEYS_AT_ONCE):
            batch = keys[start : start + KEYS_AT_ONCE]
            yield await self._read_batch(batch)
            await self._context.report(self._stage, done=start + len(batch), total=len(keys))

    async def _read_batch(self, keys: Sequence[str]) -> LookedUp:
        match self._context.profile.by_key:
            case ByKey.NONE:
                return LookedUp(unread=list(keys))
            case ByKey.MANY:
                return await self._read_in_list(keys) or await self._read_one_by_one(keys)
            case ByKey.ONE:
                return await self._read_one_by_one(keys)

    async def _read_in_list(self, keys: Sequence[str]) -> LookedUp | None:
        """Read a list of keys; None: its reply is broken, perhaps by one of its records."""
        if self.gave_up:
            return LookedUp(unread=list(keys))
        try:
            found = {record.key: record async for record in self._session.records(self._resource, keys)}
        except SourceBrokeProtocol:
            self._broken += 1
            return None
        existing = [found[key] for key in keys if key in found]
        return LookedUp(existing, [key for key in keys if key not in found])

    async def _read_one_by_one(self, keys: Sequence[str]) -> LookedUp:
        looked_up = LookedUp()
        for at, key in enumerate(keys):
            if self.gave_up:
                looked_up.unread += keys[at:]
                break
            try:
                record = await self._session.record(self._resource, key)
            except SourceBrokeProtocol:
                self._broken += 1
                looked_up.unread.append(key)
                continue
            if record is None:
                looked_up.absent.append(key)
            else:
                looked_up.existing.append(record)
        return looked_up
