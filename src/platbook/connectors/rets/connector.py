"""RETS as the contract asks: walks by Offset in key order, keys by a keys-only search, one session per login.

Asking for an Offset, even the first, asks for key order (RETS 1.7.2, section 7.4). A page that repeats a row of this
walk means that the source ignores Offset: the walk stops. A walk is complete when the last page has no MAXROWS and as
many rows came as COUNT promised.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from platbook.connectors.contract import (
    Capabilities,
    Clock,
    Cursor,
    HttpClient,
    KeyPage,
    MediaRef,
    Page,
    ProviderMisconfigured,
    RawRecord,
    Resource,
    Scope,
    SourceBrokeProtocol,
)
from platbook.connectors.rets.conversation import Conversation
from platbook.connectors.rets.searching import Asked, Found, Searcher
from platbook.connectors.rets.settings import RetsCredentials, RetsSettings
from platbook.protocols.rets.query import EVERYTHING_SINCE, all_of, equals, later, modified_since, step_back
from platbook.protocols.rets.search import BadRow, Row

M = TypeVar("M", bound=BaseModel)


class RetsConnector:
    """The connector named RETS."""

    name = "RETS"
    settings_model: type[BaseModel] = RetsSettings
    credentials_model: type[BaseModel] = RetsCredentials

    def capabilities(self, settings: BaseModel) -> Capabilities:
        """One session per login unless we know better; pages come in key order."""
        del settings
        return Capabilities(incremental=True, key_sweep=True, time_ordered=False, max_concurrency=1)

    def connect(
        self, settings: BaseModel, credentials: BaseModel, *, scope: Scope, http: HttpClient, clock: Clock
    ) -> AbstractAsyncContextManager["RetsSession"]:
        """Log in, lend the session, log out. The scope is the engine's to apply: statuses have local codes here."""
        del scope, clock
        return _open(_expect(RetsSettings, settings), _expect(RetsCredentials, credentials), http)


@asynccontextmanager
async def _open(
    settings: RetsSettings, credentials: RetsCredentials, http: HttpClient
) -> AsyncGenerator["RetsSession"]:
    if not settings.classes:
        raise ProviderMisconfigured(
            "settings.classes is missing: name the classes to fetch, such as RES or Residential"
        )
    conversation = Conversation(http, settings, credentials)
    await conversation.log_in()
    try:
        yield RetsSession(settings, Searcher(conversation, settings.resource, settings.format))
    finally:
        await conversation.log_out()


class _Place(BaseModel):
    """Where a walk stands: the content of a checkpoint."""

    class_index: int = 0
    offset: int = 1
    greatest: str | None = None


@dataclass(slots=True)
class _Walk:
    """A walk under way: its place and the keys it has met."""

    place: _Place
    since: str | None
    seen: set[int]

    def note_keys(self, keys: Sequence[str]) -> None:
        """Keep hashes of the keys (some 60 bytes each); a key met before means that pages repeat."""
        fresh = {hash(key) for key in keys}
        if len(fresh) < len(keys) or not self.seen.isdisjoint(fresh):
            raise SourceBrokeProtocol("repeated paging: the source sends rows of this walk again; it may ignore Offset")
        self.seen |= fresh


class RetsSession:
    """One logged-in session."""

    def __init__(self, settings: RetsSettings, searcher: Searcher) -> None:
        self._settings, self._searcher = settings, searcher

    async def changes(self, resource: Resource, since: Cursor | None, resume: Cursor | None) -> AsyncIterator[Page]:
        """Walk what changed, class after class, page after page."""
        _check_resource(resource)
        place = _Place(greatest=since) if resume is None else _parse_place(resume)
        walk = _Walk(place, since, set())
        classes = self._settings.classes
        while walk.place.class_index < len(classes):
            async for page in self._walk_class(walk, classes[walk.place.class_index]):
                yield page

    async def _walk_class(self, walk: _Walk, class_name: str) -> AsyncIterator[Page]:
        query = self._query(walk.since)
        is_last_class = walk.place.class_index == len(self._settings.classes) - 1
        while True:
            offset = walk.place.offset
            found = await self._searcher.find(Asked(class_name, query, self._settings.page_size, offset))
            page, keys = self._to_page(found, walk)
            walk.note_keys(keys)
            ended = self._has_ended(found, offset)
            walk.place = walk.place.model_copy(
                update={"class_index": walk.place.class_index + 1, "offset": 1}
                if ended
                else {"offset": offset + len(found.rows)}
            )
            yield Page(
                records=page.records,
                problems=page.problems,
                checkpoint=Cursor(walk.place.model_dump_json()),
                watermark=None if walk.place.greatest is None else Cursor(walk.place.greatest),
                total=found.count if len(self._settings.classes) == 1 else None,
                complete=ended and is_last_class,
            )
            if ended:
                return

    def _has_ended(self, found: Found, offset: int) -> bool:
        """Whether a class is through. Fewer rows than counted, and no word of more, is not an end."""
        received = offset - 1 + len(found.rows)
        if found.more:
            return not found.rows  # one request too many, after a last page of just the size of the limit
        if found.count is None or received >= found.count:
            return True
        if len(found.rows) == self._settings.page_size:
            return False  # our own limit, which this source does not mark with MAXROWS
        if not found.rows and offset > 1:
            raise SourceBrokeProtocol(f"the source counts {found.count} records and stops after {received}")
        raise SourceBrokeProtocol(
            f"the result is incomplete: the source counts {found.count} records, sent {received} and marks no more"
        )

    async def keys(self, resource: Resource) -> AsyncIterator[KeyPage]:
        """Read every key: a search for the key column alone, for which a source lifts its limit (section 7.4)."""
        _check_resource(resource)
        total = 0
        for index, class_name in enumerate(self._settings.classes):
            offset = 1
            seen = _Walk(_Place(), None, set())
            while True:
                asked = Asked(class_name, self._query(None), None, offset, self._settings.key_field)
                found = await self._searcher.find(asked)
                keys = self._keys_of(found)
                seen.note_keys(keys)
                offset += len(found.rows)
                if not found.more or not found.rows:
                    break
                yield KeyPage(keys)
            if found.count is not None and found.count != offset - 1:
                raise SourceBrokeProtocol(f"the source counts {found.count} keys of {class_name} and sent {offset - 1}")
            total += offset - 1
            yield KeyPage(keys, complete=index == len(self._settings.classes) - 1, total=total)

    async def record(self, resource: Resource, key: str) -> RawRecord | None:
        """Read one record by its key."""
        _check_resource(resource)
        for class_name in self._settings.classes:
            found = await self._searcher.find(Asked(class_name, equals(self._settings.key_field, key), 2))
            page, _ = self._to_page(found, _Walk(_Place(), None, set()))
            for record in page.records:
                if record.key == key:
                    return record
        return None

    async def count(self, resource: Resource) -> int | None:
        """Count the records of all classes."""
        _check_resource(resource)
        total = 0
        for class_name in self._settings.classes:
            found = await self._searcher.find(Asked(class_name, self._query(None), None, count_only=True))
            if found.count is None:
                return None
            total += found.count
        return total

    async def media(self, listing_keys: Sequence[str]) -> AsyncIterator[tuple[str, MediaRef]]:
        """Photos are not fetched by this connector yet."""
        del listing_keys
        for nothing in ():
            yield nothing

    def _query(self, since: str | None) -> str:
        settings = self._settings
        if since is None:
            start = settings.all_query or modified_since(settings.modified_field, EVERYTHING_SINCE)
        else:
            start = modified_since(
                settings.modified_field, step_back(since, timedelta(seconds=settings.overlap_seconds))
            )
        return all_of([start, settings.query])

    def _to_page(self, found: Found, walk: _Walk) -> tuple[Page, list[str]]:
        records: list[RawRecord] = []
        problems: list[tuple[str | None, str | None, str, str]] = []
        key_field, modified_field = self._settings.key_field, self._settings.modified_field
        if found.rows and key_field not in found.columns:
            raise ProviderMisconfigured(f"settings.keyField: the source sends no column named {key_field}")
        for row in found.rows:
            fields = _to_fields(found.columns, row)
            key = None if fields is None else fields.get(key_field)
            if isinstance(row, BadRow):
                problems.append((None, None, row.reason, row.text))
            elif not key or fields is None:
                problems.append((None, key_field, "the row has no key", "\t".join(row)))
            else:
                modified = fields.get(modified_field)
                walk.place.greatest = later(walk.place.greatest, modified)
                records.append(RawRecord(key, fields, modified=modified))
        return Page(records, problems=problems), [record.key for record in records]

    def _keys_of(self, found: Found) -> list[str]:
        if not found.rows:
            return []
        if self._settings.key_field not in found.columns:
            raise ProviderMisconfigured(f"settings.keyField: the source sends no column {self._settings.key_field}")
        place = list(found.columns).index(self._settings.key_field)
        keys: list[str] = []
        for row in found.rows:
            if isinstance(row, BadRow) or not row[place].strip():
                raise SourceBrokeProtocol("a row of the key search has no key")
            keys.append(row[place])
        return keys


def _to_fields(columns: Sequence[str], row: Row | BadRow) -> dict[str, str | None] | None:
    if isinstance(row, BadRow):
        return None
    return {name: cell or None for name, cell in zip(columns, row, strict=True)}


def _parse_place(cursor: Cursor) -> _Place:
    try:
        return _Place.model_validate_json(cursor)
    except ValidationError:
        raise ProviderMisconfigured("the stored checkpoint is not one of a RETS walk") from None


def _check_resource(resource: Resource) -> None:
    if resource is not Resource.PROPERTY:
        raise ProviderMisconfigured(f"RETS is asked for {resource}, which it does not fetch")


def _expect(model: type[M], given: BaseModel) -> M:
    if not isinstance(given, model):
        raise ProviderMisconfigured(f"RETS cannot work with {type(given).__name__}")
    return given
