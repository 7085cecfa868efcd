"""Object storage: one small interface over a local folder or any S3."""

from platbook.storage.cdn import Cdn, open_cdn
from platbook.storage.factory import FOLDER_NAME, open_memory_storage, open_storage
from platbook.storage.objects import (
    COPY_LIFETIME,
    FILE_TYPES,
    Access,
    ListedObject,
    ObjectInfo,
    OpenObject,
    StoredObject,
    to_content_name,
)
from platbook.storage.storage import Storage
from platbook.storage.stores import StoreRegistry, StoreRow, find_stores, leave_other_stores

__all__ = [
    "COPY_LIFETIME",
    "FILE_TYPES",
    "FOLDER_NAME",
    "Access",
    "Cdn",
    "ListedObject",
    "ObjectInfo",
    "OpenObject",
    "Storage",
    "StoreRegistry",
    "StoreRow",
    "StoredObject",
    "find_stores",
    "leave_other_stores",
    "open_cdn",
    "open_memory_storage",
    "open_storage",
    "to_content_name",
]
