"""Keys of requests and their answers: claimed once whatever the number of servers, and kept encrypted for a day.

A request claims its key, each of its transactions writes down that it was committed under that claim, and its answer is
stored. So a request that died is done again only if it left nothing, and one that was thought dead commits no more.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from platbook.base.clock import Clock
from platbook.base.errors import Conflict, KeyReused, RequestUnderWay
from platbook.base.ids import new_id
from platbook.db import Database, SecretBox, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.application.idempotency")

_KEPT_FOR = timedelta(days=1)
_ALIVE_FOR = timedelta(minutes=1)
"""A request that is under way longer is taken for dead; if it is not, its transactions fail."""
_RETRY_SECONDS = 2
_ATTEMPTS = 3
_FIRST_ERROR, _FIRST_SERVER_ERROR = 400, 500
_DECIDED = frozenset({404, 409, 410})
"""Errors that are a request's outcome. After any other it was not carried out, and may be corrected and sent again."""

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Claim:
    """A caller's key, held by one request."""

    caller_id: UUID
    key: str
    claim_id: UUID

    @property
    def params(self) -> dict[str, object]:
        """As parameters of statements."""
        return {"caller_id": self.caller_id, "key": self.key, "claim_id": self.claim_id}


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class _StoredKey:
    fingerprint: bytes
    claimed_at: datetime
    state: str
    status: int | None
    answer: bytes | None


class IdempotentAnswers:
    """The keys of all callers."""

    def __init__(self, database: Database, box: SecretBox, clock: Clock) -> None:
        self._database, self._box, self._clock = database, box, clock
        self._fingerprint_key = box.derive("idempotency-fingerprints")

    def fingerprint(self, *parts: bytes) -> bytes:
        """What tells a request from another: a keyed hash, since a plain one of a password could be guessed."""
        digest = hmac.new(self._fingerprint_key, digestmod=hashlib.sha256)
        for part in parts:
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.digest()

    async def claim(self, caller_id: UUID, key: str, fingerprint: bytes) -> Claim | Answer:
        """Claim a key, or return the answer of the same request. KeyReused; RequestUnderWay; Conflict: it is lost."""
        for _ in range(_ATTEMPTS):
            now, claim = self._clock.now(), Claim(caller_id, key, new_id())
            since = {"at": now, "kept_since": now - _KEPT_FOR, "alive_since": now - _ALIVE_FOR}
            async with self._database.transaction() as connection:
                if await connection.run(Q.claim_key, {**claim.params, **since, "fingerprint": fingerprint}):
                    return claim
                stored = await connection.first(_StoredKey, Q.get_key, claim.params)
            if stored is not None:  # else it was released in between
                return self._read(claim, stored, fingerprint, now)
        raise _under_way()

    def _read(self, claim: Claim, stored: _StoredKey, fingerprint: bytes, now: datetime) -> Answer:
        if not hmac.compare_digest(stored.fingerprint, fingerprint):
            raise KeyReused("Idempotency-Key: was sent with another request; use a new key for each request")
        if stored.status is not None and stored.answer is not None:
            headers, _, body = self._box.open(stored.answer, context=_context(claim)).partition(b"\n")
            pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in orjson.loads(headers)]
            return Answer(stored.status, pairs, body)
        if stored.state == "lost" or (stored.state == "committed" and stored.claimed_at < now - _ALIVE_FOR):
            raise Conflict(
                "Idempotency-Key: this request was carried out and its answer was lost; look for what it made before "
                "you send it with a new key",
                code="IDEMPOTENCY_ANSWER_LOST",
            )
        raise _under_way()

    async def mark_committed(self, connection: WriteConnection, claim: Claim) -> None:
        """In a transaction of the request. RequestUnderWay: another has the key now, and this one must not commit."""
        if not await connection.run(Q.mark_committed, claim.params):
            raise _under_way()

    async def finish(self, claim: Claim, answer: Answer) -> None:
        """Store the answer; the key of a request that failed and committed nothing is free again."""
        is_outcome = answer.status < _FIRST_ERROR or answer.status in _DECIDED
        async with self._database.transaction() as connection:
            if not is_outcome and await connection.run(Q.release_key, claim.params):
                return
            if answer.status >= _FIRST_SERVER_ERROR:
                await connection.run(Q.mark_lost, claim.params)
                return
            headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in answer.headers]
            sealed = self._box.seal(orjson.dumps(headers) + b"\n" + answer.body, context=_context(claim))
            await connection.run(Q.store_answer, {**claim.params, "status": answer.status, "answer": sealed})


async def delete_old_keys(database: Database, now: datetime) -> None:
    """Delete keys whose day is over, with their answers."""
    async with database.transaction() as connection:
        await connection.run(Q.delete_old_keys, {"kept_since": now - _KEPT_FOR})


def _under_way() -> RequestUnderWay:
    message = "Idempotency-Key: a request with this key is under way; try again in a moment"
    return RequestUnderWay(message, code="IDEMPOTENCY_KEY_IN_USE", retry_after=_RETRY_SECONDS)


def _context(claim: Claim) -> str:
    return f"idempotency:{claim.caller_id}:{claim.key}"
