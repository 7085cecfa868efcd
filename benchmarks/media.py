"""Making photos small, against npm sharp doing as one would write it down: three resizes from the source, quality 90.

The same 80 pictures in one run, each side a process of its own with two pictures at once, rounds in turn. Speed, peak
memory, bytes, and likeness (SSIM of the large variant's brightness) to a resize of the whole picture without any loss.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import pyvips

from benchmarks.ground import tell
from benchmarks.photographs import CAMERA, MLS, Album, make_album, missing

ROUNDS = 3
OWN_EFFORT, PEER_EFFORT = 2, 4
PEER = Path(__file__).parent / "peers" / "sharp"
CACHE = Path(tempfile.gettempdir()) / "platbook-photographs"
BYTES_BAR, MEMORY_BAR = 1.02, 0.7
_SAMPLE = 10
"""Every tenth picture is looked at closely."""


@dataclass(frozen=True)
class Bars:
    """What is asked for on one album: so many times as fast, and an SSIM at most so far below."""

    speed: float
    likeness: float


@dataclass(frozen=True)
class Measured:
    """One run over an album: seconds, and bytes of memory at the peak and before the first picture."""

    seconds: float
    peak: int
    idle: int


BARS: Mapping[Album, Bars] = {CAMERA: Bars(2.0, 0.012), MLS: Bars(1.75, 0.005)}


async def run(rows: int) -> None:
    """Print rates, ratios, bytes, likeness and memory of both albums; the number of rows plays no part."""
    del rows
    lacking = [name for name in ("node", "npm") if shutil.which(name) is None] + list(filter(None, [missing()]))
    if lacking:
        tell("skipped", "", f"{', '.join(lacking)} is not on this machine")
        return
    await asyncio.to_thread(_run)


def _run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        peer = _install(Path(folder))
        for album, bars in BARS.items():
            sources = make_album(album, CACHE)
            _compare(album, bars, sources, peer, Path(folder))


def _install(folder: Path) -> Path:
    peer = folder / "sharp"
    shutil.copytree(PEER, peer)
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
    subprocess.run(install, cwd=peer, check=True)
    return peer


def _compare(album: Album, bars: Bars, sources: Sequence[Path], peer: Path, folder: Path) -> None:
    theirs, ours, slower = (folder / f"{name}-{album.width}" for name in ("theirs", "ours", "slower"))
    runs: dict[str, list[Measured]] = {"sharp": [], "ours": [], "stored": []}
    for _ in range(ROUNDS):
        source = sources[0].parent
        runs["sharp"].append(_measure(["node", str(peer / "resize.js")], source, theirs, str(PEER_EFFORT)))
        runs["ours"].append(_measure(_own(), source, ours, str(OWN_EFFORT), "write"))
        runs["stored"].append(_measure(_own(), source, folder / "stored", str(OWN_EFFORT), "store"))
    alike = _measure(_own(), sources[0].parent, slower, str(PEER_EFFORT), "write")
    rates = {name: len(sources) / median(one.seconds for one in some) for name, some in runs.items()}
    peaks = {name: median(one.peak for one in some) for name, some in runs.items()}
    idle = {name: median(one.idle for one in some) for name, some in runs.items()}
    megabyte = 1e6
    tell(f"{album.name}: sharp, photos/s", f"{rates['sharp']:.2f}")
    tell("Platbook, photos/s", f"{rates['ours']:.2f}")
    tell("ratio", f"{rates['ours'] / rates['sharp']:.2f}", f"bar {bars.speed}")
    tell("Platbook with storing, of without", f"{rates['stored'] / rates['ours']:.2f}")
    tell("Platbook at sharp's effort, photos/s", f"{len(sources) / alike.seconds:.2f}")
    tell("peak memory, sharp and Platbook, MB", f"{peaks['sharp'] / megabyte:.0f}, {peaks['ours'] / megabyte:.0f}")
    tell("ratio", f"{peaks['ours'] / peaks['sharp']:.2f}", f"bar {MEMORY_BAR}")
    grown = {name: peaks[name] - idle[name] for name in runs}
    tell("ratio of what each grew by", f"{grown['ours'] / grown['sharp']:.2f}")
    tell("bytes of all variants, ratio", f"{_bytes(ours) / _bytes(theirs):.3f}", f"bar {BYTES_BAR}")
    _tell_likeness(bars, sources, theirs, ours, slower)


def _own() -> list[str]:
    return [sys.executable, "-m", "benchmarks.develop"]


def _measure(command: Sequence[str], source: Path, target: Path, *more: str) -> Measured:
    target.mkdir(exist_ok=True)
    done = subprocess.run(
        [*command, str(source), str(target), *more], check=True, capture_output=True, env={**os.environ}
    )
    return Measured(**json.loads(done.stdout))


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _tell_likeness(bars: Bars, sources: Sequence[Path], theirs: Path, ours: Path, slower: Path) -> None:
    folders = {"theirs": theirs, "ours": ours, "slower": slower}
    likeness: dict[str, list[float]] = {name: [] for name in folders}
    for source in sources[::_SAMPLE]:
        wanted = _resize_whole(source)
        for name, folder in folders.items():
            likeness[name].append(_ssim(wanted, _brightness(folder / f"{source.stem}.large.webp")))
    means = {name: mean(some) for name, some in likeness.items()}
    tell("SSIM of sharp and Platbook", f"{means['theirs']:.4f}, {means['ours']:.4f}")
    tell("difference", f"{means['theirs'] - means['ours']:.4f}", f"bar {bars.likeness}")
    tell("difference at sharp's effort", f"{means['theirs'] - means['slower']:.4f}")


def _resize_whole(source: Path) -> pyvips.Image:
    image = pyvips.Image.new_from_file(str(source)).autorot()
    return image.resize(min(1920 / image.width, 1440 / image.height)).colourspace("b-w").copy_memory()


def _brightness(file: Path) -> pyvips.Image:
    return pyvips.Image.new_from_file(str(file)).colourspace("b-w").copy_memory()


def _ssim(one: pyvips.Image, other: pyvips.Image) -> float:
    """Structural similarity with a Gaussian window of 1.5 pixels (Wang and others, 2004)."""
    one, other = one.cast("double"), other.cast("double")
    steadiness = (0.01 * 255) ** 2, (0.03 * 255) ** 2

    def smooth(image: pyvips.Image) -> pyvips.Image:
        return image.gaussblur(1.5, precision="float", min_ampl=0.001)

    mean_one, mean_other = smooth(one), smooth(other)
    variances = smooth(one * one) - mean_one * mean_one + smooth(other * other) - mean_other * mean_other
    together = smooth(one * other) - mean_one * mean_other
    brightness = (2 * mean_one * mean_other + steadiness[0]) / (
        mean_one * mean_one + mean_other * mean_other + steadiness[0]
    )
    return ((2 * together + steadiness[1]) / (variances + steadiness[1]) * brightness).avg()
