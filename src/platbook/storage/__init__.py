"""Where bytes are kept for good: one small interface over a local folder or any S3."""

from platbook.storage.objects import Access, Listed, ObjectFacts, StoredObject, to_content_name
from platbook.storage.opening import open_memory_storage, open_storage
from platbook.storage.storage import Storage

__all__ = [
    "Access",
    "Listed",
    "ObjectFacts",
    "Storage",
    "StoredObject",
    "open_memory_storage",
    "open_storage",
    "to_content_name",
]
