"""The GetObject transaction (RETS 1.7.2, section 5): requests for photos, and their replies."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from platbook.simulate.rets.codes import RefusedError, ReplyCode
from platbook.simulate.rets.inventory import InventoryRow, Snapshot, to_photo_path
from platbook.simulate.rets.quirks import Quirk, Quirks
from platbook.simulate.rets.reply import REPLY_TEXTS, XML, RetsReply, format_reply_code

_MISSING_EVERY = 5
_MISSING_ORDER = 2
_ALL = "*"
PREFERRED = 0

PhotoRenderer = Callable[[str, int], bytes | None]
"""Renders the photo of a listing by key and order; None: there is none."""


@dataclass(frozen=True, slots=True)
class ObjectSelector:
    """The requested objects of one record: their numbers, 0 for the preferred one, or `all_objects`."""

    key: str
    numbers: tuple[int, ...]
    all_objects: bool


@dataclass(frozen=True, slots=True)
class ObjectRequest:
    """One GetObject request."""

    selectors: Sequence[ObjectSelector]
    location: bool
    object_data: bool

    @property
    def single(self) -> bool:
        """Whether a single object is requested, which is not sent as multipart (section 5.11)."""
        return len(self.selectors) == 1 and not self.selectors[0].all_objects and len(self.selectors[0].numbers) == 1


@dataclass
class ObjectPart:
    """One part of the reply: its headers in order, and its body."""

    headers: list[tuple[str, str]]
    body: bytes = b""
    description: str = ""


def parse_object_request(arguments: Mapping[str, str], quirks: Quirks) -> ObjectRequest:
    """Parse the arguments (section 5.3). RefusedError: they are invalid."""
    if arguments.get("Resource") != "Property":
        raise RefusedError(ReplyCode.INVALID_RESOURCE, "Invalid Resource: photos belong to Property.")
    if arguments.get("Type") != "Photo":
        raise RefusedError(ReplyCode.INVALID_OBJECT_TYPE, "Invalid Type: only Photo objects exist.")
    ids = arguments.get("ID", "")
    selectors = [_parse_selector(item.strip()) for item in ids.split(",") if item.strip()]
    if not selectors:
        raise RefusedError(ReplyCode.INVALID_IDENTIFIER, "Invalid Identifier: no ID.")
    if Quirk.ONE_ID_PER_CALL in quirks and len({one.key for one in selectors}) > 1:
        raise RefusedError(ReplyCode.INVALID_IDENTIFIER, "Invalid Identifier: one ID per request.")
    location = arguments.get("Location", "0") == "1"
    if location and Quirk.LOCATION_REFUSED in quirks:
        raise RefusedError(ReplyCode.LOCATION_UNSUPPORTED, "URL Location not supported.")
    return ObjectRequest(
        selectors,
        location=location and Quirk.LOCATION_IGNORED not in quirks,
        object_data=bool(arguments.get("ObjectData")),
    )


def is_missing(key: str, order: int, quirks: Quirks) -> bool:
    """Whether a photo is missing under the absent-photos quirk."""
    is_affected = key.isdigit() and int(key) % _MISSING_EVERY == 0
    return Quirk.ABSENT_PHOTOS in quirks and is_affected and order == _MISSING_ORDER


def get_image_bytes(image: bytes, quirks: Quirks) -> bytes:
    """An image's bytes under the quirks."""
    return image + b"\r\n" if Quirk.CRLF_IN_IMAGES in quirks else image


class ObjectPartBuilder:
    """Builds the parts of a reply one after the other."""

    def __init__(
        self, snapshot: Snapshot, render: PhotoRenderer, base: str, version: tuple[int, ...], quirks: Quirks
    ) -> None:
        self._snapshot, self._render, self._base, self._version, self._quirks = snapshot, render, base, version, quirks

    def parts(self, request: ObjectRequest) -> Iterator[ObjectPart]:
        """Every requested part; an error part if the object does not exist."""
        for selector in request.selectors:
            listing = self._snapshot.listings.get(selector.key)
            if listing is None or not listing.photos:
                yield self._error_part(selector.key, _ALL if selector.all_objects else str(selector.numbers[0]))
                continue
            numbers = range(1, len(listing.photos) + 1) if selector.all_objects else selector.numbers
            for number in numbers:
                yield self._part(request, listing, number)

    def exists(self, request: ObjectRequest) -> bool:
        """Whether any requested object exists; if none does, the reply is a single error (section 5.12)."""
        return any(
            not is_missing(selector.key, number or 1, self._quirks) and number <= len(listing.photos)
            for selector in request.selectors
            if (listing := self._snapshot.listings.get(selector.key)) is not None and listing.photos
            for number in (range(1, len(listing.photos) + 1) if selector.all_objects else selector.numbers)
        )

    def _part(self, request: ObjectRequest, listing: InventoryRow, number: int) -> ObjectPart:
        order = number or 1
        if order > len(listing.photos) or is_missing(listing.key, order, self._quirks):
            return self._error_part(listing.key, str(number))
        photo = listing.photos[order - 1]
        headers = [("Content-ID", listing.key), ("Object-ID", str(order))]
        if self._version >= (1, 8):
            headers += [("Preferred", "1")] if order == 1 else []
            headers.append(("UID", photo.key))
            if request.object_data:
                headers += [("ObjectData", f"Order={order}"), ("ObjectData", f"Take={photo.version}")]
        if request.location:
            url = self._base + to_photo_path(listing.key, photo)
            if Quirk.ESCAPED_LOCATION in self._quirks:
                url = url.replace("&", "&amp;")
            headers.append(("Location", url))
            if Quirk.STATUS_IN_PARTS in self._quirks:
                body = (
                    f"<RETS {format_reply_code(ReplyCode.OK, REPLY_TEXTS[ReplyCode.OK], self._quirks)}/>\r\n".encode()
                )
                return ObjectPart([("Content-Type", XML), *headers], body, description=photo.caption)
            return ObjectPart([("Content-Type", "image/jpeg"), *headers], description=photo.caption)
        image = self._render(listing.key, order)
        if image is None:
            return self._error_part(listing.key, str(number))
        return ObjectPart(
            [("Content-Type", "image/jpeg"), *headers], get_image_bytes(image, self._quirks), description=photo.caption
        )

    def _error_part(self, key: str, number: str) -> ObjectPart:
        headers = [("Content-ID", key), ("Object-ID", number)]
        if Quirk.PLAIN_TEXT_ERRORS in self._quirks:
            return ObjectPart([("Content-Type", "text/plain"), *headers], f"Object {key}:{number} not found.".encode())
        text = format_reply_code(ReplyCode.NO_OBJECT, "No Object Found.", self._quirks)
        junk = " }" if Quirk.JUNK_AFTER_ERROR in self._quirks else ""
        headers += [("RETS-Error", "1")] if self._version >= (1, 8) else []
        return ObjectPart([("Content-Type", XML), *headers], f"<RETS {text}/>{junk}\r\n".encode())


def to_object_reply(request: ObjectRequest, builder: ObjectPartBuilder, quirks: Quirks) -> RetsReply:
    """The complete reply: a single photo, or a multipart of photos."""
    if not builder.exists(request):
        return _to_error_reply(quirks)
    multipart = not request.single or Quirk.ALWAYS_MULTIPART in quirks
    if multipart:
        boundary, content_type = _boundary(quirks)
        body = write_parts(builder.parts(request), boundary, quirks, bodyless=request.location)
        return RetsReply(body, content_type=content_type, headers={"MIME-Version": "1.0"})
    part = next(iter(builder.parts(request)))
    headers = dict(part.headers) | {"MIME-Version": "1.0"}
    if part.description:
        headers["Content-Description"] = part.description
    content_type = headers.pop("Content-Type")
    if Quirk.NO_OBJECT_ID in quirks:
        headers.pop("Object-ID")
    return RetsReply([part.body], content_type=content_type, headers=headers)


def _to_error_reply(quirks: Quirks) -> RetsReply:
    if Quirk.PLAIN_TEXT_ERRORS in quirks:
        return RetsReply([b"Object not found."], content_type="text/plain")
    return RetsReply([f"<RETS {format_reply_code(ReplyCode.NO_OBJECT, 'No Object Found.', quirks)}/>\r\n".encode()])


def _boundary(quirks: Quirks) -> tuple[str, str]:
    """The boundary, and the Content-Type that declares it."""
    boundary = "platbook photos" if Quirk.SPACED_BOUNDARY in quirks else "platbook.photos"
    boundary = f"--{boundary}" if Quirk.DASHED_BOUNDARY in quirks else boundary
    quoted_boundary = f'"{boundary}"' if Quirk.QUOTED_BOUNDARY in quirks else boundary
    charset = "; charset=utf-8" if Quirk.BOUNDARY_CHARSET in quirks else ""
    return boundary, f"multipart/parallel; boundary={quoted_boundary}{charset}"


def write_parts(parts: Iterator[ObjectPart], boundary: str, quirks: Quirks, *, bodyless: bool) -> Iterator[bytes]:
    """Parts between boundaries (RFC 2046, section 5.1), each as soon as it is built."""
    first = Quirk.NO_FIRST_CRLF in quirks
    for part in parts:
        yield (b"" if first else b"\r\n") + f"--{boundary}\r\n".encode()
        first = False
        headers = _write_headers(part, quirks)
        if bodyless and not part.body and Quirk.BODYLESS_PARTS in quirks:
            yield headers
            first = True  # only the CRLF of the last header comes before the next boundary
        else:
            yield headers + b"\r\n" + part.body
    if Quirk.NO_END_BOUNDARY not in quirks:
        yield (b"" if first else b"\r\n") + f"--{boundary}--\r\n".encode()


def _write_headers(part: ObjectPart, quirks: Quirks) -> bytes:
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


def _parse_selector(item: str) -> ObjectSelector:
    key, _, objects = item.partition(":")
    if objects == _ALL:
        return ObjectSelector(key, (), all_objects=True)
    numbers = objects.split(":") if objects else [str(PREFERRED)]
    if not key or not all(number.isascii() and number.isdigit() for number in numbers):
        raise RefusedError(ReplyCode.INVALID_IDENTIFIER, f"Invalid Identifier: {item[:60]}.")
    return ObjectSelector(key, tuple(int(number) for number in numbers), all_objects=False)
