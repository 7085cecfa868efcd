"""Uploads on disk, and the budgets of bytes that they share."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from platbook.application.uploads import UploadBudget, open_upload, receive
from platbook.base.errors import PayloadTooLarge, TryLater


async def _chunks(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield b"x" * size


async def test_a_body_goes_to_disk_and_is_refused_as_soon_as_it_is_too_large() -> None:
    with open_upload() as file:
        assert await receive(_chunks(3, 2 * 1024 * 1024, 4), file, 3 * 1024 * 1024) == 7 + 2 * 1024 * 1024
        async with UploadBudget().load(file, 7) as content:
            assert len(content) == 7 + 2 * 1024 * 1024
        with pytest.raises(PayloadTooLarge, match="at most 10 bytes"):
            await receive(_chunks(3, 8), file, 10)


def test_the_budget_is_shared_and_comes_back() -> None:
    budget = UploadBudget(100)
    with budget.reserve(60):
        with pytest.raises(TryLater, match="too many uploads"), budget.reserve(41):
            pass
        with budget.reserve(40):
            pass
    with budget.reserve(100):
        pass


async def test_no_more_bodies_are_in_memory_than_fit() -> None:
    budget = UploadBudget(1000, max_memory=100)
    loaded, most = 0, 0

    async def work(size: int) -> None:
        nonlocal loaded, most
        with open_upload() as file:
            await receive(_chunks(size), file, 1000)
            async with budget.load(file, size) as content:
                loaded += min(len(content), 100)
                most = max(most, loaded)
                await asyncio.sleep(0.01)
                loaded -= min(len(content), 100)

    await asyncio.gather(*(work(size) for size in (60, 30, 90, 40, 300, 10)))
    assert (loaded, most <= 100) == (0, True)
