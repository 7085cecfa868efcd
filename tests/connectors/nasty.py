"""A connector that keeps the contract, or breaks it in exactly one way to order."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import BaseModel

from platbook.base.clock import Clock
from platbook.connectors.contract import (
    ByKey,
    Cursor,
    HttpClient,
    KeyPage,
    MediaRef,
    MediaSource,
    Page,
    RawRecord,
    Resource,
    ResourceProfile,
    Scope,
    Session,
    SourceProfile,
    SourceUnavailable,
)

PAGE = 4


class NoWords(BaseModel):
    """Neither settings nor credentials."""


def make_record(number: int, modified: int, price: object = 100) -> RawRecord:
    key = f"K{number:03d}"
    photos = [MediaRef(f"{key}-{order}", order, f"https://photos.example.com/{key}/{order}") for order in (1, 2)]
    return RawRecord(key, {"ListingKey": key, "ListPrice": price}, modified=f"{modified:04d}", media=photos)


@dataclass
class NastyConnector:
    """Fourteen records in time order; `habit` names the one thing it does wrong, empty for none."""

    habit: str = ""
    broken: bool = False
    by_key: ByKey = ByKey.MANY
    repeats_keys: bool = False
    records: list[RawRecord] = field(default_factory=lambda: [make_record(at, 10 + at // 2) for at in range(14)])
    name: str = "NASTY"
    settings_model: type[BaseModel] = NoWords
    credentials_model: type[BaseModel] = NoWords

    def profile(self, settings: BaseModel) -> SourceProfile:
        del settings
        listings = ResourceProfile(time_ordered=True, media=MediaSource.INLINE, by_key=self.by_key)
        return SourceProfile({Resource.PROPERTY: listings})

    def connect(
        self, settings: BaseModel, credentials: BaseModel, *, scope: Scope, http: HttpClient, clock: Clock
    ) -> AbstractAsyncContextManager[Session]:
        del settings, credentials, scope
        return self._open(http, clock)

    @asynccontextmanager
    async def _open(self, http: HttpClient, clock: Clock) -> AsyncGenerator[Session]:
        if self.habit == "uses its own road":
            async with http.send("GET", "https://mls.example.com/"):
                pass
        yield NastySession(self, clock.now())

    async def change(self) -> None:
        """Let one record change and one come, at the moment of the last watermark and after it."""
        self.records.append(
            replace(self.records.pop(3), fields={"ListingKey": "K003", "ListPrice": 90}, modified="0016")
        )
        self.records.append(make_record(99, 20))


class NastySession:
    def __init__(self, connector: NastyConnector, now: datetime) -> None:
        self.of = connector
        self.habit = connector.habit
        self.now = now

    async def changes(self, resource: Resource, since: Cursor | None, resume: Cursor | None) -> AsyncIterator[Page]:
        del resource
        floor, start, best = self._begin(since, resume)
        wanted = [record for record in self.of.records if (record.modified or "") >= floor]
        if self.habit == "loses equal times" and since:
            wanted = [record for record in wanted if (record.modified or "") > floor]
        if self.habit == "loses one of a resumed walk" and resume:
            start += 1
        if self.habit == "shuffles time":
            wanted.reverse()
        while True:
            records = wanted[start : start + PAGE]
            start += PAGE
            if not (resume and self.habit == "stands still once resumed"):
                best = max([best, *(record.modified or "" for record in records)])
            complete = start >= len(wanted)
            if self.of.broken and start > PAGE:
                if self._fail():
                    return
                complete = self.habit == "cut, but says complete"
            page = Page(records, Cursor(f"{floor}|{start}|{best}"), Cursor(best), len(wanted), complete)
            yield self._spoil(page, start)
            if complete and not (self.habit == "goes on after the end" and start < 40):
                return

    def _begin(self, since: Cursor | None, resume: Cursor | None) -> tuple[str, int, str]:
        if resume is None:
            return since or "", 0, since or ""
        floor, start, best = resume.split("|")
        return floor, int(start), best

    def _fail(self) -> bool:
        """Break in the middle; answer whether to end without a word."""
        if self.habit == "ends when cut":
            return True
        if self.habit == "cut, but says complete":
            return False
        if self.habit == "raises what it likes":
            raise ConnectionResetError("by peer")
        raise SourceUnavailable("the source is gone")

    def _spoil(self, page: Page, start: int) -> Page:
        spoilt = {
            "never says complete": replace(page, complete=False),
            "says complete at once": replace(page, complete=True),
            "has no watermark": replace(page, watermark=None),
            "counts wrong": replace(page, total=99),
            "watermark of its own clock": replace(page, watermark=Cursor(self.now.strftime("%Y"))),
            "repeats a record": replace(page, records=[*page.records, *page.records[:1]]),
            "empty key": replace(page, records=[replace(record, key="") for record in page.records]),
            "dates in fields": self._with_field(page, self.now),
            "not a number": self._with_field(page, float("nan")),
            "changes its mind": self._with_field(page, id(page)),
            "no inline photos": replace(page, records=[replace(record, media=None) for record in page.records]),
            "photos out of order": self._with_photos(page, [2, 1]),
            "photos share a key": self._with_photos(page, [1, 1]),
            "other photos inline": self._with_photos(page, [1]),
        }
        if self.habit == "empty first page, then silence" and start == PAGE:
            return replace(page, records=[])
        return spoilt.get(self.habit, page)

    def _with_field(self, page: Page, value: object) -> Page:
        return replace(
            page, records=[replace(record, fields={**record.fields, "Extra": value}) for record in page.records]
        )

    def _with_photos(self, page: Page, orders: Sequence[int]) -> Page:
        records: list[RawRecord] = []
        for record in page.records:
            refs = [MediaRef(f"{record.key}-{order}", order, "https://photos.example.com/1") for order in orders]
            records.append(replace(record, media=refs))
        return replace(page, records=records)

    async def keys(self, resource: Resource) -> AsyncIterator[KeyPage]:
        del resource
        keys = [record.key for record in self.of.records if record.visible]
        if self.habit == "sweep leaves out":
            keys = keys[:-1]
        if self.habit == "sweep makes up":
            keys = [*keys, "K555"]
        if self.habit == "sweep repeats":
            keys = [*keys, keys[0]]
        total = len(keys) + (1 if self.habit == "sweep's total is wrong" else 0)
        if self.of.repeats_keys:
            keys = [*keys[:-2], *keys[:2]]
        if self.habit.startswith("drops repeated keys"):
            keys = list(dict.fromkeys(keys))
        if self.habit == "drops repeated keys and counts the rest":
            total = len(keys)
        for start in range(0, len(keys), PAGE):
            complete = start + PAGE >= len(keys)
            if self.of.broken and start:
                if self._fail():
                    return
                complete = self.habit == "cut, but says complete"
            counts = not self.habit.endswith("without a count")
            ended = complete and self.habit != "sweep never ends"
            yield KeyPage(keys[start : start + PAGE], ended, total if counts else None)

    async def record(self, resource: Resource, key: str) -> RawRecord | None:
        del resource
        known = {record.key: record for record in self.of.records if record.visible}
        if self.habit == "single record missing" and key == "K000":
            return None
        if self.habit == "single record invented" and key not in known:
            return make_record(0, 1)
        if self.habit == "single record differs" and key in known:
            return replace(known[key], fields={"ListingKey": key})
        if self.habit == "single record of another":
            return known.get("K001") if key in known else None
        return known.get(key)

    async def records(self, resource: Resource, keys: Sequence[str]) -> AsyncIterator[RawRecord]:
        del resource
        known = {record.key: record for record in self.of.records if record.visible}
        keys = keys[:10] if self.habit == "list of keys cut off" else keys
        for key in ["K003", *keys] if self.habit == "list of keys and one more" else keys:
            if key in known:
                content = {"ListingKey": key} if self.habit == "list of keys, other data" else known[key].fields
                yield replace(known[key], fields=content)
            elif self.habit == "list of keys, invented":
                yield make_record(77, 1)
        if self.habit == "list of none is a list of all" and not keys:
            yield known["K000"]

    async def count(self, resource: Resource) -> int | None:
        del resource
        return sum(record.visible for record in self.of.records) - (1 if self.habit == "count is wrong" else 0)

    async def media(self, listing_keys: Sequence[str]) -> AsyncIterator[tuple[str, MediaRef]]:
        for record in self.of.records:
            if record.key in listing_keys or self.habit == "photos of others":
                for ref in record.media or ():
                    yield record.key, replace(ref, content=b"" if self.habit == "photos without content" else b"jpeg")
