"""Runs benchmarks by name: `python -m benchmarks load resync --rows 20000`; without a name, all of them."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine

from benchmarks import compression, crm, display, express, load, media, memory, photo_path, resync, rets, search
from platbook.base.memory import collect_garbage_less_often

BENCHMARKS: dict[str, Callable[[int], Coroutine[None, None, None]]] = {
    "load": load.run,
    "resync": resync.run,
    "memory": memory.run,
    "list": express.run,
    "gzip": compression.run,
    "search": search.run,
    "rets": rets.run,
    "media": media.run,
    "path": photo_path.run,
    "crm": crm.run,
    "display": display.run,
}


def main() -> None:
    """Run what was asked for, one after the other."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which; all of them if none is named")
    parser.add_argument("--rows", type=int, default=200_000, help="listings; search runs at half and five times this")
    asked = parser.parse_args()
    collect_garbage_less_often()  # as every command does
    for name in asked.names or BENCHMARKS:
        print(f"\n== {name} ({asked.rows} rows)", flush=True)
        asyncio.run(BENCHMARKS[name](asked.rows))


if __name__ == "__main__":
    main()
