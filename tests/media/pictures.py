"""Pictures as sources send them: as they should be, and as they should not."""

import io
import struct
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pyvips
from PIL import Image

SAMPLES = Path(__file__).parent / "samples"
RED, GREEN = (170, 100, 80), (90, 150, 100)


@cache
def scene(width: int = 800, height: int = 600) -> pyvips.Image:
    """A red field with a green upper left corner, and grain."""
    field = pyvips.Image.black(width, height) + list(RED)
    corner = pyvips.Image.black(width // 4, height // 4) + list(GREEN)
    grain = pyvips.Image.gaussnoise(width, height, sigma=4, mean=0, seed=7)
    return (field.insert(corner, 0, 0) + grain).cast("uchar").copy(interpretation="srgb").copy_memory()


def write(image: pyvips.Image, suffix: str, **options: object) -> bytes:
    """A picture in the format of a suffix."""
    return image.write_to_buffer(suffix, **options)


def jpeg(**options: object) -> bytes:
    """The scene as a JPEG."""
    return write(scene(), ".jpg", **{"Q": 85, **options})


def halved(content: bytes) -> bytes:
    """What is left of a file when the line broke half way."""
    return content[: len(content) // 2]


def marked(image: pyvips.Image, orientation: int = 1, fields: Mapping[str, str] | None = None) -> pyvips.Image:
    """A picture with EXIF: its orientation, and other tags."""
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    for name, value in (fields or {}).items():
        image.set_type(pyvips.GValue.gstr_type, name, value)
    return image


def deep() -> pyvips.Image:
    """The scene in 16 bits."""
    return (scene().cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")


def seen_through(image: pyvips.Image) -> pyvips.Image:
    """A picture whose right half shows nothing of it."""
    half = image.width // 2
    most = 255 if image.format == "uchar" else 65535
    alpha = (pyvips.Image.black(image.width, image.height) + most).insert(
        pyvips.Image.black(half, image.height), half, 0
    )
    return image.bandjoin(alpha.cast(image.format))


def animated(suffix: str) -> bytes:
    """Three frames: the scene first, then two of another colour."""
    frames = [Image.frombytes("RGB", (320, 240), bytes(scene(320, 240).write_to_memory()))]
    frames += [Image.new("RGB", (320, 240), (0, 0, shade)) for shade in (120, 240)]
    file = io.BytesIO()
    frames[0].save(file, suffix, save_all=True, append_images=frames[1:], duration=100, loop=0)
    return file.getvalue()


def png_of(width: int, height: int, *, bits: int = 8, colour: int = 2) -> bytes:
    """A PNG of zeros, complete if `bits` is 1 and grey, else with its header and a beginning only."""
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    packer = zlib.compressobj(9)
    complete = bits == 1 and colour == 0
    row = bytes(1 + (width + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(height if complete else 10)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def resized_in_words(content: bytes, width: int, height: int) -> bytes:
    """A JPEG whose header claims another size (ITU-T T.81 B.2.2)."""
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


def before_scan(content: bytes, junk: bytes) -> bytes:
    """A JPEG with junk before its start of scan."""
    at = content.index(b"\xff\xda")
    return content[:at] + junk + content[at:]


def odd_scan(content: bytes) -> bytes:
    """A JPEG whose scan says it ends with coefficient 0, as those of some phones."""
    at = content.index(b"\xff\xda")
    end = at + 5 + 2 * content[at + 4] + 1
    return content[:end] + b"\0" + content[end + 1 :]


def other_transform(content: bytes) -> bytes:
    """A JPEG with an Adobe marker of a colour transform that does not exist."""
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x09"
    return content[:2] + adobe + content[2:]


def unsorted_tags(content: bytes) -> bytes:
    """A TIFF whose first two tags are in the wrong order (TIFF 6.0, section 2)."""
    at = struct.unpack_from("<I", content, 4)[0] + 2
    return content[:at] + content[at + 12 : at + 24] + content[at : at + 12] + content[at + 24 :]


def before_last_scan(content: bytes) -> bytes:
    """A progressive JPEG that ends before its last scan."""
    return content[: content.rindex(b"\xff\xda")]


def grey_profile(gamma: float) -> bytes:
    """An ICC profile of a grey device (ICC.1:2010, 8.3.2): a white point and a tone curve."""
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    first = 128 + 4 + 2 * 12
    tags = struct.pack(">I", 2) + b"wtpt" + struct.pack(">II", first, len(white))
    tags += b"kTRC" + struct.pack(">II", first + len(white), 14)
    head = struct.pack(">I4sI4s4s4s", first + len(white) + len(curve), b"\0" * 4, 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + tags + white + curve


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
