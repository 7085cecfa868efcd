"""Pictures of every kind: each becomes clean variants, or is refused with a reason."""

import contextlib
import io
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import blurhash
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps, ImageStat

from platbook.base.errors import MediaRejected
from platbook.media.pictures import Format, ProcessedPicture, Size, VariantSpec, to_variants
from tests.media.pictures import (
    GREEN,
    RED,
    SAMPLES,
    animated,
    before_last_scan,
    before_scan,
    deep,
    grey_profile,
    halved,
    jpeg,
    marked,
    odd_scan,
    other_transform,
    png_of,
    resized_in_words,
    scene,
    seen_through,
    unsorted_tags,
    write,
)

Rows = Sequence[Sequence[Sequence[int]]]
# The oracle of BlurHash carries no types.
draw = cast("Callable[[str, int, int], Rows]", blurhash.decode)
encode = cast("Callable[[Rows, int, int], str]", blurhash.encode)

MOST_MEMORY = 200 * 1024 * 1024
PLACE = {"exif-ifd3-GPSLatitude": "40/1 26/1 46/1", "exif-ifd3-GPSLatitudeRef": "N", "exif-ifd0-Artist": "Somebody"}


def shown(picture: ProcessedPicture, size: str = "large") -> Image.Image:
    """A variant as a browser shows it, in sRGB."""
    content = next(one.content for one in picture.variants if one.size == size)
    return Image.open(io.BytesIO(content)).convert("RGB")


def differ(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def mean_of(image: Image.Image, box: tuple[float, float, float, float]) -> tuple[float, ...]:
    """The mean colour of a box given in shares of the picture."""
    left, top, right, bottom = box
    part = image.crop(
        (int(left * image.width), int(top * image.height), int(right * image.width), int(bottom * image.height))
    )
    return tuple(ImageStat.Stat(part).mean)


ACCEPTED: dict[str, tuple[Callable[[], bytes], str]] = {
    "JPEG": (jpeg, "jpeg"),
    "progressive JPEG": (lambda: jpeg(interlace=True), "jpeg"),
    "CMYK JPEG with its profile": (lambda: write(scene().icc_transform("cmyk", input_profile="srgb"), ".jpg"), "jpeg"),
    "CMYK JPEG without a profile": (
        lambda: write(scene().icc_transform("cmyk", input_profile="srgb"), ".jpg", keep="none"),
        "jpeg",
    ),
    "JPEG in Display P3": (lambda: write(scene().icc_transform("p3", input_profile="srgb"), ".jpg", Q=95), "jpeg"),
    "JPEG with a profile that is none": (
        lambda: write(marked_profile(scene(), b"no profile" * 20), ".jpg"),
        "jpeg",
    ),
    "JPEG with junk after it": (lambda: jpeg() + b"junk" * 10_000, "jpeg"),
    "two JPEGs in one (MPO)": (lambda: jpeg() + jpeg(), "jpeg"),
    "PNG": (lambda: write(scene(), ".png"), "png"),
    "interlaced PNG": (lambda: write(scene(), ".png", interlace=True), "png"),
    "16-bit PNG": (lambda: write(deep(), ".png"), "png"),
    "palette PNG": (lambda: write(scene(), ".png", palette=True), "png"),
    "WebP": (lambda: write(scene(), ".webp", Q=90), "webp"),
    "AVIF": (lambda: write(scene(), ".avif", Q=80, effort=0), "avif"),
    "GIF": (lambda: write(scene(), ".gif"), "gif"),
    "animated GIF": (lambda: animated("GIF"), "gif"),
    "animated WebP": (lambda: animated("WEBP"), "webp"),
    "TIFF": (lambda: write(scene(), ".tif", compression="lzw"), "tiff"),
    "TIFF in CIELAB": (lambda: write(scene().colourspace("lab"), ".tif"), "tiff"),
}


def marked_profile(image: pyvips.Image, profile: bytes) -> pyvips.Image:
    image = image.copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)  # pyright: ignore[reportArgumentType] - the stub forgot bytes
    return image


@pytest.mark.parametrize("kind", ACCEPTED)
def test_variants_of_every_format_look_like_the_source(kind: str) -> None:
    make, known_as = ACCEPTED[kind]
    picture = to_variants(make())
    image = shown(picture)
    assert picture.format == known_as
    assert differ(mean_of(image, (0.4, 0.4, 1, 1)), RED) < 9, mean_of(image, (0.4, 0.4, 1, 1))
    assert differ(mean_of(image, (0.02, 0.02, 0.2, 0.2)), GREEN) < 9
    assert [one.size for one in picture.variants] == ["large", "medium", "thumbnail"]
    assert picture.flaw is None


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no bytes": (lambda: b"", "the photo is empty"),
    "HTML named .jpg": (lambda: b"<!DOCTYPE html><html><body>Not found</body></html>", "an HTML page is not a picture"),
    "JSON": (lambda: b'{"error": "expired"}', "JSON is not a picture"),
    "text": (lambda: b"Photo not available", "this is not a picture"),
    "SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"/>', "SVG is not a picture"),
    "SVG behind an XML declaration": (lambda: b'<?xml version="1.0"?>\n<svg width="9" height="9"/>', "SVG is not"),
    "PDF": (lambda: b"%PDF-1.7\n", "PDF is not a picture"),
    "BMP": (lambda: b"BM" + bytes(60), "BMP is not a picture"),
    "PPM": (lambda: b"P6 64 64 255\n" + bytes(64 * 64 * 3), "this is not a picture"),
    "HEIC": ((SAMPLES / "phone.heic").read_bytes, "HEIC is not a picture that can be read"),
    "a video": (lambda: b"\0\0\0\x20ftypmp42" + bytes(100), "a video is not"),
    "JPEG cut at half": (lambda: halved(jpeg()), "cannot be decoded: premature end"),
    "JPEG cut at 95 %": (lambda: jpeg()[: len(jpeg()) * 95 // 100], "cannot be decoded: premature end"),
    "JPEG cut before its last bytes": (lambda: jpeg()[:-12], "cannot be decoded: premature end"),
    "progressive JPEG cut before its last scan": (
        lambda: before_last_scan(jpeg(interlace=True)),
        "cannot be decoded: premature end",
    ),
    "TIFF cut at half": (lambda: halved(unsorted_tags(write(scene(), ".tif"))), "TIFF|picture"),
    "progressive JPEG cut at half": (
        lambda: halved(jpeg(interlace=True)),
        "cannot be decoded: premature end",
    ),
    "the first bytes of a JPEG": (lambda: jpeg()[:100], "a damaged picture is not a picture that can be read"),
    "PNG cut at half": (lambda: halved(write(scene(), ".png")), "cannot be decoded"),
    "WebP cut at half": (lambda: halved(write(scene(), ".webp")), "a damaged picture is not|cannot be decoded"),
    "GIF cut at half": (lambda: halved(write(scene(), ".gif")), "a damaged picture is not|cannot be decoded"),
    "PNG of 50,000 x 50,000, whole": (
        lambda: png_of(50_000, 50_000, bits=1, colour=0),
        "50000 x 50000 pixels are more",
    ),
    "JPEG that claims 65,500 x 65,500": (lambda: resized_in_words(jpeg(), 65_500, 65_500), "65500 x 65500 pixels"),
    "PNG of 20,000 x 20,000": (lambda: png_of(20_000, 20_000), "20000 x 20000 pixels are more"),
    "PNG of 30,000 x 100": (lambda: png_of(30_000, 100), "30000 x 100 pixels are more"),
    "a spy pixel": (lambda: write(pyvips.Image.black(1, 1), ".gif"), "1 x 1 pixels are too few"),
    "a line": (lambda: write(pyvips.Image.black(2000, 1), ".png"), "2000 x 1 pixels are too few"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_bytes_that_are_no_complete_image_are_refused_with_the_reason(kind: str) -> None:
    make, reason = REFUSED[kind]
    with pytest.raises(MediaRejected, match=reason):
        to_variants(make())


FLAWED: dict[str, tuple[Callable[[], bytes], str]] = {
    "JPEG without its end-of-image marker": (lambda: jpeg()[:-2], "the end-of-image marker is missing"),
    "JPEG with junk before its pixels": (lambda: before_scan(jpeg(), b"abcd"), "extraneous bytes before marker"),
    "JPEG whose scan is described as by some phones": (lambda: odd_scan(jpeg()), "Invalid SOS parameters"),
    "JPEG with an unknown Adobe transform": (lambda: other_transform(jpeg()), "Unknown Adobe color transform code 9"),
    "progressive JPEG without its end-of-image marker": (
        lambda: jpeg(interlace=True)[:-2],
        "the end-of-image marker is missing",
    ),
    "TIFF with tags in the wrong order": (
        lambda: unsorted_tags(write(scene(), ".tif")),
        "tags are not sorted in ascending order",
    ),
}


@pytest.mark.parametrize("kind", FLAWED)
def test_harmless_damage_is_recorded_and_repaired(kind: str) -> None:
    make, flaw = FLAWED[kind]
    picture = to_variants(make())
    assert picture.flaw is not None
    assert flaw in picture.flaw
    assert differ(mean_of(shown(picture), (0.4, 0.4, 1, 1)), RED) < 9


def test_the_page_lists_every_kind_and_no_other() -> None:
    text = (Path(__file__).parents[2] / "docs/media.md").read_text()
    documented = dict(re.findall(r"^\| ([^|`]+?) \| (variants|refused)", text, re.MULTILINE))
    tried = dict.fromkeys([*ACCEPTED, *FLAWED], "variants") | dict.fromkeys(REFUSED, "refused")
    assert documented == tried


def test_harmless_damage_does_not_hide_a_truncation() -> None:
    with pytest.raises(MediaRejected, match="cannot be decoded"):
        to_variants(before_scan(jpeg(), b"abcd")[:-1000])


@pytest.mark.parametrize(("gamma", "level"), [(1.8, 146), (1.0, 188), (2.2, 128)])
def test_a_grey_profile_is_applied(gamma: float, level: int) -> None:
    grey = (pyvips.Image.black(64, 64) + 128).cast("uchar").copy(interpretation="b-w")
    picture = to_variants(write(marked_profile(grey, grey_profile(gamma)), ".jpg", Q=95))
    assert mean_of(shown(picture), (0, 0, 1, 1))[0] == pytest.approx(level, abs=2)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright(orientation: int) -> None:
    stored = write(marked(scene(1000, 600), orientation), ".jpg", Q=90)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(stored))).convert("RGB")
    picture = to_variants(stored)
    assert (picture.width, picture.height) == expected.size
    assert shown(picture).size == expected.size
    assert max(ImageStat.Stat(ImageChops.difference(shown(picture), expected)).mean) < 4


def test_variants_carry_no_metadata() -> None:
    stored = write(marked(scene(), 6, PLACE), ".jpg")
    assert 0x8825 in Image.open(io.BytesIO(stored)).getexif()
    for variant in to_variants(stored, VariantSpec(formats=tuple(Format))).variants:
        image = Image.open(io.BytesIO(variant.content))
        assert not image.getexif()
        assert "icc_profile" not in image.info
        assert b"Somebody" not in variant.content
        assert b"Exif" not in variant.content


@pytest.mark.parametrize("through", [scene, deep])
def test_transparency_becomes_white(through: Callable[[], pyvips.Image]) -> None:
    picture = to_variants(write(seen_through(through()), ".png"))
    assert differ(mean_of(shown(picture), (0.6, 0, 1, 1)), (255, 255, 255)) < 3
    assert differ(mean_of(shown(picture), (0.3, 0.4, 0.45, 1)), RED) < 9


@pytest.mark.parametrize(
    ("width", "height", "sizes"),
    [
        (4032, 3024, [(1920, 1440), (800, 600), (200, 150)]),
        (3024, 4032, [(1080, 1440), (450, 600), (113, 150)]),
        (2048, 500, [(1920, 469), (800, 195), (200, 49)]),
        (640, 480, [(640, 480), (640, 480), (200, 150)]),
        (100, 80, [(100, 80), (100, 80), (100, 80)]),
    ],
)
def test_variants_fit_inside_and_are_never_enlarged(width: int, height: int, sizes: list[tuple[int, int]]) -> None:
    picture = to_variants(write(scene(width, height), ".jpg"))
    assert [(one.width, one.height) for one in picture.variants] == sizes
    assert [shown(picture, one.size).size for one in picture.variants] == sizes


def test_a_photo_on_its_side_has_the_sizes_of_an_upright_one() -> None:
    picture = to_variants(write(marked(scene(4032, 3024), 6), ".jpg"))
    assert [(one.width, one.height) for one in picture.variants] == [(1080, 1440), (450, 600), (113, 150)]


def test_formats_and_sizes_are_made_as_specified() -> None:
    recipe = VariantSpec(
        sizes=(Size("tiny", 40, 40), Size("card", 400, 400)), formats=(Format.JPEG, Format.PNG), quality=70
    )
    made = [(one.size, one.format, one.width, one.height) for one in to_variants(jpeg(), recipe).variants]
    assert made == [
        ("card", Format.JPEG, 400, 300),
        ("card", Format.PNG, 400, 300),
        ("tiny", Format.JPEG, 40, 30),
        ("tiny", Format.PNG, 40, 30),
    ]
    formats = [Image.open(io.BytesIO(one.content)).format for one in to_variants(jpeg(), recipe).variants]
    assert formats == ["JPEG", "PNG", "JPEG", "PNG"]


def test_the_same_bytes_become_the_same_variants() -> None:
    assert to_variants(jpeg()) == to_variants(jpeg())


def test_the_dominant_colour_is_the_fields_not_the_mean() -> None:
    colour = to_variants(jpeg()).color
    assert differ(tuple(bytes.fromhex(colour[1:])), RED) <= 8


@pytest.mark.parametrize("space", ["srgb", "b-w"])
def test_the_placeholder_draws_the_picture_blurred(space: str) -> None:
    picture = to_variants(
        write(scene().colourspace(space), ".png"), VariantSpec(sizes=(Size("tiny", 16, 12),), quality=100)
    )
    samples = shown(picture, "tiny")
    expected = draw(encode(rows_of(samples), 4, 3), 32, 24)
    drawn = draw(picture.placeholder, 32, 24)
    assert len(picture.placeholder) == 28
    assert max(differ(tuple(drawn[y][x]), tuple(expected[y][x])) for y in range(24) for x in range(32)) < 8
    assert differ(tuple(drawn[2][3]), tuple(drawn[20][28])) > 20


def rows_of(image: Image.Image) -> Rows:
    levels = image.tobytes()
    return [[list(levels[3 * (y * image.width + x) :][:3]) for x in range(image.width)] for y in range(image.height)]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([".jpg", ".png", ".webp", ".gif", ".tif"]), st.data())
def test_bytes_damaged_at_random_are_a_picture_or_refused(suffix: str, data: st.DataObject) -> None:
    content = bytearray(write(scene(64, 48), suffix))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for bad in (bytes(content), bytes(content[:cut])):
        with contextlib.suppress(MediaRejected):
            assert len(to_variants(bad).variants) == 3


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_any_other_bytes_are_refused_with_a_message(content: bytes) -> None:
    with pytest.raises(MediaRejected):
        to_variants(content)


MEASURE = """
import re, sys
from platbook.base.errors import MediaRejected
from platbook.media.pictures import to_variants
try:
    to_variants(sys.stdin.buffer.read())
except MediaRejected as refusal:
    print(refusal)
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


@pytest.mark.parametrize(
    "make",
    [
        lambda: png_of(50_000, 50_000, bits=1, colour=0),
        lambda: resized_in_words(jpeg(), 65_500, 65_500),
        lambda: resized_in_words(jpeg(), 10_000, 9_999),
        lambda: write(scene(1000, 800), ".jpg"),
    ],
    ids=["50,000 x 50,000 whole", "65,500 x 65,500 claimed", "10,000 x 9,999 claimed", "an honest one"],
)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_picture_takes_more_than_its_memory(make: Callable[[], bytes]) -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], input=make(), capture_output=True, check=True)
    *lines, kilobytes = done.stdout.decode().split("\n")[:-1]
    assert int(kilobytes) * 1024 < MOST_MEMORY, lines
