"""One process that makes variants of every picture of a folder, as a media worker does.

`python -m benchmarks.develop SOURCE TARGET EFFORT HOW` prints {"seconds", "peak", "idle"} (bytes of memory). HOW is
`write` (plain files, as the peer does) or `store` (into a storage's folder, named by content, waiting for the disk).
"""

import argparse
import asyncio
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path

from platbook.base.clock import SystemClock
from platbook.base.memory import return_freed_memory
from platbook.base.settings import Settings
from platbook.media.pictures import ImagePool, ProcessedPicture, VariantSpec
from platbook.storage import Access, Storage, open_storage, to_content_name

_WARM = 2
_AT_ONCE = {"write": 2, "store": 4}
"""Pictures on their way; while one waits for the disk another takes its thread, as in a worker."""


async def _write(picture: ProcessedPicture, file: Path, target: Path) -> None:
    for variant in picture.variants:
        (target / f"{file.stem}.{variant.size}.{variant.format}").write_bytes(variant.content)


async def _store(picture: ProcessedPicture, storage: Storage) -> None:
    for variant in picture.variants:
        await storage.put(to_content_name(variant.content, variant.format), variant.content, Access.PUBLIC)


async def _develop_all(
    files: Sequence[Path], studio: ImagePool, recipe: VariantSpec, target: Path, storage: Storage | None
) -> None:
    waiting = iter(files)

    async def work() -> None:
        for file in waiting:
            picture = await studio.to_variants(file.read_bytes(), recipe)
            if storage is None:
                await _write(picture, file, target)
            else:
                await _store(picture, storage)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE["write" if storage is None else "store"]):
            group.create_task(work())


def memory(name: str) -> int:
    """What the kernel tells of this process: `VmRSS` now, `VmHWM` at its peak, in bytes."""
    match = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(match[1]) * 1024 if match else 0


async def _main(source: Path, target: Path, effort: int, how: str) -> None:
    files = sorted(source.iterdir())
    recipe = VariantSpec(effort=effort)
    storage = open_storage(Settings(platbook_home=target), b"", SystemClock()) if how == "store" else None
    return_freed_memory()
    with ImagePool.open() as studio:
        idle = memory("VmRSS")
        await _develop_all(files[:_WARM], studio, recipe, target, storage)
        began = time.monotonic()
        await _develop_all(files, studio, recipe, target, storage)
        seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds, "peak": memory("VmHWM"), "idle": idle}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("effort", type=int)
    parser.add_argument("how", choices=["write", "store"])
    asked = parser.parse_args()
    asyncio.run(_main(asked.source, asked.target, asked.effort, asked.how))
