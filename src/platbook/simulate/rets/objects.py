"""The GetObject transaction (RETS 1.7.2, section 5): which photos are asked for, and which there are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from platbook.simulate.rets.codes import Code, RefusedError
from platbook.simulate.rets.inventory import Row, Stand, to_photo_path
from platbook.simulate.rets.quirks import Quirk, Quirks
from platbook.simulate.rets.reply import TEXTS, XML, Reply, attributes

_ABSENT_EVERY = 5
_ABSENT_ORDER = 2
_ALL = "*"
PREFERRED = 0

Draw = Callable[[str, int], bytes | None]
"""The bytes of a listing's photo of that order."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One record's objects: their numbers, 0 for the preferred one; `every` for all there are."""

    key: str
    numbers: tuple[int, ...]
    every: bool


@dataclass(frozen=True, slots=True)
class ObjectRequest:
    """One GetObject request."""

    asked: Sequence[Asked]
    location: bool
    object_data: bool

    @property
    def single(self) -> bool:
        """Whether one object is asked for, which then comes alone (section 5.11)."""
        return len(self.asked) == 1 and not self.asked[0].every and len(self.asked[0].numbers) == 1


@dataclass
class Part:
    """One part of the reply: its headers in order, and its body."""

    headers: list[tuple[str, str]]
    body: bytes = b""
    description: str = ""


def parse_object_request(arguments: Mapping[str, str], quirks: Quirks) -> ObjectRequest:
    """Read the arguments (section 5.3); RefusedError says what is wrong with them."""
    if arguments.get("Resource") != "Property":
        raise RefusedError(Code.INVALID_RESOURCE, "Invalid Resource: photos belong to Property.")
    if arguments.get("Type") != "Photo":
        raise RefusedError(Code.INVALID_OBJECT_TYPE, "Invalid Type: there are Photo objects alone.")
    said = arguments.get("ID", "")
    asked = [_to_asked(word.strip()) for word in said.split(",") if word.strip()]
    if not asked:
        raise RefusedError(Code.INVALID_IDENTIFIER, "Invalid Identifier: no ID.")
    if Quirk.ONE_ID_PER_CALL in quirks and len({one.key for one in asked}) > 1:
        raise RefusedError(Code.INVALID_IDENTIFIER, "Invalid Identifier: one ID per request.")
    location = arguments.get("Location", "0") == "1"
    if location and Quirk.LOCATION_REFUSED in quirks:
        raise RefusedError(Code.LOCATION_UNSUPPORTED, "URL Location not supported.")
    return ObjectRequest(
        asked,
        location=location and Quirk.LOCATION_IGNORED not in quirks,
        object_data=bool(arguments.get("ObjectData")),
    )


def is_absent(key: str, order: int, quirks: Quirks) -> bool:
    """Whether a photo is gone under the quirk of absent photos."""
    marked = key.isdigit() and int(key) % _ABSENT_EVERY == 0
    return Quirk.ABSENT_PHOTOS in quirks and marked and order == _ABSENT_ORDER


def to_image(image: bytes, quirks: Quirks) -> bytes:
    """An image's bytes as the server has them under the quirks."""
    return image + b"\r\n" if Quirk.CRLF_IN_IMAGES in quirks else image


class Shelf:
    """Makes the parts of replies, one after the other."""

    def __init__(self, stand: Stand, draw: Draw, base: str, version: tuple[int, ...], quirks: Quirks) -> None:
        self._stand, self._draw, self._base, self._version, self._quirks = stand, draw, base, version, quirks

    def parts(self, request: ObjectRequest) -> Iterator[Part]:
        """Every part that was asked for, found or not."""
        for asked in request.asked:
            listing = self._stand.listings.get(asked.key)
            if listing is None or not listing.photos:
                yield self._failed(asked.key, _ALL if asked.every else str(asked.numbers[0]))
                continue
            numbers = range(1, len(listing.photos) + 1) if asked.every else asked.numbers
            for number in numbers:
                yield self._part(request, listing, number)

    def exists(self, request: ObjectRequest) -> bool:
        """Whether any of it is there: what fails as a whole is answered by one RETS reply (section 5.12)."""
        return any(
            not is_absent(asked.key, number or 1, self._quirks) and number <= len(listing.photos)
            for asked in request.asked
            if (listing := self._stand.listings.get(asked.key)) is not None and listing.photos
            for number in (range(1, len(listing.photos) + 1) if asked.every else asked.numbers)
        )

    def _part(self, request: ObjectRequest, listing: Row, number: int) -> Part:
        order = number or 1
        if order > len(listing.photos) or is_absent(listing.key, order, self._quirks):
            return self._failed(listing.key, str(number))
        photo = listing.photos[order - 1]
        headers = [("Content-ID", listing.key), ("Object-ID", str(order))]
        if self._version >= (1, 8):
            headers += [("Preferred", "1")] if order == 1 else []
            headers.append(("UID", photo.key))
            if request.object_data:
                headers += [("ObjectData", f"Order={order}"), ("ObjectData", f"Take={photo.version}")]
        if request.location:
            address = self._base + to_photo_path(listing.key, photo)
            if Quirk.ESCAPED_LOCATION in self._quirks:
                address = address.replace("&", "&amp;")
            headers.append(("Location", address))
            if Quirk.STATUS_IN_PARTS in self._quirks:
                body = f"<RETS {attributes(Code.OK, TEXTS[Code.OK], self._quirks)}/>\r\n".encode()
                return Part([("Content-Type", XML), *headers], body, description=photo.caption)
            return Part([("Content-Type", "image/jpeg"), *headers], description=photo.caption)
        image = self._draw(listing.key, order)
        if image is None:
            return self._failed(listing.key, str(number))
        return Part(
            [("Content-Type", "image/jpeg"), *headers], to_image(image, self._quirks), description=photo.caption
        )

    def _failed(self, key: str, number: str) -> Part:
        headers = [("Content-ID", key), ("Object-ID", number)]
        if Quirk.PLAIN_TEXT_ERRORS in self._quirks:
            return Part([("Content-Type", "text/plain"), *headers], f"Object {key}:{number} not found.".encode())
        text = attributes(Code.NO_OBJECT, "No Object Found.", self._quirks)
        junk = " }" if Quirk.JUNK_AFTER_ERROR in self._quirks else ""
        headers += [("RETS-Error", "1")] if self._version >= (1, 8) else []
        return Part([("Content-Type", XML), *headers], f"<RETS {text}/>{junk}\r\n".encode())


def to_object_reply(request: ObjectRequest, shelf: Shelf, quirks: Quirks) -> Reply:
    """The whole reply: one photo alone, or a multipart of them."""
    if not shelf.exists(request):
        return _to_whole_failure(quirks)
    multipart = not request.single or Quirk.ALWAYS_MULTIPART in quirks
    if multipart:
        boundary, content_type = _boundary(quirks)
        body = write_parts(shelf.parts(request), boundary, quirks, bodyless=request.location)
        return Reply(body, content_type=content_type, headers={"MIME-Version": "1.0"})
    part = next(iter(shelf.parts(request)))
    headers = dict(part.headers) | {"MIME-Version": "1.0"}
    if part.description:
        headers["Content-Description"] = part.description
    content_type = headers.pop("Content-Type")
    if Quirk.NO_OBJECT_ID in quirks:
        headers.pop("Object-ID")
    return Reply([part.body], content_type=content_type, headers=headers)


def _to_whole_failure(quirks: Quirks) -> Reply:
    if Quirk.PLAIN_TEXT_ERRORS in quirks:
        return Reply([b"Object not found."], content_type="text/plain")
    return Reply([f"<RETS {attributes(Code.NO_OBJECT, 'No Object Found.', quirks)}/>\r\n".encode()])


def _boundary(quirks: Quirks) -> tuple[str, str]:
    """The boundary, and the Content-Type that names it."""
    boundary = "platbook photos" if Quirk.SPACED_BOUNDARY in quirks else "platbook.photos"
    boundary = f"--{boundary}" if Quirk.DASHED_BOUNDARY in quirks else boundary
    named = f'"{boundary}"' if Quirk.QUOTED_BOUNDARY in quirks else boundary
    charset = "; charset=utf-8" if Quirk.BOUNDARY_CHARSET in quirks else ""
    return boundary, f"multipart/parallel; boundary={named}{charset}"


def write_parts(parts: Iterator[Part], boundary: str, quirks: Quirks, *, bodyless: bool) -> Iterator[bytes]:
    """Parts between boundaries (RFC 2046, section 5.1), each as soon as it is made."""
    first = Quirk.NO_FIRST_CRLF in quirks
    for part in parts:
        yield (b"" if first else b"\r\n") + f"--{boundary}\r\n".encode()
        first = False
        headers = _write_headers(part, quirks)
        if bodyless and not part.body and Quirk.BODYLESS_PARTS in quirks:
            yield headers
            first = True  # the CRLF that ends the last header is all there is before the next boundary
        else:
            yield headers + b"\r\n" + part.body
    if Quirk.NO_END_BOUNDARY not in quirks:
        yield (b"" if first else b"\r\n") + f"--{boundary}--\r\n".encode()


def _write_headers(part: Part, quirks: Quirks) -> bytes:
    colon = ":" if Quirk.TIGHT_HEADERS in quirks else ": "
    lines = [f"{name}{colon}{value}\r\n" for name, value in part.headers]
    if part.description:
        description = f"{part.description}, as it was seen"
        if Quirk.FOLDED_DESCRIPTION in quirks:
            description = description.replace(", ", ",\r\n ", 1)
        elif Quirk.BROKEN_DESCRIPTION in quirks:
            description = description.replace(", ", ",\r\n", 1)
        else:
            description = part.description
        lines.append(f"Content-Description{colon}{description}\r\n")
    return "".join(lines).encode()


def _to_asked(word: str) -> Asked:
    key, _, objects = word.partition(":")
    if objects == _ALL:
        return Asked(key, (), every=True)
    numbers = objects.split(":") if objects else [str(PREFERRED)]
    if not key or not all(number.isascii() and number.isdigit() for number in numbers):
        raise RefusedError(Code.INVALID_IDENTIFIER, f"Invalid Identifier: {word[:60]}.")
    return Asked(key, tuple(int(number) for number in numbers), every=False)
