"""Objects as values: name, access, attributes."""

import hashlib
import mimetypes
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

FILE_TYPES: Mapping[str, str] = {
    "avi": "video/x-msvideo",
    "avif": "image/avif",
    "bin": "application/octet-stream",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "gif": "image/gif",
    "heic": "image/heic",
    "jpeg": "image/jpeg",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpeg": "video/mpeg",
    "pdf": "application/pdf",
    "png": "image/png",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "rtf": "application/rtf",
    "tiff": "image/tiff",
    "txt": "text/plain",
    "webm": "video/webm",
    "webp": "image/webp",
    "wmv": "video/x-ms-wmv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
"""Content types by the suffix of an object's name, whatever the machine's own table says."""

for _suffix, _type in FILE_TYPES.items():
    mimetypes.add_type(_type, f".{_suffix}")

_SHOWN_INLINE = re.compile(r"(?:image|video)/(?!svg)")
"""What a browser may show by itself: it decodes pictures and videos, and runs nothing that is in them."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(?:[./][a-z0-9][a-z0-9_-]*)*")
_LONGEST_NAME = 200
_HASH_CHARACTERS = 40


class Access(StrEnum):
    """Who may read an object. It is the first part of the object's key, so that a bucket's policy can tell by it."""

    PUBLIC = "public"
    PRIVATE = "private"


COPY_LIFETIME = timedelta(days=1)
"""How long a shared cache (a CDN) may keep a copy of a public object without revalidating it."""

_IMMUTABLE = "max-age=31536000, immutable"
_SHARED_MAX_AGE = f"s-maxage={int(COPY_LIFETIME.total_seconds())}"
_CACHE_CONTROL = {Access.PUBLIC: f"public, {_IMMUTABLE}, {_SHARED_MAX_AGE}", Access.PRIVATE: f"private, {_IMMUTABLE}"}
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Attributes:
    """The headers an object is served with, and its metadata. No `content_disposition`: a browser may show it."""

    content_type: str
    cache_control: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    content_disposition: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object without its bytes. `size` is in bytes, `stored_at` aware, in UTC."""

    size: int
    stored_at: datetime
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object with its bytes."""

    info: ObjectInfo
    content: bytes


@dataclass(frozen=True, slots=True)
class OpenObject:
    """An object, or a range of it, whose bytes come as they are read."""

    info: ObjectInfo
    chunks: AsyncGenerator[bytes]

    async def read(self) -> bytes:
        """All of the bytes."""
        return b"".join([chunk async for chunk in self.chunks])


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object as a listing of the store holds it. `size` is in bytes."""

    name: str
    size: int
    stored_at: datetime


def to_content_name(content: bytes, suffix: str) -> str:
    """Content-addressed name, `ab/cd/abcd….suffix`: the same bytes have one name, other bytes another.

    160 bits of SHA-256; two levels of folders keep each small with millions of objects.
    """
    digest = hashlib.sha256(content).hexdigest()[:_HASH_CHARACTERS]
    return f"{digest[:2]}/{digest[2:4]}/{digest}.{suffix}"


def to_attributes(
    access: Access,
    name: str,
    *,
    content_type: str | None = None,
    cache_control: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Attributes:
    """The attributes passed, or defaults: the type by suffix, and immutable, since a name never changes its bytes.

    A private object may be cached by its reader alone. What is neither a picture nor a video is saved, not shown.
    """
    type_ = content_type or mimetypes.guess_type(name)[0] or _UNKNOWN_TYPE
    disposition = None if _SHOWN_INLINE.match(type_) else f'attachment; filename="{name.rpartition("/")[2]}"'
    return Attributes(type_, cache_control or _CACHE_CONTROL[access], dict(metadata or {}), disposition)


def to_key(access: Access, name: str) -> str:
    """The object's key in the store. A name that could lead to another path is a ValueError."""
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise ValueError("a name holds lower-case letters, digits, '-' and '_', separated by single '.' and '/'")
    return f"{access}/{name}"


def parse_key(key: str) -> tuple[Access, str]:
    """The access and name of a key; ValueError for anything else."""
    access, _, name = key.partition("/")
    if to_key(Access(access), name) != key:
        raise ValueError("not a key")
    return Access(access), name
