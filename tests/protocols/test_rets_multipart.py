"""GetObject bodies as servers send them, and anything at all."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.base.errors import SourceBrokeProtocol
from platbook.protocols.rets.multipart import MultipartParser, MultipartPart
from platbook.protocols.rets.objects import ObjectParser, RetsObject
from tests.fakes.recordings import recorded_rets

JPEG = b"\xff\xd8\xff\xe0\r\n--not a boundary\r\n\x00\r\n\xff\xd9\r\n"
ONE = b"\r\nContent-Type: image/jpeg\r\nContent-ID: 7\r\nObject-ID: 1\r\n\r\n" + JPEG + b"\r\n"
TWO = b"\r\nContent-Type: image/jpeg\r\nContent-ID: 7\r\nObject-ID: 2\r\n\r\n" + JPEG[::-1] + b"\r\n"


def _parts(body: bytes, content_type: str, size: int = 5) -> list[MultipartPart]:
    parser = MultipartParser(content_type)
    parts: list[MultipartPart] = []
    for start in range(0, len(body), size):
        parts += parser.feed(body[start : start + size])
    return parts + parser.close()


def _objects(body: bytes, headers: dict[str, str], size: int = 7) -> list[RetsObject]:
    parser = ObjectParser(headers)
    objects: list[RetsObject] = []
    for start in range(0, len(body), size):
        objects += parser.feed(body[start : start + size])
    return objects + parser.close()


@pytest.mark.parametrize(
    ("content_type", "first", "between", "last"),
    [
        ("multipart/parallel; boundary=abc", b"\r\n--abc", b"--abc", b"--abc--\r\n"),
        ("multipart/parallel; boundary=abc", b"--abc", b"--abc", b"--abc--"),
        ('multipart/parallel; boundary="abc"', b"--abc", b"--abc", b"--abc--\r\nand what follows"),
        ("multipart/parallel; boundary=a b c; charset=utf-8", b"--a b c", b"--a b c", b"--a b c--"),
        ("multipart/parallel; Boundary = abc", b"preamble\r\n--abc", b"--abc", b"--abc--"),
        ("multipart/parallel; boundary=--abc", b"----abc", b"----abc", b"----abc--"),
        ("multipart/parallel; boundary=--abc", b"--abc", b"--abc", b"--abc--"),
        ("multipart/parallel", b"--found", b"--found", b"--found--"),
        ("multipart/parallel; boundary=lost", b"--found", b"--found", b"--found--"),
    ],
)
@pytest.mark.parametrize("size", [1, 6, 4096])
def test_the_bytes_between_boundaries_are_exact(
    content_type: str, first: bytes, between: bytes, last: bytes, size: int
) -> None:
    body = first + ONE + between + TWO + last
    assert [part.content for part in _parts(body, content_type, size)] == [JPEG, JPEG[::-1]]


@pytest.mark.parametrize("size", [1, 6, 4096])
def test_without_a_closing_boundary_the_last_part_is_the_rest(size: int) -> None:
    body = b"--abc" + TWO + b"--abc" + ONE.removesuffix(b"\r\n")
    assert [part.content for part in _parts(body, "multipart/parallel; boundary=abc", size)] == [JPEG[::-1], JPEG]
    measured = b"--abc\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n\r\nabc\r\n"
    assert [part.content for part in _parts(measured, "multipart/parallel; boundary=abc", size)] == [b"abc"]


_RIFF = b"RIFF" + (16).to_bytes(4, "little") + b"WEBPVP8 " + b"x" * 8
LAST_PARTS = {
    "JPEG": b"Content-Type: image/jpeg\r\n\r\n\xff\xd8 photo \xff\xd9\r\n",
    "PNG": b"Content-Type: image/png\r\n\r\n\x89PNG photo IEND\xaeB`\x82",
    "GIF": b"Content-Type: image/gif\r\n\r\nGIF89a photo ;\r\n",
    "WebP": b"Content-Type: image/webp\r\n\r\n" + _RIFF,
    "PDF": b"Content-Type: application/pdf\r\n\r\n%PDF-1.4 plan %%EOF\n",
    "length": b"Content-Type: image/tiff\r\nContent-Length: 5\r\n\r\nphoto",
    "location": b"Content-Type: image/jpeg\r\nLocation: http://photos.example.com/1\r\n",
    "status": b'Content-Type: text/xml\r\n\r\n<RETS ReplyCode="20403" ReplyText="None"/>\r\n',
}


@pytest.mark.parametrize("part", LAST_PARTS.values(), ids=LAST_PARTS.keys())
def test_a_part_without_a_boundary_after_it_is_whole_or_an_error(part: bytes) -> None:
    head = b"--abc" + ONE + b"--abc\r\n"
    assert len(_parts(head + part, "multipart/parallel; boundary=abc")) == 2
    cut = part.rstrip(b"\r\n")[:-1]
    with pytest.raises(SourceBrokeProtocol, match="cut in its last part"):
        _parts(head + cut, "multipart/parallel; boundary=abc")


def test_a_description_in_a_header_of_that_name_is_one() -> None:
    body = (
        b"--b\r\nContent-Type: image/jpeg\r\nContent-ID: 7\r\nObject-ID: 1\r\nDescription: The view\r\n\r\nx\r\n--b--"
    )
    (one,) = _objects(body, {"content-type": "multipart/parallel; boundary=b"})
    assert one.description == "The view"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-ID:7\r\nObject-ID:1\r\nContent-Description:a view\r\n",
        b"Content-ID: 7\r\nObject-ID: 1\r\nContent-Description: a\r\n view\r\n",
        b"Content-ID: 7\r\nContent-Description: a\r\nview\r\nObject-ID: 1\r\n",
        b"content-id : 7\nobject-id: 1\ncontent-description: a view\n",
    ],
)
@pytest.mark.parametrize("bodyless", [False, True])
def test_headers_of_every_form(head: bytes, bodyless: bool) -> None:  # noqa: FBT001 - a table
    image = b"" if bodyless else b"\r\nbytes"
    address = b"Location: http://x.test/1.jpg?a=1&amp;b=2\r\n" if bodyless else b""
    body = b"--b\r\nContent-Type: image/jpeg\r\n" + address + head + image + b"\r\n--b--"
    (one,) = _objects(body, {"content-type": "multipart/parallel; boundary=b"})
    assert (one.content_id, one.object_id, one.description, one.error) == ("7", "1", "a view", None)
    assert (one.location, one.content) == (("http://x.test/1.jpg?a=1&b=2", b"") if bodyless else (None, b"bytes"))


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (b'Content-Type: text/xml\r\n\r\n<RETS ReplyCode="20403" ReplyText="no"/>', 20403),
        (b'Content-Type: text/xml\r\n\r\n<RETS ReplyCode="20403" ReplyText="no"></RETS>}} stray', 20403),
        (b'Content-Type: image/jpeg\r\n\r\n<?xml version="1.0"?>\r\n<RETS ReplyCode="20409" ReplyText="no"/>', 20409),
        (b"Content-Type: text/plain\r\n\r\nObject not found", 20409),
        (b"Content-Type: text/html\r\n\r\n<html>no</html>", 20409),
        (b"Content-Type: image/jpeg\r\nRETS-Error: 1\r\n\r\nx", 20409),
        (b"Content-Type: image/jpeg\r\nLocation: \r\n\r\n", 20403),
        (b'Content-Type: text/xml\r\n\r\n<RETS ReplyCode="0" ReplyText="ok"/>', 20403),
        (b'Content-Type: text/xml\r\nLocation: http://x.test/1\r\n\r\n<RETS ReplyCode="0" ReplyText="ok"/>', None),
    ],
)
def test_an_error_replaces_an_object(part: bytes, code: int | None) -> None:
    head = b"--b\r\nContent-ID: 7\r\nObject-ID: 2\r\n"
    body = head + part + b"\r\n--b" + ONE + b"--b--"
    first, second = _objects(body, {"content-type": "multipart/parallel; boundary=b"})
    assert (first.error.code if first.error else None, first.content) == (code, b"")
    assert (second.error, second.content) == (None, JPEG)


def test_a_single_object_is_described_by_the_replys_own_headers() -> None:
    headers = {
        "content-type": "image/jpeg",
        "content-id": "7",
        "object-id": "0",
        "preferred": "1",
        "objectdata": "ListingKey=7, Room=Kitchen",
        "uid": "u1",
        "content-sub-description": "by day",
    }
    (one,) = _objects(JPEG, headers)
    assert (one.content, one.content_id, one.object_id, one.preferred, one.uid) == (JPEG, "7", "0", True, "u1")
    assert (one.data, one.sub_description) == ({"ListingKey": "7", "Room": "Kitchen"}, "by day")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "image/jpeg"),
        (b"  ", "multipart/parallel; boundary=b"),
        (b"<html>maintenance</html>", "text/html"),
        (b"no boundary at all", "multipart/parallel; boundary=b"),
    ],
)
def test_other_bodies_are_errors(body: bytes, content_type: str) -> None:
    with pytest.raises(SourceBrokeProtocol):
        _objects(body, {"content-type": content_type})


def test_a_recorded_reply_has_its_parts() -> None:
    body = recorded_rets("GetObject_multipart_Location1.byte")
    boundary = body[2 : body.index(b"\n")].decode().strip()
    objects = _objects(body, {"content-type": f"multipart/parallel; boundary={boundary}"}, 100)
    assert [one.object_id for one in objects] == [str(number) for number in range(1, 42)]
    assert all(one.location and one.error is None for one in objects)
    assert [one.preferred for one in objects].count(True) == 1


_PIECES = st.sampled_from(
    [b"--b", b"--b--", b"\r\n", b"\n", b"Content-ID: 7", b"<RETS ReplyCode='1'/>", b"Location:", b": "]
)


@given(st.lists(st.one_of(_PIECES, st.binary(max_size=20)), max_size=30), st.integers(1, 40), st.booleans())
def test_any_bytes_are_objects_or_a_protocol_error(pieces: list[bytes], size: int, multipart: bool) -> None:  # noqa: FBT001 - drawn
    kind = "multipart/parallel; boundary=b" if multipart else "image/jpeg"
    with contextlib.suppress(SourceBrokeProtocol):  # anything else fails the test
        _objects(b"".join(pieces), {"content-type": kind}, size)


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5), st.integers(1, 40))
def test_images_between_boundaries_are_read_back(images: list[bytes], size: int) -> None:
    images = [image for image in images if b"--b1a2c3" not in image]
    head = b"\r\nContent-Type: image/jpeg\r\n\r\n"
    body = b"".join(b"--b1a2c3" + head + image + b"\r\n" for image in images) + b"--b1a2c3--\r\n"
    assert [part.content for part in _parts(body, "multipart/parallel; boundary=b1a2c3", size)] == images


def test_an_endless_part_is_an_error_in_bounded_memory() -> None:
    parser = MultipartParser("multipart/parallel; boundary=b")
    parser.feed(b"--b\r\nContent-Type: image/jpeg\r\n\r\n")
    piece = b"\r\n--" + b"x" * (1024 * 1024 - 4)
    for _ in range(63):
        assert parser.feed(piece) == []
    with pytest.raises(SourceBrokeProtocol, match="larger than"):
        parser.feed(piece * 2)
