"""What is stored, as values: an object's name, who may read it, and what is known of it."""

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
    """Who may read an object. It is the first part of the object's key, for a bucket's policy to tell them apart by."""

    PUBLIC = "public"
    PRIVATE = "private"


COPY_LIFETIME = timedelta(days=1)
"""How long a shared cache (a CDN) may keep a copy of a public object without asking whether it is still there."""

_FOR_EVER = "max-age=31536000, immutable"
_SHARED = f"s-maxage={int(COPY_LIFETIME.total_seconds())}"
_CACHE_CONTROL = {Access.PUBLIC: f"public, {_FOR_EVER}, {_SHARED}", Access.PRIVATE: f"private, {_FOR_EVER}"}
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is told to whoever reads an object, and what its writer noted on it."""

    content_type: str
    cache_control: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What is known of an object beside its bytes. `size` is in bytes, `stored_at` aware, in UTC."""

    size: int
    stored_at: datetime
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object with its bytes."""

    facts: ObjectInfo
    content: bytes


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object as a listing tells it: enough to see what is there, how large, and since when."""

    name: str
    size: int
    stored_at: datetime


def to_content_name(content: bytes, suffix: str) -> str:
    """Name bytes by their content, `ab/cd/abcd….suffix`: the same bytes have one name, other bytes another.

    160 bits of SHA-256; two levels of folders keep each small where there are millions.
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
    """What is given; for the rest, the type its suffix tells, and cached for ever, for a name never changes its bytes.

    A private object may be cached by its reader alone.
    """
    told = mimetypes.guess_type(name)[0] or _UNKNOWN_TYPE
    return Attributes(content_type or told, cache_control or _CACHE_CONTROL[access], dict(metadata or {}))


def to_key(access: Access, name: str) -> str:
    """The object's place in the store. A name that could lead elsewhere is a ValueError."""
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise ValueError("a name is made of lower-case letters, digits, '-' and '_', parted by single '.' and '/'")
    return f"{access}/{name}"


def parse_key(key: str) -> tuple[Access, str]:
    """The access and name a key was made of; ValueError for anything else."""
    access, _, name = key.partition("/")
    if to_key(Access(access), name) != key:
        raise ValueError("not a key")
    return Access(access), name
