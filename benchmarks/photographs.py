"""Pictures like photos: twenty real photographs that Debian ships as wallpapers, made to look like a camera's.

Cropped to 4:3, brought to size, with the noise of a sensor; each once as it is and once mirrored. A quarter lies on its
side as cameras store it, and every one says where it was taken.
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyvips

PACKAGES = ("lomiri-wallpapers-16.04", "lomiri-wallpapers-20.04", "mate-backgrounds")
NAMES = [
    "Bridge_by_Sander_Klootwijk",
    "Dragonfly_by_Bolly",
    "Fossa_by_Jasper_Roks",
    "Infinite-Sea_by_Aury88",
    "Kleiber_by_Lukas_Baubkus",
    "Picture_0B_by_freespace",
    "aitzgorri_by_Aitzol_Berasategi",
    "analogpattern_by_Peter_Nerlich",
    "free_by_Peter_Nerlich",
    "friends_by_Aitzol_Berasategi",
    "greentock_by_Peter_Nerlich",
    "life_by_Aitzol_Berasategi",
    "picosdeeuropa_by_Aitzol_Berasategi",
    "seeding_by_Clements_Engelhardt",
    "sunset_by_Aitzol_Berasategi",
    "umang_by_Abhishek_Mudgal",
    "Garden",
    "LadyBird",
    "TwoWings",
    "Wood",
]
_NOISE = 3.0
_LYING = 4
"""Every fourth picture lies on its side."""


@dataclass(frozen=True)
class Album:
    """A set of pictures: how large each is, and how it was compressed."""

    name: str
    width: int
    height: int
    quality: int


CAMERA = Album("12 megapixels", 4032, 3024, 88)
MLS = Album("3 megapixels", 2048, 1536, 85)


def missing() -> str:
    """What this machine lacks to make the pictures; nothing, if it can."""
    return ", ".join(name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None)


def make_album(album: Album, folder: Path) -> list[Path]:
    """The 40 files of an album, made below a folder if they are not there yet."""
    place = folder / f"{album.width}x{album.height}"
    files = [place / f"{number:02}.jpg" for number in range(2 * len(NAMES))]
    if not all(file.exists() for file in files):
        place.mkdir(parents=True, exist_ok=True)
        sources = _find_sources(folder)
        for number, file in enumerate(files):
            _take(sources[number % len(NAMES)], album, number, file)
    return files


def _find_sources(folder: Path) -> list[Path]:
    unpacked = folder / "wallpapers"
    if not unpacked.exists():
        with tempfile.TemporaryDirectory() as downloads:
            subprocess.run(["apt-get", "download", "-qq", *PACKAGES], cwd=downloads, check=True)  # noqa: S607 - where apt is, is the machine's affair
            for package in Path(downloads).glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)  # noqa: S607 - as above
    return [next(unpacked.rglob(f"{name}.jpg")) for name in NAMES]


def _take(source: Path, album: Album, number: int, file: Path) -> None:
    image = pyvips.Image.thumbnail(str(source), album.width, height=album.height, crop="centre")
    if number >= len(NAMES):
        image = image.flip("horizontal")
    grain = [
        pyvips.Image.gaussnoise(album.width, album.height, sigma=_NOISE, mean=0, seed=3 * number + band)
        for band in range(3)
    ]
    image = (image + grain[0].bandjoin([grain[1], grain[2]])).cast("uchar").copy(interpretation="srgb")
    lying = number % _LYING == 0
    image = (image.rot270() if lying else image).copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", 6 if lying else 1)
    for name, value in {
        "GPSLatitudeRef": "N",
        "GPSLatitude": "40/1 26/1 46/1",
        "GPSLongitude": "79/1 58/1 56/1",
    }.items():
        image.set_type(pyvips.GValue.gstr_type, f"exif-ifd3-{name}", value)
    image.jpegsave(str(file), Q=album.quality, subsample_mode="on")
