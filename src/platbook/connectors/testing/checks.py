"""The checks of the conformance suite: each holds a connector to one part of the contract.

Every breach raises ConformanceError with a message that names what was promised and what happened instead.
"""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import cast

from platbook.base.errors import NeedsOperator, TryLater
from platbook.connectors.contract import ByKey, Cursor, MediaRef, MediaSource, Page, RawRecord, ResourceProfile
from platbook.connectors.testing.case import Case, ConformanceError

_SAMPLE = 25


async def check_walk(case: Case) -> Sequence[Page]:
    """Check that a full walk ends complete, with unique keys, JSON values and pages that agree with themselves."""
    pages = await walk(case)
    _check_end(pages)
    keys = [record.key for page in pages for record in page.records]
    _check_unique(keys, "a full walk")
    for page in pages:
        for record in page.records:
            _check_record(record)
    _check_totals(pages, len(keys) + sum(len(page.problems) for page in pages))
    if case.profile().incremental and keys and pages[-1].watermark is None:
        raise ConformanceError("an incremental source gave no watermark by the end of a full walk")
    if case.profile().time_ordered:
        _check_time_order(pages)
    again = [record.key for page in await walk(case) for record in page.records]
    _require(again == keys, "the same source walked twice gave other keys, or the same in another order")
    return pages


async def check_resume(case: Case) -> None:
    """Check that a walk resumed in a new session from any checkpoint gives exactly the rest, or more of the same."""
    pages = await walk(case)
    for at, page in enumerate(pages):
        if page.checkpoint is None:
            continue
        rest = await walk(case, resume=page.checkpoint)
        _check_end(rest)
        missing = _to_records(pages[at + 1 :]).keys() - _to_records(rest).keys()
        _require(not missing, f"resumed after page {at + 1}, the walk leaves out {_name(missing)}")
        strange = _to_records(rest).keys() - _to_records(pages).keys()
        _require(
            not strange, f"resumed after page {at + 1}, the walk gives {_name(strange)}, which was not in it before"
        )
        if page.complete:
            continue
        _require(
            not pages[-1].watermark or rest[-1].watermark == pages[-1].watermark,
            f"resumed after page {at + 1}, the walk ends with watermark {rest[-1].watermark!r}, "
            f"not {pages[-1].watermark!r} as the uninterrupted walk",
        )


async def check_incremental(case: Case) -> None:
    """Check that a walk from the last watermark gives all that changed since, and ends with a watermark of its own.

    Without `Case.change` the source stands still: the walk must then give nothing that a full walk does not hold.
    """
    before_pages = await walk(case)
    watermark = before_pages[-1].watermark if before_pages else None
    if watermark is None:
        raise ConformanceError("a full walk ended without a watermark, so nothing can be walked from it")
    if case.change is not None:
        await case.change()
    before, after = _to_records(before_pages), _to_records(await walk(case))
    pages = await walk(case, since=watermark)
    _check_end(pages)
    walked = _to_records(pages)
    _check_unique([record.key for page in pages for record in page.records], "an incremental walk")
    changed = {key for key, record in after.items() if key not in before or _differs(case, before[key], record)}
    lost = changed - walked.keys()
    _require(not lost, f"an incremental walk leaves out {_name(lost)}, which changed since its watermark")
    strange = {
        key
        for key, record in walked.items()
        if (_differs(case, after[key], record) if key in after else record.visible)  # a deletion may be sent here alone
    }
    _require(not strange, f"an incremental walk gives other data of {_name(strange)} than a full walk")
    if case.profile().time_ordered:
        await _check_page_watermarks(case, before_pages, before.keys() & after.keys())
    _require(
        pages[-1].watermark is not None, "an incremental walk ended without a watermark: the next one would be full"
    )


async def _check_page_watermarks(case: Case, pages: Sequence[Page], still_there: set[str]) -> None:
    """Check that an incremental walk from a page's watermark gives all that pages after it held."""
    for at, page in enumerate(pages[:-1], 1):
        if page.watermark is not None:
            later = _to_records(pages[at:]).keys() & still_there
            lost = later - _to_records(await walk(case, since=page.watermark)).keys()
            _require(not lost, f"walked from the watermark of page {at}, {_name(lost)} of later pages would be lost")


async def check_key_sweep(case: Case) -> None:
    """Check that keys() gives the keys of a full walk, ends with its proof, and agrees with count().

    Of a record that the source calls deleted, keys() may give the key or not.
    """
    walked = _to_records(await walk(case))
    async with case.session() as session:
        pages = [page async for page in session.keys(case.resource)]
        count = await session.count(case.resource)
    _require(bool(pages), "keys() gave no page: an empty source ends with one empty, complete page")
    _check_flags([page.complete for page in pages], "keys()")
    keys = [key for page in pages for key in page.keys]
    _check_unique(keys, "keys()")
    missing, strange = _find_visible(walked) - set(keys), set(keys) - walked.keys()
    _require(not missing, f"keys() leaves out {_name(missing)}: the engine would mark them removed")
    _require(not strange, f"keys() gives {_name(strange)}, which a full walk does not")
    total = pages[-1].total
    _require(total in {None, len(keys)}, f"keys() gave {len(keys)} keys, but its last page says {total}")
    _require(count in {None, len(keys)}, f"count() says {count}, but keys() gave {len(keys)}")


async def check_single_records(case: Case) -> None:
    """Check that record(key) returns what the walk returned, and None for a key that does not exist.

    Records that the source calls deleted are left out.
    """
    walked = _to_records(await walk(case))
    async with case.session() as session:
        for key in _pick(sorted(_find_visible(walked))):
            record = await session.record(case.resource, key)
            if record is None:
                raise ConformanceError(f"record({key!r}) is None, but the walk holds it")
            _require(record.key == key, f"record({key!r}) answers with the record of {record.key!r}")
            _require(not _differs(case, walked[key], record), f"record({key!r}) differs from the walk's")
        unknown = "no-such-key-0"
        _require(
            await session.record(case.resource, unknown) is None, "record() of a key that does not exist is not None"
        )


async def check_records(case: Case) -> None:
    """Check that records(keys) gives what the walk gave of exactly those keys, and that unknown keys are absent.

    Records that the source calls deleted are left out.
    """
    walked = _to_records(await walk(case))
    keys = _pick(sorted(_find_visible(walked)))
    unknown = [f"no-such-key-{number}" for number in range(3)]
    async with case.session() as session:
        found = [record async for record in session.records(case.resource, [*unknown[1:], *keys, unknown[0]])]
        strange = [record async for record in session.records(case.resource, unknown)]
        nothing = [record async for record in session.records(case.resource, [])]
    _check_unique([record.key for record in found], "records()")
    missing, others = set(keys) - {one.key for one in found}, {one.key for one in found} - set(keys)
    _require(not missing, f"records() leaves out {_name(missing)}: the engine would remove them")
    _require(not others, f"records() gives {_name(others)}, which do not exist or were not asked for")
    _require(not strange and not nothing, "records() of keys that do not exist, or of none, is not empty")
    for record in found:
        _require(not _differs(case, walked[record.key], record), f"records() gives {record.key!r} other than the walk")


async def check_media(case: Case) -> None:
    """Check that photos are in order, with keys unique in their listing, inline and from media() alike."""
    walked = _to_records(await walk(case))
    keys = _pick(sorted(walked))[:3]
    fetched: dict[str, list[MediaRef]] = {}
    async with case.session() as session:
        async for key, ref in session.media(keys):
            _require(key in keys, f"media() gives a photo of {key!r}, which was not asked for")
            _require(bool(ref.content), f"media() gives photo {ref.media_key!r} of {key!r} without content")
            fetched.setdefault(key, []).append(ref)
    for key, refs in fetched.items():
        _check_photos(key, refs)
    if case.profile().media is not MediaSource.INLINE:
        return
    for key, record in walked.items():
        if record.media is None:
            raise ConformanceError(f"photos are inline, but {key!r} has None for them, not even an empty list")
        _check_photos(key, record.media)
        if key in keys:
            inline, separate = [ref.media_key for ref in record.media], [ref.media_key for ref in fetched.get(key, [])]
            _require(inline == separate, f"{key!r} has photos {inline} inline, but media() gives {separate}")


async def check_broken_walk(case: Case) -> None:
    """Check a source that is broken somewhere in the walk: an error of the contract, and never a complete page."""
    async with _broken("the walk"), case.session() as session:
        async for page in session.changes(case.resource, None, None):
            _require(not page.complete, "a walk of a broken source says that it is complete")


async def check_broken_keys(case: Case) -> None:
    """Check a source that is broken somewhere in the key sweep: an error of the contract, and never a complete page."""
    async with _broken("keys()"), case.session() as session:
        async for page in session.keys(case.resource):
            _require(
                not page.complete,
                "keys() of a broken source says that it is complete: the engine would remove the rest",
            )


async def check_repeated_keys(case: Case) -> None:
    """Check a source whose key list names some keys twice in place of others: it must not pass as complete.

    The connector raises an error of the contract, or hands the source's count, or else the repeated keys, on.
    """
    try:
        async with case.session() as session:
            pages = [page async for page in session.keys(case.resource)]
    except (TryLater, NeedsOperator):
        return
    keys = [key for page in pages for key in page.keys]
    totals = [page.total for page in pages if page.total is not None]
    expected = totals[-1] if totals else len(keys)
    proven = bool(pages) and pages[-1].complete and len(set(keys)) == expected
    _require(
        not proven,
        f"keys() of a source that repeats keys gave {len(set(keys))} distinct ones as if they were all: "
        "the engine would remove those that were skipped",
    )


async def walk(case: Case, *, since: Cursor | None = None, resume: Cursor | None = None) -> list[Page]:
    """Walk in a session of its own and collect the pages."""
    async with case.session() as session:
        return [page async for page in session.changes(case.resource, since, resume)]


@asynccontextmanager
async def _broken(what: str) -> AsyncGenerator[None]:
    """Expect an error that tells the engine how to handle it."""
    try:
        yield
    except (TryLater, NeedsOperator):
        return
    except ConformanceError:
        raise
    except Exception as error:
        message = f"{what} of a broken source raised {type(error).__name__}, which is not an error of the contract"
        raise ConformanceError(message) from error
    raise ConformanceError(f"{what} of a broken source ended without an error, as if nothing more were there")


def _require(holds: bool, message: str) -> None:  # noqa: FBT001 - reads as an assertion, which this is
    if not holds:
        raise ConformanceError(message)


def _find_visible(records: Mapping[str, RawRecord]) -> set[str]:
    return {key for key, record in records.items() if record.visible}


def _check_end(pages: Sequence[Page]) -> None:
    _require(bool(pages), "a walk gave no page: an empty source ends with one empty, complete page")
    _check_flags([page.complete for page in pages], "a walk")


def _check_flags(flags: Sequence[bool], what: str) -> None:
    """Check that the last page, and only the last, is marked as the last."""
    _require(flags[-1], f"{what} ended without a page marked as the last, so it may be truncated")
    _require(not any(flags[:-1]), f"{what} continued after a page marked as the last")


def _check_unique(keys: Sequence[str], what: str) -> None:
    seen: set[str] = set()
    for key in keys:
        _require(bool(key), f"{what} gave an empty key")
        _require(key not in seen, f"{what} gave {key!r} twice")
        seen.add(key)


def _check_totals(pages: Sequence[Page], walked: int) -> None:
    for page in pages:
        _require(page.total in {None, walked}, f"a page reports a total of {page.total}, but the walk gave {walked}")


def _check_time_order(pages: Sequence[Page]) -> None:
    """Check that every page has its watermark, which the engine saves page by page, and that time does not go back."""
    for at, page in enumerate(pages, 1):
        _require(
            page.watermark is not None or not page.records,
            f"the profile declares time order, but page {at} has no watermark",
        )
    times = [(record.modified, record.key) for page in pages for record in page.records if record.modified]
    for (before, _), (after, key) in pairwise(times):
        same_form = len(before) == len(after)
        _require(not same_form or before <= after, f"walked in time order, {key!r} ({after}) comes after {before}")


def _check_record(record: RawRecord) -> None:
    _check_json(record.fields, f"record {record.key!r}")


def _check_json(value: object, where: str) -> None:
    """Check that a value is one of JSON: text, number, boolean, None, or a list or an object of such."""
    if value is None or isinstance(value, bool | int | str):
        return
    if isinstance(value, float):
        _require(isfinite(value), f"{where} holds {value}, which JSON cannot represent")
        return
    if isinstance(value, Mapping):
        for name, inner in cast("Mapping[object, object]", value).items():
            _require(isinstance(name, str), f"{where} has the field name {name!r}, which is not text")
            _check_json(inner, f"{where}, field {name}")
        return
    if isinstance(value, list | tuple):
        for inner in cast("Sequence[object]", value):
            _check_json(inner, where)
        return
    raise ConformanceError(f"{where} holds a {type(value).__name__}, which is not a JSON value")


def _check_photos(key: str, refs: Sequence[MediaRef]) -> None:
    _check_unique([ref.media_key for ref in refs], f"the photos of {key!r}")
    orders = [ref.order for ref in refs]
    _require(orders == sorted(orders), f"the photos of {key!r} come in the order {orders}")


def _to_records(pages: Sequence[Page]) -> dict[str, RawRecord]:
    return {record.key: record for page in pages for record in page.records}


def _differs(case: Case, one: RawRecord, other: RawRecord) -> bool:
    """Compare two versions of a record without the profile's volatile fields."""
    volatile = case.profile().volatile_fields
    return _to_text(one, volatile) != _to_text(other, volatile)


def _to_text(record: RawRecord, volatile: frozenset[str]) -> str:
    stable = {name: value for name, value in record.fields.items() if name not in volatile}
    return json.dumps([record.visible, stable], sort_keys=True, default=str)


def _pick(keys: Sequence[str]) -> list[str]:
    """Take some keys, spread over all."""
    step = max(1, len(keys) // _SAMPLE)
    return list(keys[::step][:_SAMPLE])


def _name(keys: set[str]) -> str:
    """Name a few keys."""
    few = ", ".join(repr(key) for key in sorted(keys)[:3])
    return few if len(keys) <= 3 else f"{few} and {len(keys) - 3} more"  # noqa: PLR2004 - as many as were named


@dataclass(frozen=True, slots=True)
class Check:
    """One check by its name; `applies`: whether it applies to a source with such a profile."""

    name: str
    run: Callable[[Case], Awaitable[object]]
    applies: Callable[[ResourceProfile], bool] = lambda _: True


CHECKS = (
    Check("walk", check_walk),
    Check("resume", check_resume),
    Check("single_records", check_single_records, lambda profile: profile.by_key is not ByKey.NONE),
    Check("records", check_records, lambda profile: profile.by_key is ByKey.MANY),
    Check("key_sweep", check_key_sweep, lambda profile: profile.key_sweep),
    Check("media", check_media, lambda profile: profile.media is not MediaSource.NONE),
    Check("incremental", check_incremental, lambda profile: profile.incremental),
)
"""The checks of a source in order."""

BROKEN_CHECKS = (
    Check("broken_walk", check_broken_walk),
    Check("broken_keys", check_broken_keys, lambda profile: profile.key_sweep),
)
"""The checks of a source that breaks in the middle of every walk and every key sweep."""

REPEATED_KEY_CHECKS = (Check("repeated_keys", check_repeated_keys, lambda profile: profile.key_sweep),)
"""The check of a source whose key list names some keys twice, in place of others."""


async def check_all(case: Case) -> None:
    """Run every check that the connector's profile calls for, on a source in order."""
    profile = case.profile()
    for check in CHECKS:
        if check.applies(profile):
            await check.run(case)
