"""Objects as values: name, access, attributes."""

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

mimetypes.add_type("image/webp", ".webp")
mimetypes.add_type("image/avif", ".avif")

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
    """The headers an object is served with, and its metadata."""

    content_type: str
    cache_control: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


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

    A private object may be cached by its reader alone.
    """
    guessed = mimetypes.guess_type(name)[0] or _UNKNOWN_TYPE
    return Attributes(content_type or guessed, cache_control or _CACHE_CONTROL[access], dict(metadata or {}))


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
